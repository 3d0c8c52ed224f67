import type { Encoding } from '../tokenizer';
import type { Section } from './added-tokens';
import { alignNormalized, type Alignment } from './alignment';
import { TokenBuffer, type WordTable } from './word-table';
import type { WordPattern, WordSplitter } from './words';

export interface EncoderParts {
  /** Finds added tokens in the raw text, and in the normalised text. */
  readonly splitRaw: (text: string) => Section[];
  readonly splitNormalized: (text: string) => Section[];
  readonly normalize: ((text: string) => string) | undefined;
  readonly words: WordPattern | WordSplitter;
  readonly table: WordTable;
  /** Whether `words` says where words stand. */
  readonly placed: boolean;
}

/** The pipeline of a tokenizer: added tokens, normalisation, words, tokens of words. */
export function createEncoder(parts: EncoderParts): (text: string) => Encoding {
  const { splitRaw, splitNormalized, normalize, words, table, placed } = parts;
  const out = new TokenBuffer();
  const encodePart = typeof words === 'function' ? splitWords(words, table, out, placed) : scanWords(words, table, out);
  return (text) => {
    out.length = 0;
    let aligned = true;
    for (const section of splitRaw(text)) {
      if (section.token) {
        out.push(section.token.id, section.start, section.end);
        continue;
      }
      const raw = text.slice(section.start, section.end);
      const normalized = normalize ? normalize(raw) : raw;
      const same = normalized === raw;
      // Ranges are right at once where normalisation changes nothing, and are mapped back afterwards where it does.
      const base = same ? section.start : 0;
      const first = out.length;
      for (const part of splitNormalized(normalized)) {
        if (part.token) out.push(part.token.id, base + part.start, base + part.end);
        else if (
          !encodePart(normalized.slice(part.start, part.end), base + part.start, section.start + part.start === 0)
        )
          aligned = false;
      }
      if (same) continue;
      const map = alignNormalized(raw, normalized, normalize!);
      if (!map) aligned = false;
      mapBack(out, first, section.start, raw.length, map);
    }
    const { length } = out;
    return {
      ids: out.ids.slice(0, length),
      starts: out.starts.slice(0, length),
      ends: out.ends.slice(0, length),
      aligned,
    };
  };
}

/** Without text between them, the words are looked up where they stand. False: some ranges are not known. */
type PartEncoder = (text: string, base: number, first: boolean) => boolean;

function scanWords({ pattern, prepare }: WordPattern, table: WordTable, out: TokenBuffer): PartEncoder {
  const flags = pattern.flags.replace('g', '');
  const here = new RegExp(pattern.source, `${flags}y`);
  const anywhere = new RegExp(pattern.source, `${flags}g`);
  const gapEnd = (text: string, at: number): number => {
    anywhere.lastIndex = at;
    for (let match = anywhere.exec(text); match; match = anywhere.exec(text)) {
      if (match[0] !== '') return match.index;
      anywhere.lastIndex += (text.codePointAt(match.index) ?? 0) > 0xffff ? 2 : 1;
    }
    return text.length;
  };
  return (given, base, atStart) => {
    const text = prepare ? prepare(given, atStart) : given;
    const added = text.length - given.length;
    const first = out.length;
    let exact = true;
    for (let at = 0; at < text.length;) {
      here.lastIndex = at;
      let end = here.test(text) ? here.lastIndex : 0;
      if (end <= at) end = gapEnd(text, at);
      if (!table.append(text, at, end, base - added, out)) exact = false;
      at = end;
    }
    // The marker in front has no place in the text.
    for (let i = first; added > 0 && i < out.length && out.starts[i]! < base; i++) {
      out.starts[i] = base;
      out.ends[i] = Math.max(base, out.ends[i]!);
    }
    return exact;
  };
}

function splitWords(split: WordSplitter, table: WordTable, out: TokenBuffer, placed: boolean): PartEncoder {
  return (text, base, atStart) => {
    let exact = placed;
    for (const word of split(text, atStart)) {
      const first = out.length;
      if (!table.append(word.key, 0, word.key.length, 0, out)) exact = false;
      for (let i = first; i < out.length; i++) {
        const start = Math.max(0, out.starts[i]! - word.added);
        const end = Math.max(0, out.ends[i]! - word.added);
        out.starts[i] = base + (placed ? word.start + start : 0);
        out.ends[i] = base + (placed ? word.start + end : text.length);
      }
    }
    return exact;
  };
}

/** Turns places in a normalised section into places in the text; without a map every token has the whole section. */
function mapBack(out: TokenBuffer, first: number, base: number, length: number, map: Alignment | undefined): void {
  for (let i = first; i < out.length; i++) {
    const start = out.starts[i]!;
    const end = out.ends[i]!;
    let from = 0;
    let to = length;
    if (map && 'added' in map) {
      from = Math.max(0, start - map.added);
      to = Math.max(0, end - map.added);
    } else if (map) {
      from = map.starts[start] ?? length;
      to = Math.max(from, end === 0 ? 0 : map.ends[end - 1]!);
    }
    out.starts[i] = base + from;
    out.ends[i] = base + to;
  }
}
