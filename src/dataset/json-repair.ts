import { parseJson } from './jsonl';

export interface JsonRepair {
  readonly text: string;
  /** There is only one way to read the text: nothing was guessed. */
  readonly certain: boolean;
}

// Each repair parses the text again, so a long text gets few of them.
const MOST_WORK = 4_000_000;
const MOST_REPAIRS = 200;

const LITERALS: Readonly<Record<string, string>> = {
  None: 'null',
  True: 'true',
  False: 'false',
  undefined: 'null',
  NULL: 'null',
  TRUE: 'true',
  FALSE: 'false',
  NaN: 'null',
};

interface Step {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly certain: boolean;
}

/**
 * Makes JSON of what is nearly JSON: commas too many, single quotes, keys without quotes, Python's literals, comments,
 * control characters and wrong escapes in texts, missing brackets at the end. `undefined` when that does not succeed.
 * A text that ends inside a string is never closed: what it lost is not known.
 */
export function repairJson(source: string): JsonRepair | undefined {
  let text = source;
  let certain = true;
  let work = 0;
  for (let i = 0; i <= MOST_REPAIRS; i++) {
    work += text.length;
    if (work > MOST_WORK) return undefined;
    const parsed = parseJson(text);
    if (parsed.ok) return i === 0 ? undefined : { text, certain };
    const step = nextStep(text, parsed.error.offset);
    if (!step) return undefined;
    text = text.slice(0, step.start) + step.text + text.slice(step.end);
    certain &&= step.certain;
  }
  return undefined;
}

function nextStep(text: string, at: number): Step | undefined {
  const char = text[at];
  if (char === undefined) return closing(text);
  if (insideString(text, at)) return inString(text, at);
  switch (char) {
    case '\uFEFF':
    case '\u00A0':
      return { start: at, end: at + 1, text: '', certain: true };
    case ',':
      return {
        start: at,
        end: at + 1,
        text: '',
        certain: /^\s*[}\]]?\s*$|^\s*[}\]]/.test(text.slice(at + 1, at + 40)),
      };
    case "'":
      return singleQuoted(text, at);
    case '/':
      return comment(text, at);
    case '"':
    case '{':
    case '[':
      return /[}\]"\w]\s*$/.test(text.slice(Math.max(0, at - 40), at)) && isInside(text, at)
        ? { start: at, end: at, text: ', ', certain: false }
        : undefined;
    default:
      return word(text, at);
  }
}

/** Literals of other languages, and keys without quotes. */
function word(text: string, at: number): Step | undefined {
  const found = /^[A-Za-z_$][\w$]*/.exec(text.slice(at, at + 100))?.[0];
  if (found === undefined) return undefined;
  const end = at + found.length;
  const isKey = /^\s*:/.test(text.slice(end, end + 20)) && /[{,]\s*$/.test(text.slice(Math.max(0, at - 20), at));
  if (isKey) return { start: at, end, text: JSON.stringify(found), certain: false };
  const literal = Object.hasOwn(LITERALS, found) ? LITERALS[found] : undefined;
  return literal === undefined
    ? undefined
    : { start: at, end, text: literal, certain: /^[TFN]/.test(found) && found !== 'NaN' };
}

function comment(text: string, at: number): Step | undefined {
  if (text[at + 1] !== '*') return undefined;
  const end = text.indexOf('*/', at + 2);
  return end < 0 ? undefined : { start: at, end: end + 2, text: '', certain: false };
}

/** A text in single quotes, as Python and JavaScript write it; it must end before something that can follow a text. */
function singleQuoted(text: string, at: number): Step | undefined {
  let content = '';
  for (let i = at + 1; i < text.length; i++) {
    const char = text[i]!;
    if (char === '\\' && i + 1 < text.length) {
      content += text[i + 1] === "'" ? "'" : char + text[i + 1]!;
      i++;
    } else if (char === "'") {
      if (!/^\s*[,:}\]]/.test(text.slice(i + 1, i + 40))) return undefined;
      return { start: at, end: i + 1, text: `"${content}"`, certain: false };
    } else content += char === '"' ? '\\"' : char;
  }
  return undefined;
}

function inString(text: string, at: number): Step | undefined {
  const code = text.charCodeAt(at);
  if (code < 32) return { start: at, end: at + 1, text: JSON.stringify(text[at]!).slice(1, -1), certain: true };
  if (text[at] !== '\\') return undefined;
  if (text[at + 1] === "'") return { start: at, end: at + 1, text: '', certain: true };
  const hex = /^\\x([0-9a-fA-F]{2})/.exec(text.slice(at, at + 4))?.[1];
  if (hex !== undefined) return { start: at, end: at + 4, text: `\\u00${hex}`, certain: false };
  return text[at + 1] === undefined ? undefined : { start: at, end: at + 1, text: '\\\\', certain: false };
}

/** The brackets that are open at the end, where the last value is whole. */
function closing(text: string): Step | undefined {
  const open = openAt(text, text.length);
  if (open === undefined || open.length === 0) return undefined;
  const end = text.trimEnd().length;
  if (!/["}\]\w]$/.test(text.slice(0, end))) return undefined;
  return { start: end, end, text: open.toReversed().join(''), certain: false };
}

/** Closing brackets that are due at `end`, outermost first; `undefined` inside a string. */
function openAt(text: string, end: number): string[] | undefined {
  const open: string[] = [];
  for (let i = 0; i < end; i++) {
    const char = text[i];
    if (char === '"') {
      for (i++; i < end && text[i] !== '"'; i++) if (text[i] === '\\') i++;
      if (i >= end) return undefined;
    } else if (char === '{') open.push('}');
    else if (char === '[') open.push(']');
    else if (char === '}' || char === ']') open.pop();
  }
  return open;
}

function insideString(text: string, at: number): boolean {
  return openAt(text, at) === undefined;
}

function isInside(text: string, at: number): boolean {
  return (openAt(text, at)?.length ?? 0) > 0;
}
