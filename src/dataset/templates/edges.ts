import type { Span } from '../template';
import type { TemplateMessage } from './messages';

/** How a template opens and closes an assistant turn. */
export interface Edges {
  /** The token that ends a turn: the last one where several stand together. */
  readonly endOfTurn: string | undefined;
  /** What may stand at the end of a turn, longest first. */
  readonly endings: readonly string[];
  /** Those of them that are known to end a turn. */
  readonly closings: readonly string[];
  /** What stands before a generated answer; empty when the template adds nothing. */
  readonly opening: string;
}

interface Tokens {
  readonly bosToken?: string | undefined;
  readonly eosToken?: string | undefined;
  readonly specialTokens?: readonly string[] | undefined;
}

type RenderProbe = (messages: readonly TemplateMessage[], prompt: boolean) => string;

/** Renders small dialogues and looks at what stands around the answer. */
export function findEdges(tokens: Tokens, render: RenderProbe): Edges {
  const special = [tokens.eosToken, ...(tokens.specialTokens ?? [])]
    .filter((token): token is string => token !== undefined && token !== '' && token !== tokens.bosToken)
    .sort((a, b) => b.length - a.length);
  const probe = (messages: readonly TemplateMessage[], prompt = false): string => {
    try {
      return render(messages, prompt);
    } catch {
      return '';
    }
  };
  const asked = probe([QUESTION]);
  const answered = probe([QUESTION, ANSWER]);
  const opening = openingOf(asked, probe([QUESTION], true), answered);
  // A template may always add what opens an answer: that ends no turn.
  const starts = tokensIn(asked.slice(0, asked.indexOf(QUESTION.content)), special);
  const all = leadingTokens(behindAnswer(answered), special);
  const opened = all.findIndex((token, i) => i > 0 && token !== tokens.eosToken && starts.has(token));
  const run = opened < 0 ? all : all.slice(0, opened);
  const next = behindAnswer(probe([QUESTION, ANSWER, QUESTION])).slice(run.join('').length);
  // What opens the next turn ends nothing.
  const openers = [leadingTokens(next, special)[0], leadingTokens(opening, special)[0]];
  const endings = [run.join(''), ...run, ...special.filter((token) => !openers.includes(token))];
  return {
    endOfTurn: run.at(-1) ?? (answered === '' ? tokens.eosToken : undefined),
    closings: tokens.eosToken ? [...run, tokens.eosToken] : run,
    endings: endings.filter((one) => one !== '').sort((a, b) => b.length - a.length),
    opening,
  };
}

const QUESTION: TemplateMessage = { role: 'user', content: 'Question' };
const ANSWER: TemplateMessage = { role: 'assistant', content: 'Qvx7answer7xvQ' };

function behindAnswer(text: string): string {
  const at = text.lastIndexOf(ANSWER.content);
  return at < 0 ? '' : text.slice(at + ANSWER.content.length).trimStart();
}

/** Control tokens anywhere in a text. */
function tokensIn(text: string, special: readonly string[]): ReadonlySet<string> {
  return new Set(special.filter((token) => text.includes(token)));
}

/** Control tokens at the beginning of a text, without anything between them. */
function leadingTokens(text: string, special: readonly string[]): string[] {
  const run: string[] = [];
  let rest = text.trimStart();
  for (;;) {
    // Templates may write tokens that the tokenizer does not list as control tokens.
    const token = special.find((one) => rest.startsWith(one)) ?? /^(<\|[^<>\s|]+\|>|<\/s>)/.exec(rest)?.[0];
    if (token === undefined) return run;
    run.push(token);
    rest = rest.slice(token.length);
  }
}

/** What the template adds for an answer to be generated, as far as it writes the same before a given answer. */
function openingOf(asked: string, prompted: string, answered: string): string {
  if (!prompted.startsWith(asked)) return '';
  let end = asked.length;
  while (end < prompted.length && prompted[end] === answered[end]) end++;
  const opening = answered.startsWith(asked) ? prompted.slice(asked.length, end) : '';
  // A line break alone is found anywhere.
  return opening.trim().length < 3 ? '' : opening;
}

/**
 * Moves the beginning of each span to where the model begins to write: behind the opening. What a template puts between
 * the opening and the answer (an empty reasoning, a channel) has to be written by the model when it answers.
 */
export function withBeginning(text: string, spans: readonly Span[], { opening, closings }: Edges): Span[] {
  if (opening === '') return [...spans];
  return spans.map((span, i) => {
    const at = text.lastIndexOf(opening, span.start - opening.length);
    const begin = at + opening.length;
    if (at < 0 || begin >= span.start || begin < (spans[i - 1]?.end ?? 0)) return span;
    const between = text.slice(begin, span.start);
    // A turn ends in between: the opening belongs to an earlier one.
    return closings.some((one) => between.includes(one)) ? span : { start: begin, end: span.end };
  });
}

/** Adds the end-of-turn token to each span, unless a span by generation tags holds it already. */
export function withEndOfTurn(text: string, spans: readonly Span[], { endings }: Edges): Span[] {
  return spans.map((span) => {
    const inside = text.slice(span.start, span.end).trimEnd();
    if (endings.some((one) => inside.endsWith(one))) return span;
    let at = span.end;
    while (at < text.length && /\s/u.test(text[at]!)) at++;
    const ending = endings.find((one) => text.startsWith(one, at));
    return ending === undefined ? span : { start: span.start, end: at + ending.length };
  });
}
