import uPlot from 'uplot';
import { tickTexts } from '../format';
import type { ChartTheme } from './theme';

/** Vertical axis of every chart: round numbers beside thin horizontal lines. */
export function valueAxis(
  theme: ChartTheme,
  size: number,
  ticks: (low: number, high: number) => readonly number[],
  text: (ticks: readonly number[]) => string[] = tickTexts,
): uPlot.Axis {
  return {
    scale: 'y',
    size,
    gap: 4,
    font: axisFont(theme),
    stroke: theme.text,
    splits: (_plot, _axis, low, high) => [...ticks(low, high)],
    values: (_plot, splits) => text(splits),
    filter: (_plot, splits) => splits,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
}

export function axisFont(theme: ChartTheme): string {
  return `11px ${theme.family}`;
}

/** Options that all charts share: no legend, and no cursor of uPlot's own, since one step is shared by all charts. */
export const PLAIN = {
  legend: { show: false },
  cursor: { show: false },
  select: { show: false, left: 0, top: 0, width: 0, height: 0 },
} as const satisfies Partial<uPlot.Options>;

/** Keeps a plot as wide as its box. The box must have its final height already. */
export function followWidth(box: HTMLElement, resize: (width: number) => void): void {
  new ResizeObserver((entries) => {
    const width = Math.floor(entries[entries.length - 1]!.contentRect.width);
    if (width > 0) resize(width);
  }).observe(box);
}

/** A line across the plot at canvas pixel `at`, one CSS pixel wide. */
export function drawLine(
  plot: uPlot,
  direction: 'across' | 'down',
  at: number,
  color: string,
  dash: readonly number[],
): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const middle = Math.round(at) + (ratio === 1 ? 0.5 : 0);
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = ratio;
  ctx.setLineDash(dash.map((length) => length * ratio));
  ctx.beginPath();
  if (direction === 'down') {
    ctx.moveTo(middle, bbox.top);
    ctx.lineTo(middle, bbox.top + bbox.height);
  } else {
    ctx.moveTo(bbox.left, middle);
    ctx.lineTo(bbox.left + bbox.width, middle);
  }
  ctx.stroke();
  ctx.restore();
}

/** A filled and edged polygon around (x, y); corner offsets are in CSS pixels. */
export function drawMark(
  plot: uPlot,
  x: number,
  y: number,
  corners: readonly (readonly [number, number])[],
  fill: string,
  edge: string,
): void {
  const { ctx } = plot;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  corners.forEach(([dx, dy], index) => {
    if (index === 0) ctx.moveTo(x + dx * ratio, y + dy * ratio);
    else ctx.lineTo(x + dx * ratio, y + dy * ratio);
  });
  ctx.closePath();
  ctx.lineWidth = 1.5 * ratio;
  ctx.strokeStyle = edge;
  ctx.stroke();
  ctx.fillStyle = fill;
  ctx.fill();
  ctx.restore();
}

/** A cross, for the first value that is not a number. */
export function drawCrossMark(plot: uPlot, x: number, y: number, color: string): void {
  const { ctx } = plot;
  const ratio = uPlot.pxRatio;
  const arm = 4 * ratio;
  ctx.save();
  ctx.beginPath();
  ctx.moveTo(x - arm, y - arm);
  ctx.lineTo(x + arm, y + arm);
  ctx.moveTo(x + arm, y - arm);
  ctx.lineTo(x - arm, y + arm);
  ctx.lineWidth = 1.75 * ratio;
  ctx.strokeStyle = color;
  ctx.stroke();
  ctx.restore();
}

export const DIAMOND = [
  [0, -6],
  [6, 0],
  [0, 6],
  [-6, 0],
] as const;
export const SQUARE = [
  [-2.5, -2.5],
  [2.5, -2.5],
  [2.5, 2.5],
  [-2.5, 2.5],
] as const;
export const TRIANGLE = [
  [0, -5],
  [5, 4],
  [-5, 4],
] as const;
