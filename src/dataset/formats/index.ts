import { chat } from './chat';
import { completion } from './completion';
import type { Format, FormatId } from './format';
import { instruction } from './instruction';
import { text } from './text';

export { answersOf, promptsOf } from './format';
export type { Answer, Format, FormatId, Prompt, TextPart, Turn } from './format';

/** In the order in which they are tried. */
export const FORMATS: readonly Format[] = [chat, completion, instruction, text];

export function formatById(id: FormatId): Format {
  return FORMATS.find((format) => format.id === id)!;
}

/** A format that is known but cannot be trained by this version, and what to do with it. */
interface OtherFormat {
  readonly id: string;
  readonly advice: string;
}

export type Detection =
  | { readonly kind: 'known'; readonly format: Format }
  | { readonly kind: 'other'; readonly other: OtherFormat }
  | { readonly kind: 'unknown' };

const PREFERENCE_KEYS = [
  ['chosen', 'rejected'],
  ['preferred_output', 'non_preferred_output'],
  ['chosen_messages', 'rejected_messages'],
] as const;

/** Format of one record by its keys. */
export function detectFormat(record: Readonly<Record<string, unknown>>): Detection {
  const has = (...keys: readonly string[]): boolean => keys.every((key) => Object.hasOwn(record, key));
  if (has('conversations')) return other('sharegpt', 'chat: {"messages": [{"role", "content"}]}');
  if (PREFERENCE_KEYS.some((keys) => has(...keys)))
    return other('preference', 'completion, with the chosen answer as "completion"');
  if (has('prompt', 'completion', 'label') || (has('messages', 'label') && typeof record['label'] === 'boolean'))
    return other('unpaired-preference', 'completion, with the records whose "label" is true');
  const format = FORMATS.find((one) => one.recognises(record));
  return format ? { kind: 'known', format } : { kind: 'unknown' };
}

function other(id: string, advice: string): Detection {
  return { kind: 'other', other: { id, advice } };
}

const LOOKED_AT = 20;

/**
 * Format of a file: that of its first record; when that one's keys belong to no format, of the first among the next
 * records whose keys do, so that one broken record does not hide what the file is.
 */
export function detectFileFormat(records: Iterable<Readonly<Record<string, unknown>>>): Detection {
  let first: Detection = { kind: 'unknown' };
  let seen = 0;
  for (const record of records) {
    const detection = detectFormat(record);
    if (detection.kind === 'known') return detection;
    if (seen === 0) first = detection;
    if (first.kind === 'other' || ++seen >= LOOKED_AT) break;
  }
  return first;
}
