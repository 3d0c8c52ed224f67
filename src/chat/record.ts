/** A good answer of a chat as a training record in the format of the file that it goes into. */
import { Failure } from '../common/failure';
import { convertRecord, type Style } from '../dataset/conversion';
import { formatById, type FormatId } from '../dataset/formats';
import { parseLine, splitLines } from '../dataset/jsonl';
import { detectTextFormat } from '../dataset/records';
import { asRecord } from '../dataset/shape';
import type { ChatMessage } from './conversation';

export interface GoodAnswer {
  /** The conversation before the answer; ends with the user's message. */
  readonly messages: readonly ChatMessage[];
  readonly answer: string;
  /** What the other model answered to the same question: the rejected answer, where the file holds preferences. */
  readonly worse?: string | undefined;
}

/** What a file wants of a new record, told from its beginning. */
export interface RecordStyle {
  readonly format: FormatId;
  readonly style: Style;
}

/**
 * @param head beginning of the file's text; an empty file gets records of the chat format
 * @throws Failure `unknown-format` where the records are of no known format
 */
export function recordStyleOf(head: string): RecordStyle {
  if (head.trim() === '') return { format: 'chat', style: 'trl' };
  const format = detectTextFormat(head);
  if (format === undefined)
    throw new Failure(
      'unknown-format',
      'The records of the file have the keys of no known format, so a new one cannot be written like them.',
      'Choose another file; "Fine-tune: Check Dataset File" shows what is wrong with this one.',
      2,
    );
  return { format, style: firstRecord(head)?.['preferred_output'] === undefined ? 'trl' : 'openai' };
}

/**
 * One line of JSON without its line feed. Only the answer itself is trained: earlier ones of the conversation get the
 * weight 0, since nobody has found them good.
 * @throws Failure `record-refused` where the format cannot say it
 */
export function recordLine({ messages, answer, worse }: GoodAnswer, { format, style }: RecordStyle): string {
  if (answer.trim() === '') throw refused(format, 'The answer is empty.', 'Write the answer that should be learned.');
  const prompt = messages.map((message) => (message.role === 'assistant' ? { ...message, weight: 0 } : message));
  const chosen = { role: 'assistant', content: answer };
  if (format === 'preference') {
    if (worse === undefined || worse.trim() === '' || worse === answer)
      throw refused(
        format,
        'The file holds pairs of a better and a worse answer, and there is no other answer to this message.',
        'Let both models answer, or choose a file of another format.',
      );
    const pair = { prompt: messages, chosen: [chosen], rejected: [{ role: 'assistant', content: worse }] };
    return written(pair, 'preference', format, style);
  }
  if (format === 'unpaired-preference') return JSON.stringify({ prompt: messages, completion: [chosen], label: true });
  return written({ messages: [...prompt, chosen] }, 'chat', format, style);
}

function written(record: Readonly<Record<string, unknown>>, from: FormatId, to: FormatId, style: Style): string {
  const conversion = convertRecord(record, formatById(from), to, style);
  if (conversion.kind === 'converted') return JSON.stringify(conversion.records[0]);
  const reason = conversion.kind === 'refused' ? conversion.reason : '';
  throw refused(to, reason, 'Choose a file of the format chat, which can hold any conversation, or a new file.');
}

function refused(format: FormatId, reason: string, hint: string): Failure {
  return new Failure('record-refused', `The answer cannot become a record of the format ${format}: ${reason}`, hint, 2);
}

function firstRecord(head: string): Readonly<Record<string, unknown>> | undefined {
  for (const { start, end } of splitLines(head)) {
    const parsed = parseLine(head.slice(start, end));
    const record = parsed.ok ? asRecord(parsed.value) : undefined;
    if (record) return record;
  }
  return undefined;
}
