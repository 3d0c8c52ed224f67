/** What is drawn around the lines of the loss chart. Words stand outside the plot, so that none of them touches data. */
import uPlot from 'uplot';
import { countText, lossText } from '../format';
import { bestEvaluation, firstBadStep, type RunModel } from '../model';
import type { LossFit } from '../scale';
import { lowerBound } from '../series';
import { fitSpans, spread } from './labels';
import { DIAMOND, drawCrossMark, drawLine, drawMark, SQUARE, TRIANGLE } from './plot';
import { drawText, type ChartTheme } from './theme';

/** Heights above and below the plot, in CSS pixels. */
export const TOP_STRIP = 18;
export const RAIL = 38;
const RAIL_MIDDLE = 30;
const RAIL_WORDS = 46;

export interface MarkInput {
  readonly plot: uPlot;
  readonly theme: ChartTheme;
  readonly model: RunModel;
  readonly fit: LossFit | undefined;
  /** Loss to the number on the vertical axis (the identity, or a logarithm). */
  readonly scale: (loss: number) => number;
  readonly smoothed: boolean;
}

/** Epoch dashes under the lines. */
export function drawEpochs(plot: uPlot, theme: ChartTheme, model: RunModel): void {
  for (const { x } of epochMarks(plot, model)) drawLine(plot, 'down', x, theme.axis, [2, 3]);
}

/** Everything that stands over or beside the lines. */
export function drawMarks(input: MarkInput): void {
  const { ctx } = input.plot;
  ctx.save();
  drawEndLabels(input);
  drawTopStrip(input);
  drawRail(input);
  drawBest(input);
  ctx.restore();
}

function epochMarks(plot: uPlot, model: RunModel): { x: number; epoch: number }[] {
  const perEpoch = model.started?.stepsPerEpoch ?? 0;
  const { min, max } = plot.scales['x']!;
  if (!(perEpoch > 0) || min === undefined || max === undefined || min === null || max === null) return [];
  const room = 52 * uPlot.pxRatio;
  const width = (perEpoch / (max - min)) * plot.bbox.width;
  // Every 1st, 2nd, 5th, 10th … epoch, so that the words have room.
  let stride = 1;
  for (const factor of [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]) {
    stride = factor;
    if (width * factor >= room) break;
  }
  const marks: { x: number; epoch: number }[] = [];
  for (let epoch = stride; epoch * perEpoch < max && marks.length < 50; epoch += stride) {
    if (epoch * perEpoch <= min) continue;
    marks.push({ x: plot.valToPos(epoch * perEpoch, 'x', true), epoch: epoch + 1 });
  }
  return marks;
}

/** Epochs, a cut, and the first NaN, on one line above the plot; the rarer word wins the room. */
function drawTopStrip({ plot, theme, model, fit }: MarkInput): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const y = bbox.top - 9 * ratio;
  ctx.font = `11px ${theme.family}`;
  const words: { text: string; x: number; align: CanvasTextAlign; color: string; bold: boolean }[] = [];
  const bad = firstBadStep(model);
  const { min, max } = plot.scales['x']!;
  if (bad !== undefined && bad >= (min ?? 0) && bad <= (max ?? 0)) {
    const x = plot.valToPos(bad, 'x', true);
    drawLine(plot, 'down', x, theme.bad, [2, 2]);
    drawCrossMark(plot, x, bbox.top + bbox.height - 7 * ratio, theme.bad);
    const align = x > bbox.left + bbox.width / 2 ? 'right' : 'left';
    words.push({ text: `NaN at step ${countText(bad)}`, x, align, color: theme.strong, bold: true });
  }
  if (fit?.spikes) {
    const x = plot.valToPos(fit.spikes.step, 'x', true);
    drawMark(plot, x, bbox.top - 4 * ratio, UP, theme.text, theme.surface);
  }
  if (fit?.start) drawMark(plot, cutEdge(plot, model, fit.high), bbox.top - 4 * ratio, UP, theme.text, theme.surface);
  for (const { x, epoch } of epochMarks(plot, model))
    words.push({ text: `epoch ${epoch}`, x, align: 'center', color: theme.text, bold: false });
  const spans = words.map((word) => {
    ctx.font = `${word.bold ? '600 ' : ''}${11 * ratio}px ${theme.family}`;
    const width = ctx.measureText(word.text).width;
    const from = word.align === 'right' ? word.x - width : word.align === 'center' ? word.x - width / 2 : word.x;
    return { from, to: from + width };
  });
  fitSpans(spans, 8 * ratio).forEach((fits, index) => {
    const word = words[index]!;
    const inside = spans[index]!.from >= bbox.left - 4 * ratio && spans[index]!.to <= ctx.canvas.width;
    if (fits && inside)
      drawText(ctx, theme, ratio, word.text, word.x, y, word.color, { align: word.align, bold: word.bold });
  });
}

const UP = [
  [0, -4],
  [4, 2],
  [-4, 2],
] as const;

/** Where the smoothed line enters the plot from above. */
function cutEdge(plot: uPlot, model: RunModel, high: number): number {
  const smooth = model.series.smooth;
  const steps = model.series.column('step');
  let index = 0;
  while (index < smooth.length && !(smooth[index]! <= high)) index++;
  const x = plot.valToPos(steps[Math.min(index, steps.length - 1)] ?? 0, 'x', true);
  return Math.max(plot.bbox.left + 4 * uPlot.pxRatio, Math.min(x, plot.bbox.left + plot.bbox.width));
}

/** Name and last value of each line at its end, a thin leader between. */
function drawEndLabels({ plot, theme, model, scale, smoothed }: MarkInput): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const { series } = model;
  const line = smoothed ? series.smooth : series.column('loss');
  const last = plot.scales['x']!.max ?? Infinity;
  const shown = line.subarray(0, lowerBound(series.column('step'), last + 1));
  const lastLoss = shown.findLast((loss) => Number.isFinite(loss));
  const lastEvaluation =
    model.evaluations.findLast((evaluation) => evaluation.loss !== null && evaluation.step <= last)?.loss ?? undefined;
  const labels = [
    { name: 'train', value: lastLoss, color: theme.train },
    { name: 'validation', value: lastEvaluation, color: theme.validation },
  ].flatMap((label) => (label.value === undefined ? [] : [{ ...label, value: label.value }]));
  const top = bbox.top;
  const bottom = bbox.top + bbox.height;
  const at = labels.map((label) => Math.max(top, Math.min(bottom, plot.valToPos(scale(label.value), 'y', true))));
  const placed = spread(at, 30 * ratio, top + 12 * ratio, bottom - 14 * ratio);
  const right = bbox.left + bbox.width;
  labels.forEach((label, index) => {
    const middle = placed[index]!;
    ctx.save();
    ctx.globalAlpha = 0.6;
    ctx.strokeStyle = label.color;
    ctx.lineWidth = ratio;
    ctx.beginPath();
    ctx.moveTo(right + ratio, at[index]!);
    ctx.lineTo(right + 6 * ratio, middle);
    ctx.stroke();
    ctx.restore();
    drawText(ctx, theme, ratio, label.name, right + 9 * ratio, middle - 7 * ratio, label.color);
    drawText(ctx, theme, ratio, lossText(label.value), right + 9 * ratio, middle + 7 * ratio, label.color, {
      bold: true,
    });
  });
}

/** The line under the axis: squares are checkpoints, the diamond is the best evaluation, triangles are warnings. */
function drawRail({ plot, theme, model }: MarkInput): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const bottom = bbox.top + bbox.height;
  const y = Math.round(bottom + RAIL_MIDDLE * ratio);
  const { min, max } = plot.scales['x']!;
  const inside = (step: number): boolean => step >= (min ?? 0) && step <= (max ?? 0);
  drawText(ctx, theme, ratio, 'step', bbox.left - 8 * ratio, bottom + 11 * ratio, theme.text, { align: 'right' });
  const best = bestEvaluation(model);
  if (model.checkpoints.length === 0 && !best) return;
  ctx.strokeStyle = theme.grid;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y + 0.5);
  ctx.lineTo(bbox.left + bbox.width, y + 0.5);
  ctx.stroke();
  if (model.checkpoints.length > 0)
    drawText(ctx, theme, ratio, 'saved', bbox.left - 8 * ratio, y, theme.text, { align: 'right' });
  for (const checkpoint of model.checkpoints)
    if (inside(checkpoint.step))
      drawMark(plot, plot.valToPos(checkpoint.step, 'x', true), y, SQUARE, theme.text, theme.surface);
  for (const warning of model.warnings)
    if (warning.step > 0 && inside(warning.step))
      drawMark(plot, plot.valToPos(warning.step, 'x', true), y, TRIANGLE, theme.warning, theme.surface);
  if (!best || !inside(best.step)) return;
  const x = plot.valToPos(best.step, 'x', true);
  drawMark(plot, x, y, DIAMOND, theme.best, theme.surface);
  ctx.font = `600 ${11 * ratio}px ${theme.family}`;
  const text = `best ${lossText(best.loss)} at step ${countText(best.step)}`;
  const half = ctx.measureText(text).width / 2;
  const middle = Math.max(half, Math.min(ctx.canvas.width - half, x));
  drawText(ctx, theme, ratio, text, middle, bottom + RAIL_WORDS * ratio, theme.strong, { align: 'center', bold: true });
}

function drawBest({ plot, theme, model, scale }: MarkInput): void {
  const best = bestEvaluation(model);
  const { min, max } = plot.scales['x']!;
  if (!best || best.step < (min ?? 0) || best.step > (max ?? 0)) return;
  const { bbox } = plot;
  const y = plot.valToPos(scale(best.loss), 'y', true);
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  drawMark(plot, plot.valToPos(best.step, 'x', true), y, DIAMOND, theme.best, theme.surface);
}
