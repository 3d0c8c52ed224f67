import type { Tokenizer } from './tokenizer';
import { CHAR_TO_BYTE, utf8Decode, utf8Encode } from './unicode';

/**
 * Text of every token of a sequence, each by itself. A token that holds only some bytes of a character shows them as
 * `⟨F0 9F⟩`; the token that completes the character shows the character behind its own bytes: `⟨98 80⟩😀`.
 */
export function tokenTexts(ids: ArrayLike<number>, tokenizer: Tokenizer): string[] {
  const readBytes = byteReader(tokenizer);
  const bytes: number[] = [];
  const owners: number[] = [];
  for (let i = 0; i < ids.length; i++)
    for (const byte of readBytes(ids[i]!)) {
      bytes.push(byte);
      owners.push(i);
    }
  const texts = new Array<string>(ids.length).fill('');
  for (let at = 0; at < bytes.length;) {
    const size = characterAt(bytes, at);
    const last = owners[at + Math.max(1, size) - 1]!;
    if (size > 0 && owners[at] === last) {
      let end = at + size;
      // A run of whole characters of one token is decoded together.
      while (owners[end] === last) {
        const next = characterAt(bytes, end);
        if (next === 0 || owners[end + next - 1] !== last) break;
        end += next;
      }
      texts[last] += utf8Decode(bytes.slice(at, end));
      at = end;
      continue;
    }
    const end = at + Math.max(1, size);
    for (let i = at; i < end;) {
      const owner = owners[i]!;
      const from = i;
      while (i < end && owners[i] === owner) i++;
      texts[owner] += `⟨${bytes.slice(from, i).map(hex).join(' ')}⟩`;
    }
    if (size > 0) texts[last] += utf8Decode(bytes.slice(at, end));
    at = end;
  }
  return texts;
}

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0');

/** Length in bytes of the character that begins at `at`; 0 where the bytes are no UTF-8. */
function characterAt(bytes: readonly number[], at: number): number {
  const lead = bytes[at]!;
  const size =
    lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : (lead & 0xf0) === 0xe0 ? 3 : (lead & 0xf8) === 0xf0 ? 4 : 0;
  if (size <= 1) return size;
  if (at + size > bytes.length) return 0;
  let wrong = false;
  utf8Decode(bytes.slice(at, at + size), () => (wrong = true));
  return wrong ? 0 : size;
}

/** Bytes that a token stands for. */
function byteReader(tokenizer: Tokenizer): (id: number) => number[] {
  const special = new Set(tokenizer.specialTokens);
  // A byte-level vocabulary writes the two bytes of this letter as two characters of its own alphabet.
  const probe = Array.from(tokenizer.encode('é').ids, (id) => tokenizer.tokenText(id) ?? '').join('');
  const byteLevel = probe.includes('Ã');
  return (id) => {
    const token = tokenizer.tokenText(id) ?? `⟨token ${id}⟩`;
    if (special.has(token)) return utf8Encode(token);
    const single = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
    if (single) return [Number.parseInt(single[1]!, 16)];
    if (!byteLevel) return utf8Encode(token.replaceAll('▁', ' '));
    const bytes: number[] = [];
    for (const char of token) {
      const byte = CHAR_TO_BYTE.get(char);
      // Added tokens are written in plain text.
      if (byte === undefined) return utf8Encode(token);
      bytes.push(byte);
    }
    return bytes;
  };
}
