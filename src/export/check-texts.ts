/** The texts on which an exported model is compared with the trained one: records of the run where there are any. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { Failure } from '../common/failure';
import { assistantMessage, userMessage } from '../dataset/formats/format';
import { encodeExample } from '../dataset/labels';
import { readEvaluationData } from '../evaluation/rows';
import type { Subject, TunedRun } from '../evaluation/subject';

/** A text, and the places in it whose token is asked for; never the first one. */
export interface CheckText {
  readonly tokens: Int32Array;
  readonly places: readonly number[];
}

export interface CheckTexts {
  /** For the reader, for example `validation.jsonl`. */
  readonly source: string;
  readonly texts: readonly CheckText[];
}

const TEXTS = 10;
const PLACES = 8;
/** Longer ones only cost time: a wrong export shows at once. */
const MOST_TOKENS = 128;

/** Of the validation file, else of the training file, else sentences that are built in. */
export function checkTexts({ checked }: Pick<Subject, 'checked'>, run: TunedRun | undefined): CheckTexts {
  const most = checked.config.learnedPositions ? Math.min(MOST_TOKENS, checked.config.maxPositions) : MOST_TOKENS;
  const toTexts = (all: readonly Int32Array[]): CheckText[] =>
    all
      .map((tokens) => tokens.subarray(0, most))
      .filter((tokens) => tokens.length > 1)
      .map((tokens) => ({ tokens, places: spread(tokens.length) }));
  const files = run ? [run.settings.validation_file, run.settings.train_file] : [];
  for (const file of files) {
    if (file === null || !existsSync(file)) continue;
    const records = recordsOf(file, checked, run!);
    if (records.length > 0) return { source: basename(file), texts: toTexts(records) };
  }
  return { source: 'built-in texts', texts: toTexts(SENTENCES.map((pair) => encodeSentence(pair, checked))) };
}

/** None where the file is no longer what it was: the check is for the model. */
function recordsOf(file: string, checked: Subject['checked'], { settings }: TunedRun): Int32Array[] {
  const { format, max_length: maxLength, seed } = settings;
  try {
    const { rows } = readEvaluationData(file, checked, {
      format,
      maxLength,
      contextLength: maxLength,
      limit: TEXTS,
      seed,
    });
    return rows.flatMap(({ examples }) => examples.slice(0, 1).map(({ tokens }) => tokens));
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}

function encodeSentence([question, answer]: readonly [string, string], checked: Subject['checked']): Int32Array {
  const messages = [userMessage(question), assistantMessage(answer)];
  return encodeExample({ kind: 'conversation', messages }, { ...checked, maxLength: MOST_TOKENS, line: 0 }).tokens;
}

/** Places all over the text, the last one among them. */
function spread(length: number): number[] {
  const step = Math.max(1, (length - 1) / PLACES);
  const places = Array.from({ length: PLACES }, (_, i) => Math.round(length - 1 - i * step));
  return [...new Set(places)].filter((place) => place >= 1).sort((a, b) => a - b);
}

const SENTENCES = [
  ['What is the capital of France?', 'The capital of France is Paris.'],
  ['Write a short greeting.', 'Good morning! I hope you slept well.'],
  ['How many days has a week?', 'A week has seven days.'],
  ['Translate "house" into German.', '"House" is "Haus" in German.'],
  ['Name three colours.', 'Red, green and blue.'],
  ['What is 12 times 12?', '12 times 12 is 144.'],
  ['Why is the sky blue?', 'Air scatters the blue part of sunlight more than the red part.'],
  ['Give me a tip for better sleep.', 'Go to bed at the same time every evening.'],
  ['Complete: the early bird', 'The early bird catches the worm.'],
  ['Write a line of Python.', 'print("Hello, world!")'],
] as const;
