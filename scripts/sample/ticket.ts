import type { Random } from '../../src/common/random';
import { ISSUES, type Issue } from './issues';
import { orderNumber, person, product, type Person, type Split } from './names';
import { ASIDES, CLOSINGS, GREETINGS, INTRODUCTIONS, PRIORITIES, PURCHASES, URGENCY, type Priority } from './phrases';
import { chance, fill, pick } from './pick';

/** What a ticket says, before it is put into words. */
export interface Facts {
  readonly customer: Person;
  readonly product: string;
  readonly noun: string;
  readonly number: string;
  readonly issue: Issue;
  readonly priority: Priority;
}

export function randomFacts(random: Random, split: Split): Facts {
  const issue = pick(random, ISSUES);
  const bought = product(random, split, issue.only ?? (chance(random, 0.6) ? 'electric' : 'plain'));
  return {
    customer: person(random, split),
    product: bought.full,
    noun: bought.noun,
    number: orderNumber(random, split),
    issue,
    priority: pick(random, PRIORITIES),
  };
}

/** A support ticket of 25 to 70 words: the name comes first or last, the urgency anywhere after the greeting. */
export function writeTicket(random: Random, facts: Facts): string {
  const say = (texts: readonly string[]): string => sentence(random, facts, texts);
  const purchase = say(PURCHASES);
  const story = say(facts.issue.stories);
  const urgency = say(URGENCY[facts.priority]);
  const body = chance(random, 0.75) ? [purchase, story] : [story, purchase];
  for (const aside of someAsides(random)) body.splice(1 + random.integer(body.length), 0, aside);
  body.splice(chance(random, 0.3) ? 0 : body.length, 0, urgency);
  const nameFirst = chance(random, 0.5);
  if (nameFirst)
    return [say(GREETINGS), say(INTRODUCTIONS), ...body, ...(chance(random, 0.4) ? ['Thank you.'] : [])].join(' ');
  const opening = chance(random, 0.85) ? [say(GREETINGS)] : [];
  return [...opening, ...body, say(CLOSINGS)].join(' ');
}

function someAsides(random: Random): readonly string[] {
  const asides = random.shuffle([...ASIDES]);
  return asides.slice(0, pick(random, [0, 1, 1, 2]));
}

export function sentence(random: Random, facts: Facts, texts: readonly string[]): string {
  return fill(pick(random, texts), {
    full: facts.customer.full,
    first: facts.customer.first,
    product: facts.product,
    p: facts.noun,
    number: facts.number,
  });
}

/** The record the tuned model answers with. */
export function writeRecord(facts: Facts): string {
  const { customer, number, issue, priority } = facts;
  return [
    `category: ${issue.category}`,
    `priority: ${priority}`,
    `product: ${facts.product}`,
    `summary: ${customer.full} (order ${number}) says that ${issue.problem}.`,
  ].join('\n');
}
