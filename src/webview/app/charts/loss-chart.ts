import uPlot from 'uplot';
import { setStyle } from '../dom';
import { evaluationBefore, type RunModel } from '../model';
import { fitLoss, logTicks, niceTicks, type LossFit } from '../scale';
import { countText, tickTexts } from '../format';
import { lowerBound } from '../series';
import { createCross, followPointer, type Cross, type CrossDot } from './cross';
import { fullRange, lossData, type LossData, type StepRange } from './loss-data';
import { drawEpochs, drawMarks, RAIL, TOP_STRIP } from './loss-marks';
import { axisFont, followWidth, PLAIN, valueAxis } from './plot';
import type { ChartTheme } from './theme';
import { followZoom } from './zoom';

const HEIGHT = 256;
const X_AXIS = 20;
const Y_AXIS = 42;
const END_LABELS = 70;

export interface LossChartOptions {
  readonly box: HTMLElement;
  readonly onCross: (step: number | undefined) => void;
  /** `undefined`: the whole run, following its end. */
  readonly onZoom: (range: StepRange | undefined) => void;
}
export interface LossChartInput {
  readonly model: RunModel;
  readonly smoothed: boolean;
  readonly log: boolean;
  readonly zoom: StepRange | undefined;
}
/** The large chart. Its box must be in the page and have a width. */
export interface LossChart {
  update(input: LossChartInput): void;
  showCross(step: number | undefined): void;
  setTheme(theme: ChartTheme): void;
  /** What is cut off above, for the line below the chart. */
  readonly fit: LossFit | undefined;
  /** Records between two columns of pixels, at least 1: what one press of an arrow key moves. */
  readonly stride: number;
}

export function createLossChart(options: LossChartOptions, firstTheme: ChartTheme): LossChart {
  let theme = firstTheme;
  let input: LossChartInput | undefined;
  let plot: uPlot | undefined;
  let cross: Cross | undefined;
  let crossStep: number | undefined;
  let fit: LossFit | undefined;
  let range: StepRange = { from: 0, to: 1 };
  setStyle(options.box, 'height', `${HEIGHT}px`);

  const scale = (loss: number): number => (input?.log ? (loss > 0 ? Math.log10(loss) : NaN) : loss);

  const build = (width: number): void => {
    plot?.destroy();
    plot = new uPlot(plotOptions(width), EMPTY, options.box);
    cross = createCross(plot);
    followPointer(plot, options.onCross);
    followZoom(plot, { range: () => range, full: () => (input ? fullRange(input.model) : range), set: options.onZoom });
    draw();
  };

  const draw = (): void => {
    if (!plot || !input) return;
    const { model } = input;
    range = input.zoom ?? fullRange(model);
    fit = fitVisible(input, range);
    if (input.log && fit && !(fit.low > 0)) fit = { ...fit, low: lowestPositive(model, fit.high) };
    const data = lossData(model, range, plotWidth(plot), scale);
    plot.setData(toPlot(data, input.smoothed));
  };

  const showCross = (): void => {
    if (!cross || !plot || !input) return;
    const index = crossStep === undefined ? -1 : input.model.series.nearest(crossStep);
    if (index < 0) {
      cross.hide();
      return;
    }
    const step = input.model.series.column('step')[index]!;
    const line = input.smoothed ? input.model.series.smooth : input.model.series.column('loss');
    const dots: CrossDot[] = [dotAt(plot, step, scale(line[index]!), 'train')];
    const evaluation = evaluationBefore(input.model, step);
    if (evaluation && evaluation.loss !== null)
      dots.push(dotAt(plot, evaluation.step, scale(evaluation.loss), 'validation'));
    cross.show(plot.valToPos(step, 'x'), dots);
  };

  const plotOptions = (width: number): uPlot.Options => {
    const ticks = (low: number, high: number): number[] =>
      input?.log ? logTicks(10 ** low, 10 ** high, 6).map((tick) => Math.log10(tick)) : niceTicks(low, high, 6);
    const texts = (splits: readonly number[]): string[] =>
      tickTexts(input?.log ? splits.map((split) => Number((10 ** split).toPrecision(6))) : splits);
    return {
      ...PLAIN,
      width,
      height: HEIGHT,
      padding: [TOP_STRIP, END_LABELS, RAIL, 0],
      scales: {
        x: { time: false, range: () => [range.from, range.to] },
        y: { range: () => (fit ? [scale(fit.low), scale(fit.high)] : [0, 1]) },
      },
      axes: [
        {
          size: X_AXIS,
          gap: 3,
          font: axisFont(theme),
          stroke: theme.text,
          splits: (u, _axis, low, high) =>
            niceTicks(low, high, Math.max(3, Math.floor(plotWidth(u) / 56))).filter(Number.isInteger),
          values: (_plot, splits) => splits.map(countText),
          grid: { show: false },
          ticks: { stroke: theme.axis, width: 1, size: 3 },
          border: { show: true, stroke: theme.axis, width: 1 },
        },
        valueAxis(theme, Y_AXIS, ticks, texts),
      ],
      series: [
        {},
        { stroke: theme.train, width: 1, alpha: theme.rawOpacity, points: { show: false }, pxAlign: 0 },
        { stroke: theme.train, width: input?.smoothed === false ? 1.25 : 1.75, points: { show: false }, pxAlign: 0 },
        {
          stroke: theme.validation,
          width: 1.5,
          pxAlign: 0,
          points: {
            show: true,
            size: 6,
            width: 1.5,
            stroke: theme.validation,
            fill: theme.surface,
            filter: spacedPoints,
          },
        },
      ],
      hooks: {
        drawAxes: [(u) => input && drawEpochs(u, theme, input.model)],
        draw: [
          (u) => {
            if (input) drawMarks({ plot: u, theme, model: input.model, fit, scale, smoothed: input.smoothed });
            // uPlot takes new scales over a moment after setData, so the crosshair is placed here.
            showCross();
          },
        ],
      },
    };
  };

  followWidth(options.box, (width) => {
    if (!plot) build(width);
    else if (plot.width !== width) {
      plot.setSize({ width, height: HEIGHT });
      draw();
    }
  });

  return {
    update: (next) => {
      const alpha = next.smoothed === input?.smoothed;
      input = next;
      if (!plot) build(Math.max(1, Math.floor(options.box.clientWidth)));
      else if (!alpha) build(plot.width);
      else draw();
    },
    showCross: (step) => {
      crossStep = step;
      showCross();
    },
    setTheme: (next) => {
      theme = next;
      if (plot) build(plot.width);
    },
    get fit() {
      return fit;
    },
    get stride() {
      const pixels = plot ? plotWidth(plot) : 1;
      const share = input ? (range.to - range.from) / Math.max(1, fullRange(input.model).to) : 0;
      return Math.max(1, Math.round(((input?.model.series.length ?? 0) * share) / pixels));
    },
  };
}

const EMPTY: uPlot.AlignedData = [[], [], [], []];

/** Pixels across the plot. The first drawing comes before uPlot has laid out its elements, so they cannot be asked. */
function plotWidth(plot: uPlot): number {
  return Math.max(50, plot.width - Y_AXIS - END_LABELS);
}

/** Without smoothing the raw line takes the place, and the strength, of the smoothed one. */
function toPlot(data: LossData, smoothed: boolean): uPlot.AlignedData {
  const nothing = data.step.map(() => undefined);
  return smoothed
    ? [data.step, data.raw, data.smooth, data.validation]
    : [data.step, nothing, data.raw, data.validation];
}

/** Fits the vertical axis to the whole run, or to the part that is looked at. */
function fitVisible({ model, smoothed, zoom }: LossChartInput, range: StepRange): LossFit | undefined {
  const steps = model.series.column('step');
  const from = zoom ? lowerBound(steps, range.from) : 0;
  const to = zoom ? lowerBound(steps, range.to + 1) : steps.length;
  const step = steps.subarray(from, to);
  const evaluations = zoom
    ? model.evaluations.filter((evaluation) => evaluation.step >= range.from && evaluation.step <= range.to)
    : model.evaluations;
  const validation = {
    step: evaluations.map((evaluation) => evaluation.step),
    loss: evaluations.map((evaluation) => evaluation.loss ?? NaN),
  };
  const smooth = { step, loss: model.series.smooth.subarray(from, to) };
  const raw = { step, loss: model.series.column('loss').subarray(from, to) };
  return fitLoss(raw, smoothed ? [smooth, validation] : [validation], zoom === undefined);
}

function lowestPositive(model: RunModel, high: number): number {
  let low = high;
  for (const loss of model.series.column('loss')) if (loss > 0 && loss < low) low = loss;
  return Math.max(low, high * 1e-6);
}

function dotAt(plot: uPlot, step: number, value: number, kind: CrossDot['kind']): CrossDot {
  return { left: plot.valToPos(step, 'x'), top: plot.valToPos(value, 'y'), kind };
}

/** Indices of validation points that get a circle: all of them, or so many that circles do not touch. */
function spacedPoints(plot: uPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex]!;
  const kept: number[] = [];
  let last = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === undefined || values[i] === null) continue;
    const x = plot.valToPos(plot.data[0][i]!, 'x');
    if (x - last < 9) continue;
    kept.push(i);
    last = x;
  }
  return kept;
}
