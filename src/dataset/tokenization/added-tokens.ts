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
  const texts = [...byText.keys()].filter((text) => text !== '').sort((a, b) => b.length - a.length);
  if (texts.length === 0) return (text) => (text === '' ? [] : [{ start: 0, end: text.length }]);
  const pattern = new RegExp(texts.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
  return (text) => {
    const sections: Section[] = [];
    let last = 0;
    for (const match of text.matchAll(pattern)) {
      const token = byText.get(match[0])!;
      const end = match.index + match[0].length;
      if (token.singleWord && (isWord(text[match.index - 1]) || isWord(text[end]))) continue;
      let before = match.index;
      if (token.stripLeft) while (before > last && isSpace(text[before - 1])) before--;
      if (before > last) sections.push({ start: last, end: before });
      sections.push({ start: match.index, end, token });
      last = end;
      if (token.stripRight) while (last < text.length && isSpace(text[last])) last++;
    }
    if (last < text.length) sections.push({ start: last, end: text.length });
    return sections;
  };
}

const isSpace = (char: string | undefined): boolean => char !== undefined && /\s/u.test(char);
const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}_]/u.test(char);
