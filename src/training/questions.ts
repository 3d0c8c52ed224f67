/** The validation records that a model is asked while it trains, and what it should answer. */
import { Failure } from '../common/failure';
import { createRandom } from '../common/random';
import type { EncodedExample } from '../dataset/example';
import type { FormatId } from '../dataset/formats';
import { type Asked, askedOf } from '../evaluation/asked';
import type { CheckedBase } from './base';
import { type SampledRecord, recordsAt } from './record-sample';
import type { Settings } from './settings';

export interface Question extends Asked {
  /** 1-based line of its record. */
  readonly line: number;
}

type Drawing = Pick<Settings, 'eval_metrics' | 'eval_generate_samples' | 'seed'>;
type Base = Pick<CheckedBase, 'template' | 'tokenizer'>;

/** Apart from the other uses of the seed. */
const STREAM = 600_002;

/**
 * Draws `eval_generate_samples` of the records that are not cut off, in the order of their file. The same seed draws the
 * same ones. None without `eval_metrics`.
 * @param text the file that the records are from
 */
export function drawQuestions(
  text: string,
  format: FormatId,
  validation: readonly EncodedExample[],
  { eval_metrics: metrics, eval_generate_samples: count, seed }: Drawing,
  base: Base,
): Question[] {
  if (metrics.length === 0) return [];
  const whole = validation.filter(({ lostTokens }) => lostTokens === 0);
  const drawn = createRandom(seed, STREAM).shuffle(whole).slice(0, count);
  const lines = new Set(drawn.map(({ line }) => line));
  return recordsAt(text, format, lines).flatMap((record) => questionOf(record, base) ?? []);
}

/** Text without a prompt asks nothing; and a template may refuse a part of a conversation that it takes as a whole. */
function questionOf({ line, example }: SampledRecord, base: Base): Question | undefined {
  if (example.kind === 'plain' && example.masked === '') return undefined;
  try {
    const asked = askedOf(example, line, base);
    return asked && { line, ...asked };
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
