import type { Example } from './conversation';
import type { Format } from './formats';
import { toPair } from './formats/preference';
import { baseOf } from './formats/unpaired-preference';

export interface NamedExample {
  readonly name: 'record' | 'chosen' | 'rejected';
  /** What is to be known about how it is trained. */
  readonly note: string;
  readonly example: Example;
  /** False when nothing of it is trained, whatever its turns say. */
  readonly trained: boolean;
}

const REJECTED = 'Training lowers the probability of this answer.';
const UNWANTED = 'This record is not trained: only records whose label is true are.';

/** The texts of a record that the model is given: one, or both sides of a preference. Needs a record that has the format's shape. */
export function previewExamples(value: Readonly<Record<string, unknown>>, format: Format): NamedExample[] {
  if (format.id === 'preference') {
    const { chosen, rejected } = toPair(value);
    return [
      { name: 'chosen', note: '', example: chosen, trained: true },
      { name: 'rejected', note: REJECTED, example: rejected, trained: true },
    ];
  }
  const example = format.toExample(value);
  if (example) return [{ name: 'record', note: '', example, trained: true }];
  const unwanted = baseOf(value).toExample(value);
  return unwanted ? [{ name: 'record', note: UNWANTED, example: unwanted, trained: false }] : [];
}
