import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TextRow } from '../../../src/evaluation/metrics/metric';

type Scores = Readonly<Record<string, { readonly sentence: readonly number[]; readonly corpus: number }>>;

interface Resampled {
  readonly base: number;
  readonly tuned: number;
  readonly interval: readonly [number, number];
  readonly difference: readonly [number, number];
  readonly bootstrap: number;
  readonly randomization: number;
}

/** What scripts/oracles/metrics.py found. */
export interface MetricsDump {
  readonly rows: readonly TextRow[];
  readonly bleu: Scores;
  readonly chrf: Scores;
  readonly signatures: Readonly<Record<string, string>>;
  /** Precision, recall and F-measure of ROUGE-1, -2, -L and -Lsum. */
  readonly rouge: { readonly stem: readonly (readonly number[])[]; readonly plain: readonly (readonly number[])[] };
  readonly stems: Readonly<Record<string, string>>;
  /** Exact match and F1. */
  readonly squad: readonly (readonly [number, number])[];
  readonly classification: {
    readonly truth: readonly string[];
    readonly predictions: readonly string[];
    readonly accuracy: number;
    readonly macro: number;
    readonly micro: number;
    readonly weighted: number;
  };
  readonly perplexity: { readonly rows: readonly (readonly number[])[]; readonly value: number };
  readonly resampling: {
    readonly samples: number;
    readonly seed: number;
    readonly rows: readonly TextRow[];
    readonly tuned: readonly TextRow[];
    readonly bleu: Resampled;
    readonly chrf: Resampled;
  };
}

export function readMetricsDump(): MetricsDump {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'dump.json'), 'utf8')) as MetricsDump;
}
