import { splitWords } from './python-text';

export type BleuTokenizer = keyof typeof TOKENIZERS;

/** How sacreBLEU cuts a line into tokens. `13a` is mteval-v13a's, `intl` mteval-v14's for all scripts. */
export const TOKENIZERS = {
  '13a': (line: string) => {
    let text = line.replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' ');
    // In this order, so that "&amp;lt;" becomes "<".
    for (const [entity, char] of ENTITIES) text = text.replaceAll(entity, char);
    return splitWords(
      ` ${text} `
        .replace(/([{-~[-` -&(-+:-@/])/g, ' $1 ')
        .replace(/([^0-9])([.,])/gu, '$1 $2 ')
        .replace(/([.,])([^0-9])/gu, ' $1 $2')
        .replace(/([0-9])(-)/g, '$1 $2 '),
    );
  },
  intl: (line: string) =>
    splitWords(
      line
        .replace(/(\P{N})(\p{P})/gu, '$1 $2 ')
        .replace(/(\p{P})(\P{N})/gu, ' $1 $2')
        .replace(/(\p{S})/gu, ' $1 '),
    ),
  char: (line: string) => splitWords([...line].join(' ')),
  none: splitWords,
} satisfies Record<string, (line: string) => readonly string[]>;

const ENTITIES = [
  ['&quot;', '"'],
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
] as const;
