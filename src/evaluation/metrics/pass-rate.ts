import { Failure } from '../../common/failure';
import { meanOf, type Metric, type TextRow } from './metric';

/** Whether a text passes. */
export type Check = (text: string) => boolean;

/** Runs a check and gives up after a while: `undefined`. */
export type Bounded = (check: () => boolean) => boolean | undefined;

/**
 * Share of predictions that pass a check. A regular expression, also one in a schema, can take for ever on a text that a
 * model writes, and nothing in the language stops it: so whoever asks says how it is stopped. What was stopped has not passed.
 */
export function passRate(check: Check, bounded: Bounded): Metric<Pick<TextRow, 'prediction'>> {
  return meanOf(({ prediction }) => (bounded(() => check(prediction)) === true ? 1 : 0));
}

/**
 * Whether a JavaScript regular expression is found anywhere in the text; `^` and `$` bind it to the ends.
 * @throws Failure where it is none
 */
export function patternCheck(pattern: string, flags = ''): Check {
  try {
    // A search that goes on where the last one ended would make the answers depend on each other.
    const expression = new RegExp(pattern, flags.replace(/[gy]/g, ''));
    return (text) => expression.test(text);
  } catch (error) {
    throw new Failure(
      'unusable-pattern',
      error instanceof Error ? `${error.message}.` : String(error),
      "Write the pattern as in JavaScript's new RegExp(pattern, flags), and escape characters that are meant literally.",
      2,
    );
  }
}
