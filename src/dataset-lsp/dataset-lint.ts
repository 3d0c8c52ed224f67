import type { Format } from '../dataset/formats';
import type { FactTable } from './facts';
import type { ActiveRule } from './line-lint';
import { placeInLine, type LineFinding } from './placement';

/** The validation file beside a training file. */
export interface ValidationData {
  /** For messages. */
  readonly name: string;
  readonly table: FactTable;
}

export interface DatasetInput {
  readonly table: FactTable;
  readonly format: Format;
  readonly validation: ValidationData | undefined;
  recordOf(row: number): Readonly<Record<string, unknown>> | undefined;
  /** Text of a 1-based line, for the place of a finding. */
  sourceOf(line: number): string;
}

/** Findings about all records together. Yields `undefined` between two of them, so that the caller can pause or give up. */
export function* lintDataset(
  input: DatasetInput,
  rules: readonly ActiveRule[],
): Generator<{ readonly line: number; readonly finding: LineFinding } | undefined> {
  for (const { rule, severity, values } of rules) {
    if (!rule.check.dataset) continue;
    const found: { readonly line: number; readonly finding: LineFinding }[] = [];
    const steps = rule.check.dataset(
      input,
      (finding) => {
        const line = finding.line ?? 1;
        found.push({ line, finding: placeInLine(rule.meta.id, severity, finding, input.sourceOf(line), true) });
      },
      values,
    );
    for (;;) {
      const step = steps.next();
      yield* found.splice(0);
      if (step.done) break;
      yield undefined;
    }
  }
}
