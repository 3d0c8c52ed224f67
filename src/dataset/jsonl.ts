import { parseJson, type JsonNode, type JsonSyntaxError } from './json-positions';

export { parseJson, nodeAt, stringRange, type JsonNode, type JsonSyntaxError } from './json-positions';

/** A line of a file; offsets in UTF-16 units, without the line end (LF or CRLF) and without a byte order mark. */
export interface Line {
  /** 1-based. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** Lines of a text; a line end at the very end opens no further line. */
export function* splitLines(text: string): Generator<Line> {
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let number = 1;
  while (start < text.length) {
    const feed = text.indexOf('\n', start);
    const next = feed < 0 ? text.length : feed;
    const end = next > start && text.charCodeAt(next - 1) === 13 ? next - 1 : next;
    yield { number, start, end };
    if (feed < 0) return;
    start = feed + 1;
    number++;
  }
}

/** Whether the line has nothing but white space: it is no record. */
export function isBlank(text: string): boolean {
  return !/\S/.test(text);
}

export type LineValue =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: JsonSyntaxError };

// `JSON.parse` takes minutes and all of the memory for millions of open brackets; the other parser gives up on them.
const LONG = 5_000_000;

/** Value of one line. Positions are only looked for when `JSON.parse` refuses the line. */
export function parseLine(text: string): LineValue {
  if (text.length > LONG) {
    const parsed = parseJson(text);
    if (!parsed.ok) return parsed;
  }
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    const parsed = parseJson(text);
    return parsed.ok
      ? { ok: false, error: { offset: 0, end: text.length, message: 'This line is not valid JSON.' } }
      : { ok: false, error: parsed.error };
  }
}

/** The line that was asked for last: all findings of a line ask for it again, and a line can be very long. */
let latest: { readonly text: string; readonly node: WeakRef<JsonNode> } | undefined;

/** The tree with source ranges of a line that `parseLine` accepted. Nobody may change it. */
export function positionsOf(text: string): JsonNode | undefined {
  const known = latest?.text === text ? latest.node.deref() : undefined;
  if (known) return known;
  const parsed = parseJson(text);
  if (!parsed.ok) return undefined;
  latest = { text, node: new WeakRef(parsed.node) };
  return parsed.node;
}
