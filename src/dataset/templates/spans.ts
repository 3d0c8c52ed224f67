import type { Message } from '../conversation';
import type { Span } from '../template';
import type { TemplateMessage } from './messages';

// Characters of a private-use area that no text of a dataset should have; the renderings are compared, so one that has them is noticed.
const OPEN = '\u{F0A91}';
const CLOSE = '\u{F0A92}';
const TAG = /\{%(-|\+)?\s*(end)?generation\s*(-|\+)?%\}/g;

export function hasGenerationTags(jinja: string): boolean {
  return /\{%[-+]?\s*generation\s*[-+]?%\}/.test(jinja);
}

/**
 * Puts marks where `{% generation %}` and `{% endgeneration %}` stand. Each becomes a pair of block tags around the
 * mark, so that the white space before and after is trimmed exactly as for the tag itself. The rendering
 * without marks goes the same way, so that the two differ in nothing else.
 */
export function markGeneration(jinja: string, marks: 'visible' | 'none'): string {
  return jinja.replaceAll(TAG, (_all, left: string | undefined, end: string | undefined, right: string | undefined) => {
    const mark = marks === 'none' ? '' : end === undefined ? OPEN : CLOSE;
    return `{%${left ?? ''} if true %}${mark}{% endif ${right ?? ''}%}`;
  });
}

/**
 * Spans between the marks, for the assistant turns that are trained; `undefined` when the marked text without its marks
 * differs from the text, or when the blocks are not one for each assistant turn and some turn is not trained.
 */
export function spansBySentinel(marked: string, text: string, turns: readonly Message[]): Span[] | undefined {
  if (marked.replaceAll(OPEN, '').replaceAll(CLOSE, '') !== text) return undefined;
  const spans: Span[] = [];
  let shift = 0;
  let start: number | undefined;
  for (const match of marked.matchAll(/\u{F0A91}|\u{F0A92}/gu)) {
    const at = match.index - shift;
    shift += match[0].length;
    if (match[0] === OPEN) {
      if (start !== undefined) return undefined;
      start = at;
    } else {
      if (start === undefined) return undefined;
      spans.push({ start, end: at });
      start = undefined;
    }
  }
  if (start !== undefined) return undefined;
  const assistants = turns.filter((turn) => turn.role === 'assistant');
  if (assistants.every((turn) => turn.trained)) return spans;
  if (spans.length !== assistants.length) return undefined;
  return spans.filter((_, i) => assistants[i]!.trained);
}

/**
 * Spans of the trained assistant turns in a rendering, for any template. An answer that the text has once, and that
 * nothing else that goes into the text contains, is where it stands. Where that leaves a doubt, all answers are replaced by one-off
 * words: when the text between them, put around the real answers, gives the real rendering, the places are known.
 * Otherwise each answer is replaced alone, by two different words: what both renderings and the real one share before
 * and after is not the answer.
 */
export function spansByContent(
  text: string,
  messages: readonly TemplateMessage[],
  trained: readonly boolean[],
  render: (messages: readonly TemplateMessage[]) => string,
  /** What else the template can write: its own source, its variables, the tools. */
  surroundings: string,
  /** What may end a turn. */
  endings: readonly string[],
): Span[] {
  if (!trained.includes(true)) return [];
  return (
    byOccurrence(text, messages, trained, surroundings) ??
    together(text, messages, trained, render) ??
    oneByOne(text, messages, trained, render, endings)
  );
}

function byOccurrence(
  text: string,
  messages: readonly TemplateMessage[],
  trained: readonly boolean[],
  surroundings: string,
): Span[] | undefined {
  const spans: Span[] = [];
  for (let i = 0; i < messages.length; i++) {
    if (!trained[i]) continue;
    const message = messages[i]!;
    const core = message.content.trim();
    // Escapes in the source of a template could hide an answer that has line breaks or quotes, but not a longer one.
    if (core.length < 2 || message.tool_calls || surroundings.includes(core) || /^[\W_]+$/.test(core)) return undefined;
    if (
      messages.some(
        (other, j) => j !== i && (other.content.includes(core) || other.name?.includes(core) || other.tool_calls),
      )
    )
      return undefined;
    const content = text.includes(message.content) ? message.content : core;
    const start = text.indexOf(content);
    if (start < 0 || text.indexOf(core, start + content.length) >= 0) return undefined;
    if (spans.length > 0 && start < spans.at(-1)!.end) return undefined;
    spans.push({ start, end: start + content.length });
  }
  return spans;
}

const nonce = (letter: string, i: number): string => `${letter}zq${i}qz${letter}`;

function together(
  text: string,
  messages: readonly TemplateMessage[],
  trained: readonly boolean[],
  render: (messages: readonly TemplateMessage[]) => string,
): Span[] | undefined {
  const isPlain = (message: TemplateMessage): boolean =>
    message.role === 'assistant' && message.tool_calls === undefined;
  if (messages.some((message, i) => trained[i] && !isPlain(message))) return undefined;
  const replaced = messages.map((message, i) => (isPlain(message) ? { ...message, content: nonce('X', i) } : message));
  let pattern: string;
  try {
    pattern = render(replaced);
  } catch {
    return undefined;
  }
  const spans: Span[] = [];
  let at = 0;
  let from = 0;
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]!;
    if (!isPlain(message)) continue;
    const word = nonce('X', i);
    const place = pattern.indexOf(word, from);
    if (place < 0 || pattern.indexOf(word, place + 1) >= 0) return undefined;
    const between = pattern.slice(from, place);
    if (!text.startsWith(between, at)) return undefined;
    at += between.length;
    from = place + word.length;
    const content = [message.content, message.content.trim()].find((one) => text.startsWith(one, at));
    if (content === undefined) return undefined;
    if (trained[i]) spans.push({ start: at, end: at + content.length });
    at += content.length;
  }
  return text.slice(at) === pattern.slice(from) ? spans : undefined;
}

function oneByOne(
  text: string,
  messages: readonly TemplateMessage[],
  trained: readonly boolean[],
  render: (messages: readonly TemplateMessage[]) => string,
  endings: readonly string[],
): Span[] {
  const spans: Span[] = [];
  messages.forEach((_, i) => {
    if (!trained[i]) return;
    const message = messages[i]!;
    const change = (letter: string, how: typeof bare): string =>
      render(messages.map((one, j) => (j === i ? how(one, nonce(letter, i)) : one)));
    let two: readonly [string, string];
    let cutOff = false;
    try {
      two = [change('X', bare), change('Y', bare)];
    } catch (error) {
      if (message.tool_calls === undefined) throw error;
      // Some templates refuse the answer of a tool that nobody called. What closes the call is then missing here.
      two = [change('X', otherArguments), change('Y', otherArguments)];
      cutOff = true;
    }
    const [one, other] = two;
    let before = Math.min(common(one, other, 1), common(one, text, 1));
    const shortest = Math.min(one.length, other.length, text.length);
    const after = Math.min(common(one, other, -1), common(one, text, -1), shortest - before);
    let end = text.length - after;
    if (cutOff) before = beginningOfTurn(text, messages.slice(0, i + 1), before, render) ?? before;
    if (cutOff)
      end = Math.min(...endings.map((ending) => text.indexOf(ending, end)).map((at) => (at < 0 ? text.length : at)));
    spans.push({ start: Math.max(before, spans.at(-1)?.end ?? 0), end });
  });
  return spans.filter((span) => span.end > span.start);
}

/** Where the last of the messages begins in the text, found by rendering no more than these. `within`: a place in it. */
function beginningOfTurn(
  text: string,
  messages: readonly TemplateMessage[],
  within: number,
  render: (messages: readonly TemplateMessage[]) => string,
): number | undefined {
  const last = messages.at(-1)!;
  const before = messages.slice(0, -1);
  try {
    const real = render(messages);
    const [one, other] = [nonce('X', 0), nonce('Y', 0)].map((word) => render([...before, bare(last, word)]));
    const turn = real.slice(Math.min(common(one!, other!, 1), common(one!, real, 1)));
    const at = text.lastIndexOf(turn, within);
    return at >= 0 && at + turn.length > within ? at : undefined;
  } catch {
    return undefined;
  }
}

/** The turn with nothing but the word: its tool calls, too, are part of what is looked for. */
function bare(message: TemplateMessage, content: string): TemplateMessage {
  return { role: message.role, content, ...(message.name === undefined ? {} : { name: message.name }) };
}

function otherArguments(message: TemplateMessage, word: string): TemplateMessage {
  const calls = message.tool_calls ?? [];
  return {
    ...message,
    content: message.content === '' ? '' : word,
    tool_calls: calls.map((call) => ({ ...call, function: { ...call.function, arguments: { [word]: word } } })),
  };
}

/** Length of the common prefix (`direction` 1) or suffix (−1). */
function common(a: string, b: string, direction: 1 | -1): number {
  const most = Math.min(a.length, b.length);
  let n = 0;
  if (direction === 1) while (n < most && a[n] === b[n]) n++;
  else while (n < most && a[a.length - 1 - n] === b[b.length - 1 - n]) n++;
  return n;
}
