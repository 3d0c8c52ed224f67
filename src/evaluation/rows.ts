/** A data file as an evaluation reads it: what the model is asked, what it should answer, which tokens are scored. */
import { createHash } from 'node:crypto';
import { Failure } from '../common/failure';
import { createRandom } from '../common/random';
import type { Example } from '../dataset/conversation';
import { decodeText } from '../dataset/encoding';
import type { EncodedExample } from '../dataset/example';
import { type Format, type FormatId, detectFormat, formatById } from '../dataset/formats';
import { isBlank, parseLine, splitLines } from '../dataset/jsonl';
import { encodeExample } from '../dataset/labels';
import { detectTextFormat } from '../dataset/records';
import { asRecord, checkShape } from '../dataset/shape';
import type { CheckedBase } from '../training/base';
import { readBytes } from '../training/data';
import { askedOf } from './asked';
import { Complaints } from './complaints';
import { stridedSpans } from './metrics/perplexity';

export interface EvaluationRow {
  /** 1-based. */
  readonly line: number;
  /** The last message before the answer; the text itself where the record is no conversation. */
  readonly prompt: string;
  /** What the model should write, as the template renders it, without special tokens. Empty for plain texts. */
  readonly reference: string;
  readonly referenceTokens: number;
  /** The reference calls tools. */
  readonly callsTools: boolean;
  /** Missing where there is nothing to answer, or no room for the answer. */
  readonly promptTokens: Int32Array | undefined;
  /** The record as it is trained; a long text in several windows. Empty where no trained token is left. */
  readonly examples: readonly EncodedExample[];
}

export interface EvaluationData {
  readonly path: string;
  /** Of the bytes of the file. */
  readonly sha256: string;
  readonly format: FormatId;
  /** Records of the file, those that cannot be evaluated included. */
  readonly records: number;
  /** In the order of the file. */
  readonly rows: readonly EvaluationRow[];
  /** What was left out or cut, and why. */
  readonly notes: readonly string[];
}

export interface RowOptions {
  readonly format: FormatId | 'auto';
  /** Records are cut here, as in training; longer plain texts are read in windows of so many tokens. */
  readonly maxLength: number;
  /** Most tokens of prompt and answer together. */
  readonly contextLength: number;
  /** Only these lines. */
  readonly lines?: ReadonlySet<number> | undefined;
  /** A seeded sample of so many rows. */
  readonly limit?: number | undefined;
  readonly seed: number;
}

/** Apart from the uses of the same seed in training. */
const SAMPLE_STREAM = 600_000;

/**
 * @throws Failure (exit code 2) `data-unreadable`, `data-empty`, `data-format`, or `data-unusable` where no record can be
 * evaluated
 */
export function readEvaluationData(
  path: string,
  checked: Pick<CheckedBase, 'template' | 'tokenizer'>,
  options: RowOptions,
): EvaluationData {
  const bytes = readBytes(path);
  const { text } = decodeText(bytes);
  const lines = [...splitLines(text)].filter(({ start, end }) => !isBlank(text.slice(start, end)));
  if (lines.length === 0)
    throw new Failure('data-empty', `${path} holds no record.`, 'Name a file of JSON Lines with records in it.', 2);
  const id = options.format === 'auto' ? detectTextFormat(text) : options.format;
  if (id === undefined)
    throw new Failure(
      'data-format',
      `${path}: its records have the keys of no known format.`,
      `"fine-tune check ${path}" says what to change.`,
      2,
    );
  const wanted = options.lines ? lines.filter(({ number }) => options.lines!.has(number)) : lines;
  const sampled = options.limit !== undefined && options.limit < wanted.length;
  const order = sampled ? createRandom(options.seed, SAMPLE_STREAM).shuffle([...wanted]) : wanted;
  const complaints = new Complaints();
  const rows: EvaluationRow[] = [];
  for (const { number, start, end } of order) {
    if (rows.length === options.limit) break;
    const row = readRow(text.slice(start, end), number, formatById(id), checked, options, complaints);
    if (row) rows.push(row);
  }
  if (rows.length === 0)
    throw new Failure(
      'data-unusable',
      [`${path}: none of its ${order.length} records can be evaluated.`, ...complaints.notes()].join('\n'),
      `"fine-tune check ${path}" says what to change.`,
      2,
    );
  return {
    path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    format: id,
    records: lines.length,
    rows: rows.sort((a, b) => a.line - b.line),
    notes: complaints.notes(),
  };
}

function readRow(
  source: string,
  line: number,
  format: Format,
  checked: Pick<CheckedBase, 'template' | 'tokenizer'>,
  options: RowOptions,
  complaints: Complaints,
): EvaluationRow | undefined {
  const parsed = parseLine(source);
  const record = parsed.ok ? asRecord(parsed.value) : undefined;
  if (!record) return complaints.leaveOut(line, 'No JSON object');
  const detected = detectFormat(record);
  if (checkShape(format.shape, record).length > 0)
    return complaints.leaveOut(
      line,
      detected.kind === 'known' && detected.format !== format
        ? `Another format than "${format.id}"`
        : 'Records with errors',
    );
  const example = format.toExample(record);
  if (!example) return complaints.leaveOut(line, 'A label that is not true');
  try {
    return encodeRow(example, line, checked, options, complaints);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return complaints.leaveOut(line, error.message.replace(/\.$/, ''));
  }
}

function encodeRow(
  example: Example,
  line: number,
  checked: Pick<CheckedBase, 'template' | 'tokenizer'>,
  { maxLength, contextLength }: RowOptions,
  complaints: Complaints,
): EvaluationRow | undefined {
  const isText = example.kind === 'plain' && example.masked === '';
  const whole = encodeExample(example, { ...checked, maxLength: isText ? Infinity : maxLength, line });
  const scored = isText ? windowsOf(whole, maxLength) : whole.trained.includes(1) ? [whole] : [];
  const asked = isText ? undefined : askedOf(example, line, checked);
  if (!isText && !asked) return complaints.leaveOut(line, 'No trained answer of the assistant');
  if (asked?.referenceTokens === 0 && scored.length === 0)
    return complaints.leaveOut(
      line,
      asked.callsTools ? 'Tool calls that the chat template leaves out' : 'An empty answer',
    );
  const hasRoom = asked !== undefined && asked.promptTokens.length < contextLength;
  if (scored.length === 0 && !hasRoom)
    return complaints.leaveOut(line, `A prompt of more than ${Math.max(maxLength, contextLength)} tokens`);
  if (asked && !hasRoom)
    complaints.note(line, `A prompt of more than ${contextLength} tokens, so that no answer is written`);
  if (scored.length === 0)
    complaints.note(line, `No trained token among the first ${maxLength}, so that there is no likelihood`);
  else if (!isText && whole.lostTrainedTokens > 0)
    complaints.note(line, `Cut after ${maxLength} tokens, as in training`);
  if (isText && scored.length > 1) complaints.note(line, `Read in windows of ${maxLength} tokens`);
  return {
    line,
    prompt: asked?.prompt ?? (example.kind === 'plain' ? example.trained : ''),
    reference: asked?.reference ?? '',
    referenceTokens: asked?.referenceTokens ?? 0,
    callsTools: asked?.callsTools ?? false,
    promptTokens: hasRoom ? asked.promptTokens : undefined,
    examples: scored,
  };
}

/** Half the window is read again before each window that follows. */
function windowsOf(whole: EncodedExample, window: number): EncodedExample[] {
  if (whole.tokens.length <= window) return whole.trained.includes(1) ? [whole] : [];
  return stridedSpans(whole.tokens.length, window, Math.max(1, Math.floor(window / 2))).map(
    ({ start, end, scoredFrom }) => {
      const trained = whole.trained.slice(start, end);
      trained.fill(0, 0, scoredFrom - start);
      return { ...whole, tokens: whole.tokens.slice(start, end), trained };
    },
  );
}
