import { fullRange } from '../charts/loss-data';
import { createMiniChart, type MiniInput } from '../charts/mini-chart';
import type { ChartTheme } from '../charts/theme';
import type { MetricColumn } from '../../protocol';
import { h, part, setText } from '../dom';
import { countText, gibText, gpuUseText, normText, rateText, rewardText, shortCount } from '../format';
import type { RunModel } from '../model';
import { niceCeiling, quantile } from '../scale';
import type { ChartPart } from './loss-section';
import type { Commands, Scene } from './scene';

interface MiniSpec {
  readonly name: string;
  readonly column: MetricColumn;
  readonly unit: string;
  /** Raw value to the one that is drawn. */
  readonly divide: number;
  readonly text: (raw: number) => string;
  readonly tickText?: (drawn: number) => string;
  /** Fits the axis to nearly all values instead of all. */
  readonly robust?: true;
  /** Turns to a logarithmic axis when values differ by orders of magnitude. */
  readonly maybeLog?: true;
  /** The axis ends here, whatever the values. */
  readonly top?: number;
  /** Not drawn in runs that do not have it. */
  readonly optional?: true;
  readonly limit?: (model: RunModel) => number | undefined;
  readonly note: (model: RunModel, sorted: Float64Array) => string;
}

const SPECS: readonly MiniSpec[] = [
  {
    name: 'Reward margin',
    column: 'rewardMargin',
    unit: '',
    divide: 1,
    text: rewardText,
    optional: true,
    note: ({ series }) =>
      `chosen ${rewardText(series.last('rewardChosen'))}, rejected ${rewardText(series.last('rewardRejected'))}`,
  },
  {
    name: 'Reward accuracy',
    column: 'rewardAccuracy',
    unit: '%',
    divide: 0.01,
    text: (raw) => countText(100 * raw),
    tickText: countText,
    top: 100,
    optional: true,
    limit: () => 50,
    note: () => 'by chance 50 %',
  },
  {
    name: 'Learning rate',
    column: 'learningRate',
    unit: '',
    divide: 1,
    text: rateText,
    tickText: rateText,
    note: (model) => scheduleNote(model),
  },
  {
    name: 'Gradient norm',
    column: 'gradientNorm',
    unit: '',
    divide: 1,
    text: normText,
    maybeLog: true,
    limit: clipNorm,
    note: clipNote,
  },
  {
    name: 'Speed',
    column: 'tokensPerSecond',
    unit: 'tokens/s',
    divide: 1,
    text: countText,
    tickText: shortCount,
    robust: true,
    note: (_model, sorted) => `typically ${countText(quantile(sorted, 0.5))}`,
  },
  {
    name: 'Memory',
    column: 'memoryBytes',
    unit: 'GiB',
    divide: 2 ** 30,
    text: gibText,
    note: memoryNote,
  },
];

/** Rewards of preference training, learning rate, gradient norm, speed and memory. */
export function createMinis(commands: Commands, theme: ChartTheme): ChartPart {
  const minis = SPECS.map((spec) => createMini(spec, commands, theme));
  const element = h('section', { class: 'minis', 'aria-label': 'Other curves' }, ...minis.map((mini) => mini.element));
  return {
    element,
    setTheme: (next) => minis.forEach((mini) => mini.setTheme(next)),
    update: (scene) => {
      element.hidden = scene.model.series.length === 0;
      if (!element.hidden) minis.forEach((mini) => mini.update(scene));
    },
  };
}

function createMini(spec: MiniSpec, commands: Commands, theme: ChartTheme): ChartPart {
  const name = h('span', { class: 'caption grow' });
  const value = part('span', { class: 'nowrap' });
  const note = h('p', { class: 'caption ellipsis note' });
  const box = h('div', { class: 'plot' });
  const figure = h('div', { role: 'img' }, box);
  const element = h('div', { class: 'mini' }, h('p', { class: 'mini-head' }, name, value.element), figure, note);
  const chart = createMiniChart(box, theme, commands.setCross);
  let input: MiniInput | undefined;
  let held = '';
  let drawn = '';
  return {
    element,
    setTheme: (next) => chart.setTheme(next),
    update: ({ model, cross, zoom }: Scene) => {
      const raw = model.series.column(spec.column);
      element.hidden = spec.optional === true && !raw.some(Number.isFinite);
      if (element.hidden) return;
      const shown = spec.text(cross >= 0 ? raw[cross]! : (raw.findLast(Number.isFinite) ?? NaN));
      value.render(shown, () => [
        h('b', {}, shown),
        spec.unit !== '' && h('span', { class: 'caption' }, ` ${spec.unit}`),
      ]);
      const data = `${model.run} ${model.have}`;
      if (data !== held) {
        held = data;
        const sorted = sortedValues(raw);
        input = miniInput(spec, model, raw, sorted);
        const text = spec.note(model, sorted);
        setText(name, input.bottom === undefined ? spec.name : `${spec.name}, log`);
        setText(note, text);
        note.title = text;
        note.classList.toggle('limit', input.limit !== undefined);
        figure.setAttribute('aria-label', `${spec.name} by step, now ${shown} ${spec.unit}; ${text}`);
      }
      const view = `${data} ${zoom?.from} ${zoom?.to}`;
      if (input && view !== drawn) chart.update({ ...input, range: zoom ?? fullRange(model) });
      drawn = view;
      chart.showCross(cross);
    },
  };
}

function miniInput(spec: MiniSpec, model: RunModel, raw: Float64Array, sorted: Float64Array): MiniInput {
  const limit = spec.limit?.(model);
  const highest = quantile(sorted, spec.robust ? 0.995 : 1) / spec.divide;
  const middle = quantile(sorted, 0.5) / spec.divide;
  const log = spec.maybeLog === true && highest > 20 * middle && sorted[0]! > 0;
  const top = log ? 10 ** Math.ceil(Math.log10(highest)) : niceCeiling(Math.max(highest, (limit ?? 0) * 1.05));
  const lowest = (sorted[0] ?? 0) / spec.divide;
  return {
    step: model.series.column('step'),
    value: spec.divide === 1 ? raw : raw.map((value) => value / spec.divide),
    range: fullRange(model),
    top: spec.top ?? top,
    ...(lowest < 0 ? { lowest: -niceCeiling(-lowest) } : {}),
    ...(log ? { bottom: 10 ** Math.floor(Math.log10(sorted[0]!)) } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(spec.tickText ? { tickText: spec.tickText } : {}),
  };
}

const SAMPLES = 2000;

/** Finite values in order; of a long run some 2,000, the lowest and the highest. */
function sortedValues(values: Float64Array): Float64Array {
  const stride = Math.max(1, Math.floor(values.length / SAMPLES));
  const sample = new Float64Array(Math.ceil(values.length / stride) + 2);
  let count = 0;
  let lowest = Infinity;
  let highest = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    if (i % stride === 0) sample[count++] = value;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  for (const end of [lowest, highest]) if (Number.isFinite(end)) sample[count++] = end;
  return sample.subarray(0, count).sort();
}

function clipNorm(model: RunModel): number | undefined {
  const limit = model.started?.settings['max_grad_norm'];
  return typeof limit === 'number' && limit > 0 ? limit : undefined;
}

function clipNote(model: RunModel, sorted: Float64Array): string {
  const limit = clipNorm(model);
  if (limit === undefined || sorted.length === 0) return 'before clipping';
  const above = sorted.length - sorted.findIndex((value) => value > limit);
  const share = above > sorted.length ? 0 : above / sorted.length;
  return `clipped at ${limit}: ${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

function memoryNote({ series }: RunModel, sorted: Float64Array): string {
  const last = (column: MetricColumn): number => series.column(column).findLast(Number.isFinite) ?? NaN;
  const gpu = gpuUseText(last('deviceMemoryBytes'), last('deviceUtilization'));
  return `peak ${gibText(sorted[sorted.length - 1] ?? NaN)} GiB${gpu === '' ? '' : `, ${gpu}`}`;
}

function scheduleNote(model: RunModel): string {
  const { lr_scheduler: scheduler, warmup_steps: warmup, learning_rate: peak } = model.started?.settings ?? {};
  const parts: string[] = [];
  if (typeof warmup === 'number' && warmup > 0) parts.push(`${countText(warmup)} warm-up`);
  if (typeof scheduler === 'string') parts.push(scheduler);
  if (parts.length === 0 && typeof peak === 'number') parts.push(`peak ${rateText(peak)}`);
  return parts.join(', then ');
}
