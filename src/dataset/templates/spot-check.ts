import type { Span } from '../template';

const FIRST = 3;
const EVERY = 256;

/** Decides when a shortcut is compared with the long way: at first, now and then, and always once they have differed. */
export function spotCheck(): {
  /** Whether this time the long way has to be gone. Counts the times. */
  wanted(): boolean;
  compared(equal: boolean): void;
} {
  let times = 0;
  let trusted = true;
  return {
    wanted: () => !trusted || times++ < FIRST || times % EVERY === 0,
    compared: (equal) => {
      trusted &&= equal;
    },
  };
}

export function sameSpans(a: readonly Span[], b: readonly Span[]): boolean {
  return a.length === b.length && a.every(({ start, end }, i) => start === b[i]!.start && end === b[i]!.end);
}
