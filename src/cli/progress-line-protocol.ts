/** How a command tells a program that started it how far it is: lines on standard error that no person would write. */

/** Set in the environment by the program that wants such lines. */
export const PROGRESS_VARIABLE = 'FINE_TUNE_PROGRESS';

const MARK = '\u0001progress ';

export function progressLine(done: number, total: number): string {
  return `${MARK}${done} ${total}\n`;
}

export function parseProgress(line: string): { readonly done: number; readonly total: number } | undefined {
  if (!line.startsWith(MARK)) return undefined;
  const [done, total] = line.slice(MARK.length).split(' ').map(Number);
  return done === undefined || total === undefined || Number.isNaN(done + total) ? undefined : { done, total };
}
