/**
 * Where each UTF-16 unit of a normalised text comes from in the raw text: the same place less `added` characters that
 * were put in front, or a place of its own.
 */
export type Alignment = { readonly added: number } | { readonly starts: Int32Array; readonly ends: Int32Array };

/**
 * Maps a normalised text back to its raw text; `undefined` when that cannot be done safely. A normalizer is a black
 * box, so the map is found by comparing: first character by character (markers for spaces, a marker added in front),
 * then by normalising small parts that Unicode normalisation never joins, which must give the same whole.
 */
export function alignNormalized(
  raw: string,
  normalized: string,
  normalize: (text: string) => string,
): Alignment | undefined {
  return byCharacter(raw, normalized) ?? byPart(raw, normalized, normalize);
}

function byCharacter(raw: string, normalized: string): Alignment | undefined {
  const added = normalized.length - raw.length;
  if (added !== 0 && !(added === 1 && normalized.startsWith('▁'))) return undefined;
  for (let i = added; i < normalized.length; i++) {
    const a = normalized.charCodeAt(i);
    const b = raw.charCodeAt(i - added);
    if (a !== b && !(a === MARKER && b === SPACE)) return undefined;
  }
  return { added };
}

const MARKER = 0x2581;
const SPACE = 0x20;
const PART = /[\u1100-\u11ff\uac00-\ud7ff]+|[\s\S]\p{M}*/gu;

function byPart(raw: string, normalized: string, normalize: (text: string) => string): Alignment | undefined {
  const starts = new Int32Array(normalized.length);
  const ends = new Int32Array(normalized.length);
  let at = 0;
  for (const match of raw.matchAll(PART)) {
    const piece = normalize(match[0]);
    if (!normalized.startsWith(piece, at)) return undefined;
    starts.fill(match.index, at, at + piece.length);
    ends.fill(match.index + match[0].length, at, at + piece.length);
    at += piece.length;
  }
  return at === normalized.length ? { starts, ends } : undefined;
}
