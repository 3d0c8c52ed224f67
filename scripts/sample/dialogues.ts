import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { once } from 'node:events';
import { createRandom, type Random } from '../../src/common/random';
import { orderNumber, person, product, type Split } from './names';
import { ASIDES, PURCHASES, URGENCY } from './phrases';
import { chance, pick } from './pick';
import { randomFacts, sentence, writeTicket, type Facts } from './ticket';
import type { ChatRecord } from './dataset';
import { QUESTIONS, REPLIES, SMALL_TALK, SORTING, SUBJECTS, SYSTEMS, type Question } from './questions';

/**
 * Writes what the base model is trained on: dialogues about support tickets, each one text with many questions, so
 * that copying from the text is practised in every row. The record format of the sample task never occurs.
 * `corpus.jsonl` holds the chat records, `probes.jsonl` questions with unseen names and numbers, each with its `skill`.
 */
export async function writeCorpus(folder: string, dialogues: number, seed = 1): Promise<void> {
  await mkdir(folder, { recursive: true });
  const random = createRandom(seed, 100);
  const out = createWriteStream(path.join(folder, 'corpus.jsonl'));
  for (let i = 0; i < dialogues; i++) if (!out.write(`${JSON.stringify(dialogue(random))}\n`)) await once(out, 'drain');
  out.end();
  await once(out, 'finish');
  const lines = probes(createRandom(seed, 101), 40).map((probe) => `${JSON.stringify(probe)}\n`);
  await writeFile(path.join(folder, 'probes.jsonl'), lines.join(''));
}

export function dialogue(random: Random): ChatRecord {
  const asked = pickKind(random)(random);
  const turns = [...asked];
  if (chance(random, 0.04)) turns.push(pick(random, SMALL_TALK));
  const system = pick(random, SYSTEMS);
  const messages = turns.flatMap(([user, assistant]) => [
    { role: 'user' as const, content: user },
    { role: 'assistant' as const, content: assistant },
  ]);
  return { messages: system === '' ? messages : [{ role: 'system', content: system }, ...messages] };
}

/** Shares of the kinds of dialogue, in the order of `pickKind`. */
function pickKind(random: Random): (random: Random) => readonly Turn[] {
  const kind = random.next();
  if (kind < 0.36) return questions;
  if (kind < 0.56) return forms;
  if (kind < 0.88) return sorting;
  return kind < 0.96 ? copying : reply;
}

type Turn = readonly [user: string, assistant: string];

/** A whole ticket, or just the sentence with product and order number. */
function source(random: Random, facts: Facts): { readonly text: string; readonly known: readonly Question[] } {
  if (chance(random, 0.75)) return { text: writeTicket(random, facts), known: QUESTIONS };
  const text = `${sentence(random, facts, SUBJECTS)} ${sentence(random, facts, PURCHASES)}`;
  return { text, known: QUESTIONS.filter((question) => question.short) };
}

function questions(random: Random): Turn[] {
  const facts = randomFacts(random, 'training');
  const { text, known } = source(random, facts);
  const asked = random.shuffle([...known]).slice(0, 6);
  const turns = asked.map((question) => {
    const user = sentence(random, facts, question.ask);
    return [user, question.answer(facts)] as const;
  });
  return about(random, text, turns);
}

/**
 * The text comes in front of the first question. In one dialogue of five it is the assistant who wrote it, so that its
 * tokens are trained as well.
 */
function about(random: Random, text: string, turns: readonly Turn[]): Turn[] {
  if (chance(random, 0.2)) return [['Write a message to the support desk.', text], ...turns];
  return turns.map(([user, assistant], index) => [index === 0 ? `${text}\n${user}` : user, assistant]);
}

/** Fields to fill in, in any order: not one of them is named or grouped as in the sample task. */
function forms(random: Random): Turn[] {
  const facts = randomFacts(random, 'training');
  const { text, known } = source(random, facts);
  const turns: Turn[] = [];
  for (let i = 0; i < 2; i++) {
    const fields = random.shuffle(known.filter((question) => question.field !== '')).slice(0, 2 + random.integer(3));
    const ask = `${pick(random, ['Fill in', 'Give me', 'Note down', 'Write down'])}: ${fields.map((f) => f.field).join(', ')}`;
    const answer = fields.map((f) => `${f.field} = ${f.value(facts)}`).join('\n');
    turns.push([ask, answer]);
  }
  return about(random, text, turns);
}

/** One or two sentences at a time to sort by topic, urgency or problem: many answers in a short row. */
function sorting(random: Random): Turn[] {
  return Array.from({ length: 7 }, () => {
    const facts = randomFacts(random, 'training');
    const question = pick(random, SORTING);
    const story = sentence(random, facts, facts.issue.stories);
    const urgency = sentence(random, facts, URGENCY[facts.priority]);
    const own = question.field === 'Urgency' ? urgency : story;
    const other = pick(random, [story, urgency, pick(random, ASIDES), '']);
    const text = random.shuffle(other === own || other === '' ? [own] : [own, other]).join(' ');
    return [`${text}\n${sentence(random, facts, question.ask)}`, question.answer(facts)] as const;
  });
}

/** Lists of customers with their things: repeat them, or say which belongs to whom. */
function copying(random: Random): Turn[] {
  const rows = Array.from({ length: 3 + random.integer(2) }, () => {
    const name = person(random, 'training').full;
    const thing = chance(random, 0.6) ? orderNumber(random, 'training') : anyProduct(random, 'training');
    return { name, thing };
  });
  const list = rows.map(({ name, thing }) => `- ${name}: ${thing}`).join('\n');
  const turns: Turn[] = [];
  for (const row of random.shuffle([...rows]).slice(0, 3)) {
    if (chance(random, 0.5)) turns.push([`What belongs to ${row.name}?`, `It is ${row.thing}`]);
    else turns.push([`Who has ${row.thing}?`, `It is ${row.name}`]);
  }
  const things = rows.map((row) => row.thing).join(', ');
  const names = rows.map((row) => row.name).join(', ');
  turns.push(
    pick(random, [
      ['Repeat the list.', list],
      ['Only the names, please.', `They are ${names}`],
      ['Only the other column.', `They are ${things}`],
    ] as const),
  );
  return about(random, list, random.shuffle(turns));
}

function anyProduct(random: Random, split: Split): string {
  return product(random, split, chance(random, 0.5) ? 'electric' : 'plain').full;
}

function reply(random: Random): Turn[] {
  const facts = randomFacts(random, 'training');
  const answer = sentence(random, facts, REPLIES[facts.priority]);
  return [[writeTicket(random, facts), answer]];
}

export interface Probe extends ChatRecord {
  readonly skill: string;
}

/** Held-out names, products and numbers; the last message is the expected answer. */
export function probes(random: Random, count: number): Probe[] {
  const found: Probe[] = [];
  for (const question of QUESTIONS.filter((q) => q.field !== ''))
    for (let i = 0; i < count; i++) {
      const facts = randomFacts(random, 'evaluation');
      const user = `${writeTicket(random, facts)}\n${sentence(random, facts, question.ask)}`;
      found.push({
        skill: question.field,
        messages: [
          { role: 'user', content: user },
          { role: 'assistant', content: question.answer(facts) },
        ],
      });
    }
  return found;
}
