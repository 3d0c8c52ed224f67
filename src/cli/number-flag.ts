import { Failure } from '../common/failure';
import type { Arguments } from './command';

/** Value of a flag that is a number. @throws Failure `usage` (exit code 2) that names the limits */
export function numberFlag(
  input: Arguments,
  name: string,
  fallback: number,
  limits: { readonly least: number; readonly most: number; readonly whole?: boolean },
): number {
  const given = input.last(name);
  if (given === undefined) return fallback;
  const value = Number(given);
  if (
    given.trim() !== '' &&
    value >= limits.least &&
    value <= limits.most &&
    (!limits.whole || Number.isInteger(value))
  )
    return value;
  throw new Failure(
    'usage',
    `--${name} ${given} is not possible.`,
    `Give a ${limits.whole ? 'whole ' : ''}number from ${limits.least} to ${limits.most}.`,
    2,
  );
}
