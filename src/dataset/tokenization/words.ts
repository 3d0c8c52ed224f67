import { SplitPreTokenizer } from '@huggingface/tokenizers';
import { asRecord } from '../shape';
import { escapeRegExp } from './added-tokens';

/** A word of a text, the unit that the vocabulary model splits into tokens. */
interface Word {
  /** What the model gets: the word's text, or that text with a marker before it. */
  readonly key: string;
  /** UTF-16 range in the text. */
  readonly start: number;
  readonly end: number;
  /** Characters at the beginning of `key` that are not in the text (an added space or marker): 0 or 1. */
  readonly added: number;
}

/** Splits a text into words by a pre-tokenizer's rules. `first`: the text stands at the very beginning. */
export type WordSplitter = (text: string, first: boolean) => Word[];

interface Stage {
  split(piece: Word, first: boolean, out: Word[]): void;
}

const PUNCTUATION = String.raw`[\p{P}!-/:-@\[-\`{-~]`;
const GPT2 = unicodeSpaces(/'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu);
// The same behind a step that sets every digit apart: white space before a digit stands at the end of its part.
const DIGITS_GPT2 = unicodeSpaces(/'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+/gu);

/** A splitter that is one expression: the words are its matches and what lies between them. */
export interface WordPattern {
  readonly pattern: RegExp;
  /** The text as the expression wants it; it may be longer by one marker in front. */
  readonly prepare?: (text: string, first: boolean) => string;
}

interface KnownSplitter {
  readonly split: WordSplitter;
  readonly byteLevel: boolean;
  /** The same words, where one expression finds them. */
  readonly one: WordPattern | undefined;
}

/**
 * Word splitter for the `pre_tokenizer` of a tokenizer.json; `undefined` for kinds it does not know.
 * Written anew because the library's own steps give no offsets, and take `\d` for `\p{N}` and ASCII for `\w`.
 * `uncuttable`: text without a pre-tokenizer can be cut before every run of "▁" without a change of the tokens, unless it
 * stands behind one of these characters; `undefined`: it cannot be cut.
 */
export function createWordSplitter(config: unknown, uncuttable: string | undefined): KnownSplitter | undefined {
  const configs = flatten(config);
  const stages: Stage[] = [];
  let byteLevel = false;
  for (const one of configs) {
    const type = one['type'];
    if (type === 'Split') {
      const pattern = splitPattern(one);
      if (!pattern) return undefined;
      stages.push(patternStage(pattern, String(one['behavior'] ?? 'Isolated'), one['invert'] === true));
    } else if (type === 'Digits') {
      stages.push(patternStage(one['individual_digits'] === true ? /\p{N}/gu : /\p{N}+/gu, 'Isolated', false));
    } else if (type === 'Punctuation') {
      stages.push(patternStage(new RegExp(PUNCTUATION, 'gu'), String(one['behavior'] ?? 'Isolated'), false));
    } else if (type === 'Whitespace') {
      stages.push(
        patternStage(/[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]+|[^\s\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]+/gu, 'Removed', true),
      );
    } else if (type === 'WhitespaceSplit') {
      stages.push(patternStage(/\s+/gu, 'Removed', false));
    } else if (type === 'BertPreTokenizer') {
      stages.push(
        patternStage(/\s+/gu, 'Removed', false),
        patternStage(new RegExp(PUNCTUATION, 'gu'), 'Isolated', false),
      );
    } else if (type === 'ByteLevel') {
      byteLevel = true;
      if (one['add_prefix_space'] === true) stages.push(prefixStage(' ', () => true));
      if (one['use_regex'] !== false) stages.push(patternStage(GPT2, 'Isolated', false));
    } else if (type === 'Metaspace') {
      const { marker, scheme } = metaspace(one);
      stages.push(replaceStage(' ', marker));
      if (scheme !== 'never') stages.push(prefixStage(marker, (first) => scheme === 'always' || first));
      if (one['split'] !== false)
        stages.push(patternStage(new RegExp(escapeRegExp(marker), 'gu'), 'MergedWithNext', false));
    } else return undefined;
  }
  if (!byteLevel && uncuttable !== undefined)
    stages.push(patternStage(new RegExp(`(?<=[^▁${inClass(uncuttable)}])(?=▁)`, 'gu'), 'Isolated', false));
  const split: WordSplitter = (text, first) => {
    let pieces: Word[] = [{ key: text, start: 0, end: text.length, added: 0 }];
    for (const stage of stages) {
      const next: Word[] = [];
      for (const piece of pieces) stage.split(piece, first && piece.start === 0, next);
      pieces = next;
    }
    return pieces;
  };
  return { split, byteLevel, one: onePattern(configs, byteLevel ? undefined : uncuttable) };
}

function onePattern(
  configs: readonly Readonly<Record<string, unknown>>[],
  uncuttable: string | undefined,
): WordPattern | undefined {
  const [first, second] = configs;
  const plain = (one: Readonly<Record<string, unknown>> | undefined, useRegex: boolean): boolean =>
    one?.['type'] === 'ByteLevel' && one['add_prefix_space'] !== true && (one['use_regex'] !== false) === useRegex;
  if (configs.length === 1 && plain(first, true)) return { pattern: GPT2 };
  if (
    configs.length === 2 &&
    first?.['type'] === 'Digits' &&
    first['individual_digits'] === true &&
    plain(second, true)
  )
    return { pattern: DIGITS_GPT2 };
  if (configs.length === 2 && first?.['type'] === 'Split' && plain(second, false)) {
    const isolated = String(first['behavior'] ?? 'Isolated').toLowerCase() === 'isolated' && first['invert'] !== true;
    const pattern = splitPattern(first);
    return isolated && pattern ? { pattern } : undefined;
  }
  const cut = uncuttable === undefined ? /[^]+/gu : cutPattern(uncuttable);
  if (configs.length === 0) return { pattern: cut };
  if (configs.length === 1 && first?.['type'] === 'Metaspace') {
    const { marker, scheme } = metaspace(first);
    if (marker !== '▁') return undefined;
    const prepare = (text: string, atStart: boolean): string => {
      const marked = text.replaceAll(' ', marker);
      const prefixed = scheme === 'always' || (scheme === 'first' && atStart);
      return prefixed && marked !== '' && !marked.startsWith(marker) ? marker + marked : marked;
    };
    return { pattern: first['split'] !== false ? /▁?[^▁]+|▁/gu : cut, prepare };
  }
  return undefined;
}

const inClass = (characters: string): string => escapeRegExp(characters).replaceAll('-', '\\-');

function cutPattern(uncuttable: string): RegExp {
  if (uncuttable === '') return /▁*[^▁]+|▁+/gu;
  return new RegExp(`▁*(?:[^▁]|(?<=[${inClass(uncuttable)}])▁+)+|▁+`, 'gu');
}

function splitPattern(config: Readonly<Record<string, unknown>>): RegExp | undefined {
  const { pattern } = new SplitPreTokenizer({ ...config, type: 'Split' } as ConstructorParameters<
    typeof SplitPreTokenizer
  >[0]);
  return pattern ? unicodeSpaces(pattern) : undefined;
}

/** White space as the tokenizers' own expressions have it: JavaScript's `\s` has U+FEFF besides, and lacks U+0085. */
export function unicodeSpaces(pattern: RegExp): RegExp {
  const source = pattern.source.replaceAll(/\\[^]/g, (escape) =>
    escape === '\\s' ? '\\p{White_Space}' : escape === '\\S' ? '\\P{White_Space}' : escape,
  );
  return new RegExp(source, pattern.flags);
}

function metaspace(config: Readonly<Record<string, unknown>>): { readonly marker: string; readonly scheme: unknown } {
  return {
    marker: typeof config['replacement'] === 'string' ? config['replacement'] : '▁',
    scheme: config['prepend_scheme'] ?? (config['add_prefix_space'] === false ? 'never' : 'always'),
  };
}

function flatten(config: unknown): Readonly<Record<string, unknown>>[] {
  const one = asRecord(config);
  if (!one) return [];
  const inner = one['pretokenizers'];
  return one['type'] === 'Sequence' && Array.isArray(inner) ? inner.flatMap(flatten) : [one];
}

/** A part of a word, by positions in its key. */
function part(piece: Word, from: number, to: number): Word {
  if (from === 0 && to === piece.key.length) return piece;
  const start = piece.start + Math.max(0, from - piece.added);
  return {
    key: piece.key.slice(from, to),
    start,
    end: piece.start + Math.max(0, to - piece.added),
    added: from === 0 ? piece.added : 0,
  };
}

function patternStage(pattern: RegExp, behavior: string, invert: boolean): Stage {
  const kind = behavior.toLowerCase().replaceAll('_', '');
  return {
    split(piece, _first, out) {
      const { key } = piece;
      let last = 0;
      // Pieces with the mark whether they are a delimiter.
      const cuts: { from: number; to: number; match: boolean }[] = [];
      for (const match of key.matchAll(pattern)) {
        if (match.index > last) cuts.push({ from: last, to: match.index, match: invert });
        last = match.index + match[0].length;
        if (match[0] !== '') cuts.push({ from: match.index, to: last, match: !invert });
      }
      if (last < key.length) cuts.push({ from: last, to: key.length, match: invert });
      if (kind === 'isolated' || cuts.length === 0) {
        for (const cut of cuts) out.push(part(piece, cut.from, cut.to));
        return;
      }
      if (kind === 'removed') {
        for (const cut of cuts) if (!cut.match) out.push(part(piece, cut.from, cut.to));
        return;
      }
      let from = cuts[0]!.from;
      for (let i = 1; i <= cuts.length; i++) {
        const before = cuts[i - 1]!;
        const after = cuts[i];
        const joined =
          after !== undefined &&
          (kind === 'mergedwithprevious'
            ? after.match && !before.match
            : kind === 'mergedwithnext'
              ? before.match && !after.match
              : before.match === after.match);
        if (joined) continue;
        out.push(part(piece, from, before.to));
        from = before.to;
      }
    },
  };
}

function prefixStage(marker: string, applies: (first: boolean) => boolean): Stage {
  return {
    split(piece, first, out) {
      const plain = piece.key === '' || piece.key.startsWith(marker) || !applies(first);
      out.push(plain ? piece : { ...piece, key: marker + piece.key, added: 1 });
    },
  };
}

function replaceStage(from: string, to: string): Stage {
  return {
    split(piece, _first, out) {
      out.push({ ...piece, key: piece.key.replaceAll(from, to) });
    },
  };
}
