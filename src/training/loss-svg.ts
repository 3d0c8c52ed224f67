/** The loss chart as an SVG file that stands alone and follows the reader's light or dark scheme. */
import type { LossCurve, LossPoint } from './loss-curve';
import { lossCurve, lossRange, niceTicks } from './loss-curve';
import type { TrainerEvent } from './protocol';

const WIDTH = 960;
const HEIGHT = 420;
const PLOT = { left: 64, top: 76, right: 816, bottom: 368 } as const;
const LABEL_DISTANCE = 28;
/** Above two points a pixel, each column keeps its first, lowest, highest and last one, so that spikes survive. */
const MOST_POINTS = 2 * (PLOT.right - PLOT.left);

const STYLE = `
  svg { --ground: #ffffff; --ink: #1f2328; --muted: #59636e; --grid: #d9dee3; --train: #1a6fb5; --best: #2c7a35; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #1f1f1f; --ink: #e6e6e6; --muted: #a3a3a3; --grid: #3a3a3a; --train: #59a4f9; --best: #5fb36a; }
  }
  text { font: 11px system-ui, -apple-system, "Segoe UI", sans-serif; font-variant-numeric: tabular-nums; fill: var(--muted); }
  .ground { fill: var(--ground); }
  .title { font-size: 15px; font-weight: 600; fill: var(--ink); }
  .end { fill: var(--ink); stroke: var(--ground); stroke-width: 3; paint-order: stroke; }
  .grid { stroke: var(--grid); fill: none; }
  .epoch { stroke: var(--grid); stroke-dasharray: 3 4; fill: none; }
  .line { stroke: var(--train); fill: none; stroke-linejoin: round; }
  .raw { opacity: 0.34; }
  .smooth { stroke-width: 2; }
  .validation { stroke: var(--ink); fill: none; }
  .ring { stroke: var(--ink); fill: var(--ground); stroke-width: 1.5; }
  .diamond { fill: var(--best); stroke: var(--ground); }
  .leader { stroke: var(--muted); opacity: 0.6; fill: none; }
  .cut { fill: var(--muted); }
  .broken { stroke: #d1242f; stroke-width: 1.5; fill: none; }`;

/** Draws the whole run: raw loss faint under the smoothed one, validation as rings, the best one as a diamond. */
export function lossSvg(events: readonly TrainerEvent[]): string {
  const curve = lossCurve(events);
  const body = lossRange(curve) ? drawing(curve) : [text(WIDTH / 2, HEIGHT / 2, 'No loss was recorded.', 'middle')];
  const summary = summaryOf(curve);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title summary">`,
    `<title id="title">${escape(titleOf(curve))}</title>`,
    `<desc id="summary">${escape(summary)}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>`,
    text(PLOT.left, 28, titleOf(curve), 'start', 'title'),
    text(PLOT.left, 46, summary),
    ...body,
    '</svg>',
  ].join('\n')}\n`;
}

function titleOf(curve: LossCurve): string {
  return curve.name ? `Loss of ${curve.name}` : 'Loss';
}

function summaryOf(curve: LossCurve): string {
  const parts = [];
  const last = lastOf(curve);
  if (last) parts.push(`train ${last.loss.toFixed(3)} at step ${last.step.toLocaleString('en-US')} (smoothed)`);
  if (curve.best)
    parts.push(`best validation ${curve.best.loss.toFixed(3)} at step ${curve.best.step.toLocaleString('en-US')}`);
  return parts.join(' · ');
}

function lastOf(curve: LossCurve): { readonly step: number; readonly loss: number } | undefined {
  const index = curve.smoothed.findLastIndex((value) => value !== null);
  const loss = curve.smoothed[index];
  return typeof loss === 'number' ? { step: curve.train[index]!.step, loss } : undefined;
}

function drawing(curve: LossCurve): string[] {
  const range = lossRange(curve)!;
  const steps = [...curve.train, ...curve.validation].map((point) => point.step);
  const firstStep = steps.reduce((a, b) => Math.min(a, b), Infinity) <= 1 ? 0 : steps[0]!;
  const lastStep = Math.max(
    firstStep + 1,
    steps.reduce((a, b) => Math.max(a, b), 1),
  );
  const x = (step: number): number =>
    round(PLOT.left + ((step - firstStep) / (lastStep - firstStep)) * (PLOT.right - PLOT.left));
  const y = (loss: number): number =>
    round(PLOT.bottom - ((loss - range.low) / (range.high - range.low)) * (PLOT.bottom - PLOT.top));
  const clip = 'clip-path="url(#plot)"';
  const smoothed = curve.train.map((point, i) => ({ step: point.step, loss: curve.smoothed[i]! }));
  return [
    `<clipPath id="plot"><rect x="${PLOT.left}" y="${PLOT.top}" width="${PLOT.right - PLOT.left}" height="${PLOT.bottom - PLOT.top}"/></clipPath>`,
    ...yAxis(range, y),
    ...xAxis(curve, firstStep, lastStep, x),
    `<path class="line raw" ${clip} d="${path(curve.train, x, y)}"/>`,
    `<path class="line smooth" ${clip} d="${path(smoothed, x, y)}"/>`,
    `<path class="validation" ${clip} d="${path(curve.validation, x, y)}"/>`,
    ...cutStart(curve, range.high, x),
    ...firstGap(curve, x),
    ...curve.validation.map((point) => `<circle class="ring" cx="${x(point.step)}" cy="${y(point.loss)}" r="3.5"/>`),
    ...endLabels(curve, x, y),
    ...bestMark(curve, x, y),
  ];
}

function yAxis(range: { readonly low: number; readonly high: number }, y: (loss: number) => number): string[] {
  const ticks = niceTicks(range.low, range.high, 7);
  const digits = decimals(ticks);
  return ticks.flatMap((tick) => [
    `<path class="grid" d="M${PLOT.left} ${y(tick)}H${PLOT.right}"/>`,
    text(PLOT.left - 8, y(tick) + 4, tick.toFixed(digits), 'end'),
  ]);
}

function xAxis(curve: LossCurve, first: number, last: number, x: (step: number) => number): string[] {
  const lines: string[] = [];
  const perEpoch = curve.stepsPerEpoch;
  if (perEpoch > 0 && (last - first) / perEpoch <= 20)
    for (let n = Math.floor(first / perEpoch) + 1; n * perEpoch < last - 1e-9; n++)
      lines.push(
        `<path class="epoch" d="M${x(n * perEpoch)} ${PLOT.top}V${PLOT.bottom}"/>`,
        text(x(n * perEpoch), PLOT.top - 6, `epoch ${n}`, 'middle'),
      );
  const ticks = niceTicks(first, last, 8).filter(Number.isInteger);
  lines.push(...ticks.map((tick) => text(x(tick), PLOT.bottom + 18, tick.toLocaleString('en-US'), 'middle')));
  lines.push(text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 38, 'step', 'middle'));
  return lines;
}

/** A triangle and the number where the start of the run lies above the chart. */
function cutStart(curve: LossCurve, high: number, x: (step: number) => number): string[] {
  const first = curve.train.find((point) => point.loss !== null);
  if (!first || first.loss === null || first.loss <= high) return [];
  const at = x(first.step);
  return [
    `<path class="cut" d="M${at + 6} ${PLOT.top + 12}l5 -8l5 8z"/>`,
    text(at + 22, PLOT.top + 12, `starts at ${first.loss.toFixed(3)}`),
  ];
}

/** A cross, a dashed line and the step of the first loss that was no number. */
function firstGap(curve: LossCurve, x: (step: number) => number): string[] {
  const gap = curve.train.find((point) => point.loss === null);
  if (!gap) return [];
  const at = x(gap.step);
  return [
    `<path class="broken" stroke-dasharray="4 4" d="M${at} ${PLOT.top}V${PLOT.bottom}"/>`,
    `<path class="broken" d="M${at - 4} ${PLOT.bottom - 8}l8 8m0 -8l-8 8"/>`,
    text(at - 8, PLOT.bottom - 8, `not a number at step ${gap.step.toLocaleString('en-US')}`, 'end', 'end'),
  ];
}

function endLabels(curve: LossCurve, x: (step: number) => number, y: (loss: number) => number): string[] {
  const ends: { readonly name: string; readonly at: number; readonly from: number; label: number }[] = [];
  const train = lastOf(curve);
  const clamp = (value: number): number => Math.min(PLOT.bottom, Math.max(PLOT.top, value));
  const add = (name: string, point: { readonly step: number; readonly loss: number }): void => {
    const at = clamp(y(point.loss));
    ends.push({ name: `${name} ${point.loss.toFixed(3)}`, at, from: x(point.step), label: at });
  };
  if (train) add('train', train);
  const validation = curve.validation.at(-1);
  if (validation) add('validation', validation);
  ends.sort((a, b) => a.at - b.at);
  const [upper, lower] = ends;
  if (upper && lower && lower.at - upper.at < LABEL_DISTANCE) {
    const middle = (upper.at + lower.at) / 2;
    upper.label = Math.min(middle - LABEL_DISTANCE / 2, PLOT.bottom - LABEL_DISTANCE);
    lower.label = upper.label + LABEL_DISTANCE;
  }
  return ends.flatMap(({ name, at, from, label }) => [
    `<path class="leader" d="M${from + 5} ${at}L${PLOT.right + 14} ${round(label)}"/>`,
    text(PLOT.right + 18, round(label) + 4, name, 'start', 'end'),
  ]);
}

function bestMark(curve: LossCurve, x: (step: number) => number, y: (loss: number) => number): string[] {
  if (!curve.best) return [];
  const [at, level] = [x(curve.best.step), y(curve.best.loss)];
  const below = level + 26 < PLOT.bottom;
  return [
    `<path class="diamond" d="M${at} ${level - 7}l7 7l-7 7l-7 -7z"/>`,
    text(at, below ? level + 22 : level - 14, 'best', at > PLOT.right - 20 ? 'end' : 'middle', 'end'),
  ];
}

function path(points: readonly LossPoint[], x: (step: number) => number, y: (loss: number) => number): string {
  let d = '';
  let pen = 'M';
  for (const { step, loss } of points.length > MOST_POINTS ? decimate(points, x) : points) {
    if (loss === null) {
      pen = 'M';
      continue;
    }
    d += `${pen}${x(step)} ${y(loss)}`;
    pen = 'L';
  }
  return d;
}

function decimate(points: readonly LossPoint[], x: (step: number) => number): LossPoint[] {
  const columns = new Map<number, LossPoint[]>();
  for (const point of points) {
    const column = Math.floor(x(point.step));
    const kept = columns.get(column);
    if (kept) kept.push(point);
    else columns.set(column, [point]);
  }
  return [...columns.values()].flatMap((column) => {
    const size = (point: LossPoint): number => point.loss ?? 0;
    const lowest = column.reduce((a, b) => (size(b) < size(a) ? b : a));
    const highest = column.reduce((a, b) => (size(b) > size(a) ? b : a));
    const gap = column.find((point) => point.loss === null);
    return [...new Set([column[0]!, lowest, highest, ...(gap ? [gap] : []), column.at(-1)!])].sort(
      (a, b) => a.step - b.step,
    );
  });
}

function decimals(ticks: readonly number[]): number {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 1;
  return Math.min(6, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

function text(x: number, y: number, content: string, anchor = 'start', kind = ''): string {
  const attributes = `${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}${kind === '' ? '' : ` class="${kind}"`}`;
  return `<text x="${round(x)}" y="${round(y)}"${attributes}>${escape(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
