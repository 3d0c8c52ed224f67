/** The loss chart in characters: braille dots, or plain ASCII. */
import type { LossCurve } from '../training/loss-curve';
import { lossRange, niceTicks } from '../training/loss-curve';
import { lossText } from './format';

export interface ChartSize {
  /** Of the plot, in characters, without axis and labels. */
  readonly width: number;
  readonly height: number;
}
interface Signs {
  readonly train: string;
  readonly validation: string;
  readonly best: string;
  readonly vertical: string;
  readonly tickY: string;
  readonly corner: string;
  readonly horizontal: string;
  readonly tickX: string;
}
const UNICODE: Signs = {
  train: '⣀⠔⠉',
  validation: '○',
  best: '◆',
  vertical: '│',
  tickY: '┤',
  corner: '└',
  horizontal: '─',
  tickX: '┬',
};
const ASCII: Signs = {
  train: '*',
  validation: 'o',
  best: '#',
  vertical: '|',
  tickY: '+',
  corner: '+',
  horizontal: '-',
  tickX: '+',
};
/** Bit of each dot of a braille character, by row and column. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** Smoothed train loss as a line, validation as marks, the best one marked apart. Empty when there is no loss. */
export function lossChart(
  curve: LossCurve,
  unicode: boolean,
  { width, height }: ChartSize = { width: 60, height: 12 },
): string[] {
  const range = lossRange(curve);
  if (!range) return [];
  const signs = unicode ? UNICODE : ASCII;
  const [perColumn, perRow] = unicode ? [2, 4] : [1, 1];
  const steps = [...curve.train, ...curve.validation].map((point) => point.step);
  const first = steps.reduce((a, b) => Math.min(a, b));
  const last = Math.max(
    first + 1,
    steps.reduce((a, b) => Math.max(a, b)),
  );
  const dotX = (step: number): number => Math.round(((step - first) / (last - first)) * (width * perColumn - 1));
  const dotY = (loss: number): number =>
    Math.round(((range.high - loss) / (range.high - range.low)) * (height * perRow - 1));

  const dots = drawLine(curve, dotX, dotY);
  const rows = Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => cell(dots, row, column, unicode)),
  );
  const mark = (point: { readonly step: number; readonly loss: number }, sign: string): void => {
    const row = rows[Math.floor(dotY(point.loss) / perRow)];
    if (row) row[Math.floor(dotX(point.step) / perColumn)] = sign;
  };
  for (const point of curve.validation) mark(point, signs.validation);
  if (curve.best) mark(curve.best, signs.best);
  return [...withYAxis(rows, range, signs, (loss) => Math.floor(dotY(loss) / perRow)), ...legend(curve, signs)].flatMap(
    (line, i) =>
      i === height
        ? [...xAxis(first, last, width, signs, axisWidth(range, height), (s) => Math.floor(dotX(s) / perColumn)), line]
        : [line],
  );
}

type Dots = ReadonlyMap<number, ReadonlySet<number>>;

/** Dots by column; neighbours are joined by the dots between them. A value that is no number breaks the line. */
function drawLine(curve: LossCurve, dotX: (step: number) => number, dotY: (loss: number) => number): Dots {
  const dots = new Map<number, Set<number>>();
  const put = (x: number, y: number): void => {
    const column = dots.get(x);
    if (column) column.add(y);
    else dots.set(x, new Set([y]));
  };
  let before: readonly [number, number] | undefined;
  for (const [i, { step }] of curve.train.entries()) {
    const loss = curve.smoothed[i];
    if (typeof loss !== 'number') {
      before = undefined;
      continue;
    }
    const here = [dotX(step), dotY(loss)] as const;
    const from = before ?? here;
    const length = Math.max(Math.abs(here[0] - from[0]), Math.abs(here[1] - from[1]), 1);
    for (let n = 0; n <= length; n++)
      put(
        Math.round(from[0] + ((here[0] - from[0]) * n) / length),
        Math.round(from[1] + ((here[1] - from[1]) * n) / length),
      );
    before = here;
  }
  return dots;
}

function cell(dots: Dots, row: number, column: number, unicode: boolean): string {
  if (!unicode) return dots.get(column)?.has(row) ? ASCII.train : ' ';
  let bits = 0;
  for (const [y, line] of DOTS.entries())
    for (const [x, bit] of line.entries()) if (dots.get(2 * column + x)?.has(4 * row + y)) bits |= bit;
  return bits === 0 ? ' ' : String.fromCodePoint(0x2800 + bits);
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function yTicks(range: Range, height: number): { readonly value: number; readonly label: string }[] {
  const ticks = niceTicks(range.low, range.high, Math.max(2, Math.floor(height * 0.6)));
  const gap = ticks.length > 1 ? ticks[1]! - ticks[0]! : 1;
  const digits = Math.min(6, Math.max(0, -Math.floor(Math.log10(gap) + 1e-9)));
  return ticks.map((value) => ({ value, label: value.toFixed(digits) }));
}

function axisWidth(range: Range, height: number): number {
  return Math.max(...yTicks(range, height).map(({ label }) => label.length), 4);
}

function withYAxis(rows: string[][], range: Range, signs: Signs, rowOf: (loss: number) => number): string[] {
  const width = axisWidth(range, rows.length);
  const labels = new Map(yTicks(range, rows.length).map(({ value, label }) => [rowOf(value), label]));
  return rows.map((row, i) => {
    const label = labels.get(i);
    return `${(label ?? '').padStart(width)} ${label === undefined ? signs.vertical : signs.tickY}${row.join('')}`.trimEnd();
  });
}

function xAxis(
  first: number,
  last: number,
  width: number,
  signs: Signs,
  indent: number,
  columnOf: (step: number) => number,
): string[] {
  const line = Array.from({ length: width }, () => signs.horizontal);
  const labels = Array.from({ length: width + 8 }, () => ' ');
  let free = 0;
  const ticks = [first, ...niceTicks(first, last, 5).filter((tick) => Number.isInteger(tick) && tick > first)];
  for (const tick of ticks) {
    const column = columnOf(tick);
    const label = tick.toLocaleString('en-US');
    const begin = Math.max(0, column - Math.floor(label.length / 2));
    if (begin < free) continue;
    line[column] = signs.tickX;
    for (const [i, sign] of [...label].entries()) labels[begin + i] = sign;
    free = begin + label.length + 2;
  }
  const margin = ' '.repeat(indent);
  return [`${margin} ${signs.corner}${line.join('')} step`, `${margin}  ${labels.join('')}`.trimEnd()];
}

function legend(curve: LossCurve, signs: Signs): string[] {
  const parts = [`${signs.train} train loss (smoothed)`];
  if (curve.validation.length > 0) parts.push(`${signs.validation} validation loss`);
  if (curve.best) parts.push(`${signs.best} best: ${lossText(curve.best.loss)} at step ${curve.best.step}`);
  return [`  ${parts.join('   ')}`];
}
