import { messageFrom, placeholdersIn, placeMedia, Refused, type Raw, type RawMessage } from './conversion-messages';
import { writeRecord, type Source, type Style } from './conversion-writers';
import { type Format, type FormatId, type Turn } from './formats';
import { toTools, wrapped } from './formats/message';
import { toPair } from './formats/preference';
import { baseOf, labelOf } from './formats/unpaired-preference';
import { asRecord } from './shape';

export { STYLES, type Style } from './conversion-writers';

export type Conversion =
  | {
      readonly kind: 'converted';
      /** One record, or the good and the bad answer of a preference. */
      readonly records: readonly Raw[];
      /** Keys whose values have no place in the new format; `[]` stands for every message. */
      readonly dropped: readonly string[];
    }
  /** The record is not meant for the new format: its answer is a bad one. */
  | { readonly kind: 'left-out' }
  /** The new format cannot say what the record says. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Writes a record in another format so that it trains the same. What cannot be carried refuses the record, or is
 * named in `dropped` when it is not trained. The record must have the shape of `from`.
 */
export function convertRecord(record: Raw, from: Format, to: FormatId, style: Style = 'trl'): Conversion {
  if (from.id === to && to !== 'chat' && to !== 'preference')
    return { kind: 'converted', records: [record], dropped: [] };
  const impossible = conversionProblem(from.id, to);
  if (impossible !== undefined) return { kind: 'refused', reason: impossible };
  const dropped = new Set<string>();
  try {
    const source = read(record, from, dropped);
    if (!source) return { kind: 'left-out' };
    return { kind: 'converted', records: writeRecord(source, to, style, dropped), dropped: [...dropped] };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', reason: error.message };
    throw error;
  }
}

/** Why no record of one format can become one of another; a sentence. */
export function conversionProblem(from: FormatId, to: FormatId): string | undefined {
  if (from === to) return undefined;
  if (from === 'text') return 'A plain text says neither what is asked nor what is answered.';
  if (to === 'text') return 'A plain text cannot say which part of it is trained.';
  if (to === 'preference') return 'A preference needs a rejected answer as well, and the records have none.';
  if (to === 'unpaired-preference' && from !== 'preference')
    return 'The records do not say whether their answers are good ones.';
  return undefined;
}

/** @returns `undefined` for a record that is not meant to be trained */
function read(record: Raw, from: Format, dropped: Set<string>): Source | undefined {
  if (from.id === 'preference') return readPair(record, from, dropped);
  if (from.id !== 'unpaired-preference') return readAnswer(record, from, dropped);
  const { key, value } = labelOf(record);
  if (typeof value !== 'boolean') throw new Refused(`The "${key}" is neither true nor false.`);
  const { [key]: _label, ...rest } = record;
  return value ? readAnswer(rest, baseOf(record), dropped) : undefined;
}

function readAnswer(record: Raw, from: Format, dropped: Set<string>): Source {
  const turns = from.turns(record);
  const messages = messagesOf(turns, placeholdersIn(turns, record), dropped);
  const first = from.id === 'completion' ? turns.findIndex(({ pointer }) => pointer.startsWith('/completion')) : -1;
  const { prompt, completion } = record;
  const plain = typeof prompt === 'string' && typeof completion === 'string' && from.id === 'completion';
  return {
    prompt: messages.slice(0, first < 0 ? -1 : first),
    answer: messages.slice(first < 0 ? -1 : first),
    rejected: undefined,
    plain: plain ? { prompt, answer: completion, rejected: undefined } : undefined,
    ...extrasOf(record, from, dropped),
  };
}

function readPair(record: Raw, from: Format, dropped: Set<string>): Source {
  const turns = from.turns(record);
  const placeholders = placeholdersIn(turns, record);
  const side = (wanted: Turn['side']): RawMessage[] =>
    messagesOf(
      turns.filter((turn) => turn.side === wanted),
      placeholders,
      dropped,
    );
  const pair = toPair(record);
  // Both answers are whole, whichever of them is trained.
  const [answer, rejected] = [side('chosen'), side('rejected')].map((messages) =>
    messages.map(({ weight: _weight, ...message }) => message),
  );
  return {
    prompt: side('prompt'),
    answer: answer!,
    rejected: rejected!,
    plain:
      pair.kind === 'plain'
        ? { prompt: pair.prompt, answer: pair.chosen.trained, rejected: pair.rejected.trained }
        : undefined,
    ...extrasOf(record, from, dropped),
  };
}

function messagesOf(turns: readonly Turn[], placeholders: readonly string[], dropped: Set<string>): RawMessage[] {
  return turns.map((turn) => placeMedia(messageFrom(turn, dropped), placeholders));
}

const MEDIA_KEYS = ['images', 'image', 'videos', 'audios'];

function extrasOf(record: Raw, from: Format, dropped: Set<string>): Pick<Source, 'tools' | 'parallel' | 'media'> {
  const known = from.shape.fields;
  for (const key of Object.keys(record)) if (!Object.hasOwn(known, key)) dropped.add(key);
  // OpenAI's preference records hold their tools in the input.
  const owner = from.id === 'preference' ? (asRecord(record['input']) ?? record) : record;
  const offered = toTools(owner);
  if (!offered && typeof owner['tools'] === 'string' && !/^\s*(\[\s*\])?\s*$/.test(owner['tools']))
    throw new Refused('"tools" is a text that holds no JSON list.');
  const flat = from.id === 'sharegpt' || from.id === 'preference';
  const media = MEDIA_KEYS.filter((key) => record[key] !== undefined && record[key] !== null);
  return {
    tools: flat ? offered?.map(wrapped) : offered,
    parallel: owner['parallel_tool_calls'],
    media: Object.fromEntries(media.map((key) => [key, record[key]])),
  };
}
