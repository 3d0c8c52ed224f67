import { Failure } from '../../common/failure';
import { parsedText } from '../../dataset/tools';
import { jsonLeaves, sameLeaves } from './json-leaves';
import { meanOf, meanOfBest, type TextRow } from './metric';

/** Share of predictions that are JSON from the first character to the last (RFC 8259; white space around it is allowed). */
export const jsonValid = meanOf(({ prediction }: Pick<TextRow, 'prediction'>) => (parsedText(prediction).ok ? 1 : 0));

/**
 * Mean share of the reference's fields, those of inner objects and lists included, that the prediction has with an equal
 * value. Fields that the reference lacks cost nothing here: `jsonEqual` asks for these too. Numbers are compared as doubles.
 * @throws Failure where a reference is no JSON
 */
export const jsonFields = meanOfBest((prediction, reference) => {
  const expected = leavesOfReference(reference);
  const found = leavesOf(prediction);
  return found ? [...expected].filter(([path, json]) => found.get(path) === json).length / expected.size : 0;
});

/** Share of predictions that are the same JSON value as a reference: keys in any order, white space as it likes. */
export const jsonEqual = meanOfBest((prediction, reference) => {
  const expected = leavesOfReference(reference);
  const found = leavesOf(prediction);
  return found && sameLeaves(found, expected) ? 1 : 0;
});

function leavesOf(text: string): ReadonlyMap<string, string> | undefined {
  const parsed = parsedText(text);
  return parsed.ok ? jsonLeaves(parsed.value) : undefined;
}

function leavesOfReference(text: string): ReadonlyMap<string, string> {
  const leaves = leavesOf(text);
  if (leaves) return leaves;
  throw new Failure(
    'reference-not-json',
    `A reference is no JSON: ${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)}`,
    'Compare JSON only on records whose answers are JSON, or choose another metric, for example f1.',
    2,
  );
}
