import { explainSyntax } from './json-explain';

/** A JSON value with its UTF-16 range in the source. */
export interface JsonNode {
  readonly type: 'object' | 'array' | 'string' | 'number' | 'literal';
  readonly start: number;
  end: number;
  /** Of an object, in order of the source; a key may occur twice. */
  readonly members?: JsonMember[];
  /** Of an array. */
  readonly items?: JsonNode[];
}

export interface JsonMember {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: JsonNode;
  /** The same key stands before it in the same object. */
  readonly duplicate: boolean;
}

export interface JsonSyntaxError {
  /** UTF-16 range of what is wrong; empty at the end of the source. */
  readonly offset: number;
  readonly end: number;
  /** Sentence: what is wrong and what to do. */
  readonly message: string;
}

export type JsonParsed =
  { readonly ok: true; readonly node: JsonNode } | { readonly ok: false; readonly error: JsonSyntaxError };

interface Frame {
  readonly node: JsonNode;
  readonly keys?: Set<string>;
  key?: { readonly text: string; readonly start: number; readonly end: number };
}

// A level takes some hundred bytes: a line of 100 MB with nothing but brackets must not take all of the memory.
const DEEPEST = 1_000_000;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;
// Everything inside quotes up to a quote, a backslash or a control character.
const PLAIN = new RegExp(String.raw`[^"\\\u0000-\u001f]*`, 'y');
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * Strict JSON (RFC 8259) with positions. Never throws and never recurses.
 * Accepts exactly what `JSON.parse` accepts, up to a million levels.
 */
export function parseJson(source: string): JsonParsed {
  const stack: Frame[] = [];
  let at = 0;
  const fail = (offset: number, expected: Expected): JsonParsed => ({
    ok: false,
    error: explainSyntax(source, offset, expected),
  });
  const space = (): void => {
    for (let c = source.charCodeAt(at); c === 32 || c === 9 || c === 10 || c === 13;) c = source.charCodeAt(++at);
  };
  space();
  for (;;) {
    // A value begins here.
    const char = source[at];
    let node: JsonNode;
    if (char === '{' || char === '[') {
      node =
        char === '{'
          ? { type: 'object', start: at, end: at, members: [] }
          : { type: 'array', start: at, end: at, items: [] };
      at++;
      space();
      if (source[at] !== (char === '{' ? '}' : ']')) {
        if (stack.length >= DEEPEST) return fail(node.start, 'fewer-levels');
        stack.push(char === '{' ? { node, keys: new Set() } : { node });
        if (char === '[') continue;
        const key = readKey(source, at);
        if (typeof key === 'number') return fail(key, key === at ? 'key-or-end' : 'string');
        at = key.end;
        space();
        if (source[at] !== ':') return fail(at, 'colon');
        at++;
        space();
        stack.at(-1)!.key = key;
        continue;
      }
      node.end = ++at;
    } else {
      const first = at;
      if (char === '"') {
        const end = stringEnd(source, at);
        if (end < 0) return fail(~end, 'string');
        at = end;
      } else {
        const pattern = char === 't' || char === 'f' || char === 'n' ? LITERAL : NUMBER;
        pattern.lastIndex = at;
        const match = pattern.exec(source);
        if (!match)
          return fail(
            at,
            stack.at(-1)?.node.type === 'array' && stack.at(-1)!.node.items!.length === 0 ? 'value-or-end' : 'value',
          );
        at += match[0].length;
      }
      node = {
        type: char === '"' ? 'string' : char === 't' || char === 'f' || char === 'n' ? 'literal' : 'number',
        start: first,
        end: at,
      };
    }
    // A value ended here: close what it closes.
    for (;;) {
      space();
      const frame = stack.at(-1);
      if (!frame) return at === source.length ? { ok: true, node } : fail(at, 'end');
      if (frame.key) {
        const { text, start, end } = frame.key;
        frame.node.members!.push({
          key: text,
          keyStart: start,
          keyEnd: end,
          value: node,
          duplicate: frame.keys!.has(text),
        });
        frame.keys!.add(text);
      } else {
        frame.node.items!.push(node);
      }
      const isObject = frame.node.type === 'object';
      if (source[at] === ',') {
        const comma = at++;
        space();
        if (!isObject) {
          if (source[at] === ']') return fail(comma, 'no-comma');
          break;
        }
        if (source[at] === '}') return fail(comma, 'no-comma');
        const key = readKey(source, at);
        if (typeof key === 'number') return fail(key, key === at ? 'key' : 'string');
        at = key.end;
        space();
        if (source[at] !== ':') return fail(at, 'colon');
        at++;
        space();
        frame.key = key;
        break;
      }
      if (source[at] !== (isObject ? '}' : ']')) return fail(at, isObject ? 'comma-or-brace' : 'comma-or-bracket');
      frame.node.end = ++at;
      node = frame.node;
      stack.pop();
    }
  }
}

/** What the parser could have gone on with. */
export type Expected =
  | 'value'
  | 'value-or-end'
  | 'key'
  | 'key-or-end'
  | 'colon'
  | 'comma-or-brace'
  | 'comma-or-bracket'
  | 'no-comma'
  | 'string'
  | 'fewer-levels'
  | 'end';

/** End of the string that begins at `at`, or `~offset` of what is wrong in it. */
function stringEnd(source: string, at: number): number {
  let i = at + 1;
  for (;;) {
    PLAIN.lastIndex = i;
    i += PLAIN.exec(source)![0].length;
    if (source[i] === '"') return i + 1;
    if (source[i] !== '\\') return ~i;
    ESCAPE.lastIndex = i;
    const match = ESCAPE.exec(source);
    if (!match) return ~i;
    i += match[0].length;
  }
}

function readKey(source: string, at: number): { text: string; start: number; end: number } | number {
  if (source[at] !== '"') return at;
  const end = stringEnd(source, at);
  if (end < 0) return ~end;
  return { text: JSON.parse(source.slice(at, end)) as string, start: at, end };
}

/**
 * The value at a JSON pointer (RFC 6901) and, where it is a field, its key. Of a key that occurs twice the last one
 * counts, as for `JSON.parse`. `undefined` when there is no such value.
 */
export function nodeAt(
  root: JsonNode,
  pointer: string,
): { readonly node: JsonNode; readonly member?: JsonMember } | undefined {
  let node = root;
  let member: JsonMember | undefined;
  if (pointer === '') return { node };
  for (const part of pointer.slice(1).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (node.members) {
      member = node.members.findLast((one) => one.key === key);
      if (!member) return undefined;
      node = member.value;
    } else {
      const item = /^(?:0|[1-9]\d*)$/.test(key) ? node.items?.[Number(key)] : undefined;
      if (!item) return undefined;
      member = undefined;
      node = item;
    }
  }
  return member ? { node, member } : { node };
}

/** Source range of the UTF-16 units `from` to `to` of a string's value. */
export function stringRange(
  source: string,
  node: JsonNode,
  from: number,
  to: number,
): { readonly start: number; readonly end: number } {
  let at = node.start + 1;
  let start = at;
  for (let unit = 0; unit < to && at < node.end - 1; unit++) {
    if (unit === from) start = at;
    at += source[at] !== '\\' ? 1 : source[at + 1] === 'u' ? 6 : 2;
  }
  return { start: from >= to ? at : start, end: at };
}
