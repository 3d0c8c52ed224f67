import uPlot from 'uplot';
import { decimate } from '../decimate';
import { setStyle } from '../dom';
import { tickTexts } from '../format';
import { lowerBound } from '../series';
import { createCross, followPointer, type Cross } from './cross';
import type { StepRange } from './loss-data';
import { drawLine, followWidth, PLAIN, valueAxis } from './plot';
import type { ChartTheme } from './theme';

const HEIGHT = 66;
const Y_AXIS = 36;
const RIGHT = 5;

export interface MiniInput {
  readonly step: Float64Array;
  readonly value: Float64Array;
  readonly range: StepRange;
  /** Top of the vertical axis, which starts at 0 or below it (at `bottom` on a logarithmic one). */
  readonly top: number;
  /** Where it starts when values are negative. */
  readonly lowest?: number;
  /** Set: the axis is logarithmic and starts here. */
  readonly bottom?: number;
  /** A dashed line at this value. */
  readonly limit?: number;
  readonly tickText?: (value: number) => string;
  /** Measured at evaluations: few values, which are marked, in the colour of validation. */
  readonly ofValidation?: true;
}
/** A small chart of one series. */
export interface MiniChart {
  update(input: MiniInput): void;
  showCross(index: number): void;
  setTheme(theme: ChartTheme): void;
}

export function createMiniChart(
  box: HTMLElement,
  firstTheme: ChartTheme,
  onCross: (step: number | undefined) => void,
): MiniChart {
  let theme = firstTheme;
  let input: MiniInput | undefined;
  let plot: uPlot | undefined;
  let cross: Cross | undefined;
  let crossIndex = -1;
  setStyle(box, 'height', `${HEIGHT}px`);

  const scale = (value: number): number => (input?.bottom === undefined ? value : Math.log10(Math.max(value, 1e-12)));
  const bounds = (): [number, number] =>
    input ? [scale(input.bottom ?? input.lowest ?? 0), scale(input.top)] : [0, 1];
  const texts = (ticks: readonly number[]): string[] => {
    const values = input?.bottom === undefined ? ticks : ticks.map((tick) => Number((10 ** tick).toPrecision(3)));
    if (input?.tickText) return values.map(input.tickText);
    // On a logarithmic axis each tick has the decimals that it needs itself.
    return input?.bottom === undefined ? tickTexts(values) : values.flatMap((value) => tickTexts([value]));
  };

  const color = (): string => (input?.ofValidation ? theme.validation : theme.train);
  const marked = (): boolean => input?.ofValidation === true;

  const build = (width: number): void => {
    plot?.destroy();
    plot = new uPlot(
      {
        ...PLAIN,
        width,
        height: HEIGHT,
        padding: [7, RIGHT, 7, 0],
        scales: {
          x: { time: false, range: () => (input ? [input.range.from, input.range.to] : [0, 1]) },
          y: { range: bounds },
        },
        axes: [{ show: false }, valueAxis(theme, Y_AXIS, bounds, texts)],
        series: [{}, { stroke: color, width: 1.25, points: { show: marked, size: 5, fill: color }, pxAlign: 0 }],
        // uPlot takes new scales over a moment after setData, so the crosshair is placed when it draws.
        hooks: { drawAxes: [drawLimit], draw: [() => showCross()] },
      },
      [[], []],
      box,
    );
    cross = createCross(plot);
    followPointer(plot, onCross);
    draw();
  };

  const drawLimit = (u: uPlot): void => {
    if (input?.limit === undefined || scale(input.limit) > bounds()[1]) return;
    drawLine(u, 'across', u.valToPos(scale(input.limit), 'y', true), theme.limit, [4, 3]);
  };

  const draw = (): void => {
    if (!plot || !input) return;
    const { step, value, range } = input;
    const from = Math.max(0, lowerBound(step, range.from) - 1);
    const to = Math.min(step.length, lowerBound(step, range.to) + 2);
    const kept = decimate(step, value, from, to, Math.max(50, plot.width - Y_AXIS - RIGHT));
    plot.setData([
      kept.map((index) => step[index]!),
      kept.map((index) => (Number.isFinite(value[index]!) ? scale(value[index]!) : null)),
    ]);
  };

  const showCross = (): void => {
    if (!plot || !cross || !input || crossIndex < 0 || crossIndex >= input.step.length) {
      cross?.hide();
      return;
    }
    const left = plot.valToPos(input.step[crossIndex]!, 'x');
    const kind = input.ofValidation ? 'validation' : 'train';
    cross.show(left, [{ left, top: plot.valToPos(scale(input.value[crossIndex]!), 'y'), kind }]);
  };

  followWidth(box, (width) => {
    if (!plot) build(width);
    else if (plot.width !== width) {
      plot.setSize({ width, height: HEIGHT });
      draw();
    }
  });

  return {
    update: (next) => {
      input = next;
      if (!plot) build(Math.max(1, Math.floor(box.clientWidth)));
      else draw();
    },
    showCross: (index) => {
      crossIndex = index;
      showCross();
    },
    setTheme: (next) => {
      theme = next;
      if (plot) build(plot.width);
    },
  };
}
