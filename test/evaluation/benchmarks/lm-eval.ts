/** What lm-eval found with the sample's base, by scripts/oracles/mmlu.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Found {
  readonly acc: number;
  readonly stderr: number;
}
interface FoundSubject extends Found {
  /** Of the last question. */
  readonly prompt: string;
  readonly logLikelihoods: readonly (readonly number[])[];
}

export const MMLU = join(__dirname, 'mmlu');
export const SUBJECTS = ['anatomy', 'formal_logic', 'high_school_geography'] as const;

export function lmEval(oracle: string): {
  readonly all: Found;
  readonly subjects: ReadonlyMap<string, FoundSubject>;
} {
  const text = readFileSync(join(__dirname, 'oracles/mmlu.json'), 'utf8');
  const dump = JSON.parse(text) as Record<string, Record<string, FoundSubject>>;
  const found = dump[oracle]!;
  return {
    all: found['mmlu_of_three']!,
    subjects: new Map(SUBJECTS.map((name) => [name, found[`mmlu_${name}`]!])),
  };
}
