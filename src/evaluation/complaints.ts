/** What is wrong with rows, counted by reason, with the first lines of each. */
export class Complaints {
  readonly #leftOut = new Map<string, number[]>();
  readonly #noted = new Map<string, number[]>();

  /** The row is no part of the evaluation. @param reason a noun without a full stop: "A label that is not true" */
  leaveOut(line: number, reason: string): undefined {
    add(this.#leftOut, reason, line);
  }

  /** The row is part of the evaluation all the same. */
  note(line: number, reason: string): void {
    add(this.#noted, reason, line);
  }

  /** One sentence for each reason. */
  notes(): string[] {
    return [
      ...[...this.#leftOut].map(([reason, lines]) => `${reason}: ${countText(lines)} left out (${linesText(lines)}).`),
      ...[...this.#noted].map(([reason, lines]) => `${reason}: ${countText(lines)} (${linesText(lines)}).`),
    ];
  }
}

const SHOWN = 5;

function add(to: Map<string, number[]>, reason: string, line: number): void {
  const lines = to.get(reason);
  if (lines) lines.push(line);
  else to.set(reason, [line]);
}

function countText({ length }: readonly number[]): string {
  return `${length} ${length === 1 ? 'row' : 'rows'}`;
}

function linesText(lines: readonly number[]): string {
  const shown = [...lines].sort((a, b) => a - b).slice(0, SHOWN);
  return `${lines.length === 1 ? 'line' : 'lines'} ${shown.join(', ')}${lines.length > SHOWN ? ', …' : ''}`;
}
