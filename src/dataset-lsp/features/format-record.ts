import { parseJson } from '../../dataset/jsonl';
import type { CompactedRecord } from '../protocol';
import { stringEnd, wordEnd } from './json-context';

/**
 * A record as readable JSON over several lines. Only white space between values changes: numbers, escapes and keys that
 * occur twice stay as they are written, and a broken record is shown as far as it goes.
 */
export function formatRecord(source: string): string {
  let out = '';
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  const tokens = tokensOf(source);
  for (const [i, token] of tokens.entries()) {
    const before = tokens[i - 1];
    if (token === '}' || token === ']') {
      depth = Math.max(0, depth - 1);
      out += before === '{' || before === '[' ? token : line() + token;
    } else if (token === ',') out += token;
    else if (token === ':') out += ': ';
    else {
      if (before === ',' || before === '{' || before === '[') out += line();
      else if (before !== undefined && before !== ':') out += ' ';
      out += token;
      if (token === '{' || token === '[') depth++;
    }
  }
  return out;
}

/** A record of several lines as one line again, with the spaces of the line `like`; or what is wrong with its JSON. */
export function compactRecord(text: string, like: string): CompactedRecord {
  const parsed = parseJson(text);
  if (!parsed.ok) return { problem: parsed.error.message, offset: parsed.error.offset };
  const { comma, colon } = styleOf(like);
  return {
    text: tokensOf(text)
      .map((token) => (token === ',' ? comma : token === ':' ? colon : token))
      .join(''),
  };
}

/** Strings, words and punctuation, without the white space between them. */
function tokensOf(source: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < source.length;) {
    const char = source[at]!;
    const end = char === '"' ? stringEnd(source, at) : PUNCTUATION.has(char) ? at + 1 : wordEnd(source, at);
    if (!/\s/.test(char)) tokens.push(source.slice(at, end));
    at = /\s/.test(char) ? at + 1 : end;
  }
  return tokens;
}

const PUNCTUATION = new Set('{}[],:');

/** How the line writes its first comma and its first colon. */
function styleOf(line: string): { readonly comma: string; readonly colon: string } {
  let comma: string | undefined;
  let colon: string | undefined;
  for (let at = 0; at < line.length && (comma === undefined || colon === undefined);) {
    if (line[at] === '"') {
      at = stringEnd(line, at);
      continue;
    }
    if (line[at] === ',') comma ??= gapAt(line, at);
    if (line[at] === ':') colon ??= gapAt(line, at);
    at++;
  }
  return { comma: comma ?? ', ', colon: colon ?? ': ' };
}

/** The character with the single spaces around it. */
function gapAt(line: string, at: number): string {
  return `${line[at - 1] === ' ' ? ' ' : ''}${line[at]!}${line[at + 1] === ' ' ? ' ' : ''}`;
}
