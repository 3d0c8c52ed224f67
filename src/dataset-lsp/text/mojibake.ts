import { utf8Decode } from '../../dataset/unicode';

/** Part of a text that is UTF-8 read as Windows-1252 or Latin-1, and what it was. */
export interface Mojibake {
  readonly start: number;
  readonly end: number;
  readonly original: string;
}

/** What Windows-1252 has at 0x80–0x9F; the five free places are control characters, as browsers read them. */
const CP1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
const BYTES: ReadonlyMap<number, number> = new Map([...CP1252].map((char, i) => [char.charCodeAt(0), 0x80 + i]));

/** A lead byte and one that follows it. */
const PAIR = new RegExp(`[\\u00c2-\\u00f4][\\u00a0-\\u00bf\\u0080-\\u009f${CP1252}]`);

interface Sequence {
  readonly start: number;
  readonly end: number;
  readonly char: string;
  /** It is hardly ever meant as it stands; others count only in company. */
  readonly sure: boolean;
}

/** Finds wrongly decoded text by decoding it rightly: what is no UTF-8 is none. Neighbouring sequences are one part. */
export function findMojibake(text: string): Mojibake[] {
  if (!PAIR.test(text)) return [];
  const all = sequencesOf(text);
  // Words of a script that has two or three bytes a letter come in rows.
  const rows = all.filter((one, i) => one.sure || all[i - 1]?.end === one.start || one.end === all[i + 1]?.start);
  const counted = rows.some(({ sure }) => sure) || rows.length >= 3 ? rows : [];
  const parts: Mojibake[] = [];
  for (const { start, end, char } of counted) {
    const last = parts.at(-1);
    if (last?.end === start) parts[parts.length - 1] = { start: last.start, end, original: last.original + char };
    else parts.push({ start, end, original: char });
  }
  return parts;
}

/** The text as it was, however often it was wrongly decoded. */
export function repairMojibake(text: string): string {
  let repaired = text;
  for (let time = 0; time < 4; time++) {
    const parts = findMojibake(repaired);
    if (parts.length === 0) break;
    let next = '';
    let from = 0;
    for (const { start, end, original } of parts) {
      next += repaired.slice(from, start) + original;
      from = end;
    }
    repaired = next + repaired.slice(from);
  }
  return repaired;
}

function sequencesOf(text: string): Sequence[] {
  const found: Sequence[] = [];
  // Lead and following bytes are both outside of ASCII, so every second character is enough to look at.
  for (let at = 1; at < text.length; at += 2) {
    if (text.charCodeAt(at) < 0x80) continue;
    const before = text.charCodeAt(at - 1) >= 0xc2 ? sequenceAt(text, at - 1) : undefined;
    const sequence = before ?? sequenceAt(text, at);
    if (!sequence) continue;
    found.push(sequence);
    at = sequence.end - 1;
  }
  return found;
}

function sequenceAt(text: string, start: number): Sequence | undefined {
  const lead = text.charCodeAt(start);
  if (lead < 0xc2 || lead > 0xf4) return undefined;
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const bytes = [lead];
  for (let i = 1; i < size; i++) {
    const code = text.charCodeAt(start + i);
    const byte = code >= 0x80 && code <= 0xbf ? code : BYTES.get(code);
    if (byte === undefined || byte > 0xbf) return undefined;
    bytes.push(byte);
  }
  const char = utf8Decode(bytes);
  if (char.includes('\uFFFD') && lead !== 0xef) return undefined;
  const end = start + size;
  const sure = isSure(bytes, text, start, end);
  return sure === undefined ? undefined : { start, end, char, sure };
}

/** `undefined` for what is plainly meant as it stands: « É», à », “Ä…”. */
function isSure(bytes: readonly number[], text: string, start: number, end: number): boolean | undefined {
  const [lead, second, third] = bytes;
  const before = text[start - 1] ?? '';
  const mark = /[\u00a0\u00ab\u00bb‘’“”„‚…–—‹›•™]/.test(text[start + 1]!);
  switch (lead) {
    case 0xc2:
    case 0xc3:
      // «IRMÃ»: the end of a word in capitals, then a quotation mark.
      return mark && /\p{Lu}/u.test(before) ? undefined : true;
    case 0xc4:
    case 0xc5:
      return !mark && (/\p{Ll}/u.test(before) || /\p{Ll}/u.test(text[end] ?? ''));
    case 0xce:
    case 0xcf:
    case 0xd0:
    case 0xd1:
    case 0xd7:
    case 0xd8:
    case 0xd9:
      return false;
    case 0xe2:
      return second === 0x80 || second === 0x82 || second === 0x84 || second === 0x86 || second === 0x88;
    case 0xef:
      return (second === 0xbf && third === 0xbd) || (second === 0xbb && third === 0xbf);
    case 0xf0:
      return second === 0x9f;
    default:
      // French writes a space that does not break between é and ».
      return lead !== undefined && lead >= 0xe0 && lead < 0xf0 && second !== 0xa0 ? false : undefined;
  }
}
