/** UTF-8 without `TextEncoder`, which the pure folders do not have, and the byte alphabet of byte-level tokenizers. */

/** Length in bytes of one code point. */
export function utf8Length(codePoint: number): 1 | 2 | 3 | 4 {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

/** UTF-8 bytes of a text. A lone surrogate becomes U+FFFD, as `TextEncoder` has it. */
export function utf8Encode(text: string): number[] {
  const bytes: number[] = [];
  for (const char of text) {
    let c = char.codePointAt(0)!;
    if (c >= 0xd800 && c <= 0xdfff) c = 0xfffd;
    if (c < 0x80) bytes.push(c);
    else if (c < 0x800) bytes.push(0xc0 | (c >> 6), 0x80 | (c & 63));
    else if (c < 0x10000) bytes.push(0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
    else bytes.push(0xf0 | (c >> 18), 0x80 | ((c >> 12) & 63), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
  }
  return bytes;
}

/**
 * Decodes UTF-8. Wrong bytes become U+FFFD by the rule of the Unicode standard (one for each maximal wrong part),
 * and `onError(byteOffset, textLength)` is told where they are: `textLength` is the length of the text so far.
 */
export function utf8Decode(
  bytes: ArrayLike<number>,
  onError?: (byteOffset: number, textLength: number) => void,
): string {
  const parts: string[] = [];
  let done = 0;
  let units: number[] = [];
  const flush = (): void => {
    parts.push(String.fromCharCode(...units));
    done += units.length;
    units = [];
  };
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i]!;
    if (lead < 0x80) {
      units.push(lead);
      i++;
    } else {
      const size = lead >= 0xc2 && lead <= 0xdf ? 2 : (lead & 0xf0) === 0xe0 ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
      // The second byte excludes overlong forms, surrogates and what lies above U+10FFFF.
      const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
      let codePoint = size === 2 ? lead & 31 : size === 3 ? lead & 15 : lead & 7;
      let read = 1;
      while (size > 0 && read < size && i + read < bytes.length) {
        const next = bytes[i + read]!;
        if (next < (read === 1 ? low : 0x80) || next > (read === 1 ? high : 0xbf)) break;
        codePoint = (codePoint << 6) | (next & 63);
        read++;
      }
      if (size > 0 && read === size) {
        if (codePoint < 0x10000) units.push(codePoint);
        else units.push(0xd7c0 + (codePoint >> 10), 0xdc00 | (codePoint & 0x3ff));
      } else {
        onError?.(i, done + units.length);
        units.push(0xfffd);
      }
      i += read;
    }
    if (units.length >= 4096) flush();
  }
  flush();
  return parts.join('');
}

/** GPT-2's alphabet: byte → printable character. Byte-level vocabularies are written in it. */
export const BYTE_TO_CHAR: readonly string[] = byteAlphabet();
export const CHAR_TO_BYTE: ReadonlyMap<string, number> = new Map(BYTE_TO_CHAR.map((char, byte) => [char, byte]));

function byteAlphabet(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(printable ? byte : next++);
  });
}
