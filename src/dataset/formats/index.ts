import { chat } from './chat';
import { completion } from './completion';
import type { Format, FormatId } from './format';
import { instruction } from './instruction';
import { preference } from './preference';
import { sharegpt } from './sharegpt';
import { text } from './text';
import { unpairedPreference } from './unpaired-preference';

export { answersOf, promptsOf } from './format';
export type { Answer, Format, FormatId, Prompt, TextPart, Turn } from './format';

/** In the order in which they are tried: those that say which answers are good come first. */
export const FORMATS: readonly Format[] = [
  preference,
  unpairedPreference,
  sharegpt,
  chat,
  completion,
  instruction,
  text,
];

export function formatById(id: FormatId): Format {
  return FORMATS.find((format) => format.id === id)!;
}

export type Detection = { readonly kind: 'known'; readonly format: Format } | { readonly kind: 'unknown' };

/** Format of one record by its keys. */
export function detectFormat(record: Readonly<Record<string, unknown>>): Detection {
  const format = FORMATS.find((one) => one.recognises(record));
  return format ? { kind: 'known', format } : { kind: 'unknown' };
}

/**
 * The other format that a record belongs to, when it is not one of the file's: it lacks what the file's format needs,
 * or it says which answer is bad, which the file's format would not see.
 * @param forced the format was named by the user
 */
export function foreignFormat(
  record: Readonly<Record<string, unknown>>,
  format: Format,
  misshapen: boolean,
  forced: boolean,
): Format | undefined {
  const detected = detectFormat(record);
  if (detected.kind === 'unknown' || detected.format === format) return undefined;
  const judges = detected.format === preference || detected.format === unpairedPreference;
  return misshapen || (judges && !forced) ? detected.format : undefined;
}

const LOOKED_AT = 20;

/**
 * Format of a file: that of its first record; when that one's keys belong to no format, of the first among the next
 * records whose keys do, so that one broken record does not hide what the file is.
 */
export function detectFileFormat(records: Iterable<Readonly<Record<string, unknown>>>): Detection {
  let seen = 0;
  for (const record of records) {
    const detection = detectFormat(record);
    if (detection.kind === 'known') return detection;
    if (++seen >= LOOKED_AT) break;
  }
  return { kind: 'unknown' };
}
