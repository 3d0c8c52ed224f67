import { asRecord } from '../shape';

/** A token of `added_tokens`: it is found in the text before anything else. */
export interface AddedToken {
  readonly id: number;
  readonly text: string;
  readonly special: boolean;
  /** Found in the normalised text instead of the raw one. */
  readonly normalized: boolean;
  /** Swallows white space before or after it. */
  readonly stripLeft: boolean;
  readonly stripRight: boolean;
  readonly singleWord: boolean;
}

/** Part of a text: an added token or the text between two of them. */
export interface Section {
  readonly start: number;
  readonly end: number;
  readonly token?: AddedToken;
}

export function readAddedTokens(config: unknown): AddedToken[] {
  if (!Array.isArray(config)) return [];
  return config.flatMap((entry) => {
    const one = asRecord(entry);
    if (!one || typeof one['id'] !== 'number' || typeof one['content'] !== 'string' || one['content'] === '') return [];
    return [
      {
        id: one['id'],
        text: one['content'],
        special: one['special'] === true,
        normalized: one['normalized'] === true,
        stripLeft: one['lstrip'] === true,
        stripRight: one['rstrip'] === true,
        singleWord: one['single_word'] === true,
      },
    ];
  });
}

/** Finds added tokens in a text: leftmost first, the longest of those that begin at one place. */
export function createSplitter(
  tokens: readonly AddedToken[],
  textOf: (token: AddedToken) => string,
): (text: string) => Section[] {
  const byText = new Map(tokens.map((token) => [textOf(token), token]));
  byText.delete('');
  if (byText.size === 0) return (text) => (text === '' ? [] : [{ start: 0, end: text.length }]);
  const lengths = lengthsByBeginning(byText.keys());
  const beginning = new RegExp([...lengths.keys()].map(escapeRegExp).join('|'), 'g');
  const tokenAt = (text: string, at: number, found: string): AddedToken | undefined => {
    for (const length of lengths.get(found)!) {
      const token = byText.get(text.slice(at, at + length));
      if (token) return token;
    }
    // Of the beginnings that stand here the expression gives one only.
    return found.length === 2 ? byText.get(found[0]!) : undefined;
  };
  return (text) => {
    const sections: Section[] = [];
    let last = 0;
    beginning.lastIndex = 0;
    for (let match = beginning.exec(text); match; match = beginning.exec(text)) {
      const token = tokenAt(text, match.index, match[0]);
      const end = match.index + (token ? textOf(token).length : 0);
      beginning.lastIndex = Math.max(end, match.index + 1);
      if (!token || (token.singleWord && (isWord(text[match.index - 1]) || isWord(text[end])))) continue;
      let before = match.index;
      if (token.stripLeft) while (before > last && isSpace(text[before - 1])) before--;
      if (before > last) sections.push({ start: last, end: before });
      sections.push({ start: match.index, end, token });
      last = end;
      if (token.stripRight) while (last < text.length && isSpace(text[last])) last++;
      beginning.lastIndex = last;
    }
    if (last < text.length) sections.push({ start: last, end: text.length });
    return sections;
  };
}

/** The first two characters of tokens (or the only one) → the lengths of the tokens that begin so, longest first. */
function lengthsByBeginning(texts: Iterable<string>): Map<string, number[]> {
  const lengths = new Map<string, Set<number>>();
  for (const text of texts) {
    const beginning = text.slice(0, 2);
    const known = lengths.get(beginning);
    if (known) known.add(text.length);
    else lengths.set(beginning, new Set([text.length]));
  }
  // Two characters before one: an expression takes the first alternative that fits.
  return new Map(
    [...lengths]
      .sort(([a], [b]) => b.length - a.length)
      .map(([beginning, all]) => [beginning, [...all].sort((a, b) => b - a)]),
  );
}

/** The text as a regular expression. */
export const escapeRegExp = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
const isSpace = (char: string | undefined): boolean => char !== undefined && /\s/u.test(char);
const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}_]/u.test(char);
