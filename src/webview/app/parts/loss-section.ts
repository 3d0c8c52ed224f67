import { isLive } from '../../protocol';
import { createLossChart } from '../charts/loss-chart';
import type { ChartTheme } from '../charts/theme';
import { iconButton } from '../components';
import { h, part, setText } from '../dom';
import { countText, lossText } from '../format';
import { evaluationBefore, type RunModel } from '../model';
import { SMOOTHING } from '../series';
import { moveByKey, throttle } from './loss-keys';
import { chartSentence, cutSentence } from './loss-sentences';
import { lossTable } from './loss-table';
import type { Commands, Scene, ScenePart } from './scene';

export interface ChartPart extends ScenePart {
  setTheme(theme: ChartTheme): void;
}

/** Heading with the values under the crosshair, the loss chart or its table, and what the chart leaves out. */
export function createLossSection(commands: Commands, theme: ChartTheme): ChartPart {
  const at = h('span', { class: 'caption ellipsis grow' });
  const tools = part('span', { class: 'tools' });
  const readout = part('p', { class: 'readout' });
  const spoken = h('p', { class: 'unseen', 'aria-live': 'polite' });
  const box = h('div', { class: 'plot' });
  const figure = h('div', { class: 'chart', tabindex: 0, role: 'group', 'aria-roledescription': 'chart' }, box);
  const empty = part('div', { class: 'chart-empty caption' });
  const cut = part('p', { class: 'caption cut' });
  const table = part('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': 'Loss by step' });
  const element = h(
    'section',
    {},
    h('div', { class: 'section-head' }, h('h2', {}, 'Loss'), at, tools.element),
    readout.element,
    figure,
    empty.element,
    table.element,
    cut.element,
    spoken,
  );
  const chart = createLossChart({ box, onCross: commands.setCross, onZoom: commands.setZoom }, theme);
  const say = throttle((text) => setText(spoken, text));
  let scene: Scene | undefined;
  let drawn = '';
  let moved = false;

  figure.addEventListener('keydown', (event) => {
    if (!scene || !moveByKey(event, scene, chart.stride, commands)) return;
    event.preventDefault();
    moved = true;
  });
  figure.addEventListener('blur', () => commands.setCross(undefined));

  return {
    element,
    setTheme: (next) => chart.setTheme(next),
    update: (next) => {
      scene = next;
      const { model, view } = next;
      const nothing = model.series.length === 0 && model.evaluations.length === 0;
      element.hidden = nothing && !isLive(next.state);
      if (element.hidden) return;
      renderTools(tools, next, commands);
      const index = next.cross >= 0 ? next.cross : lastIndex(model);
      if (moved && next.cross >= 0) say(spokenReadout(next));
      moved = false;
      setText(at, index < 0 ? '' : placeText(model, index, next.cross >= 0));
      const values = readoutValues(model, index, view.smoothed);
      readout.render(JSON.stringify(values), () => values.map(readoutItem));
      figure.hidden = nothing || view.table;
      empty.render(`${nothing}`, () =>
        nothing ? ['The curve begins with the first step, once the model is loaded and compiled.'] : [],
      );
      if (!figure.hidden) {
        figure.setAttribute('aria-label', chartSentence(model));
        // A moved crosshair must not draw 100,000 steps again.
        const key = JSON.stringify([model.run, model.have, view.smoothed, view.log, next.zoom]);
        if (key !== drawn) chart.update({ model, smoothed: view.smoothed, log: view.log, zoom: next.zoom });
        drawn = key;
        chart.showCross(next.cross >= 0 ? model.series.column('step')[next.cross] : undefined);
      }
      const left = figure.hidden ? '' : cutSentence(chart.fit);
      cut.render(left, () => (left === '' ? [] : [h('span', { 'aria-hidden': 'true' }, '▲ '), left]));
      table.render(view.table && !nothing ? `${model.have}` : '', () =>
        view.table && !nothing ? [lossTable(model)] : [],
      );
    },
  };
}

function renderTools(tools: ReturnType<typeof part>, { view, zoom, model }: Scene, commands: Commands): void {
  const empty = model.series.length === 0 && model.evaluations.length === 0;
  tools.render(`${view.smoothed}${view.log}${view.table}${zoom !== undefined}${empty}`, () =>
    empty
      ? []
      : [
          zoom &&
            iconButton({
              icon: 'zoom-out',
              label: 'Show all steps',
              key: 'zoom',
              onPress: () => commands.setZoom(undefined),
            }),
          iconButton({
            icon: 'graph-line',
            label: `Smooth the train loss (moving average, ${SMOOTHING.toFixed(2)})`,
            key: 'smooth',
            pressed: view.smoothed,
            onPress: () => commands.setView({ smoothed: !view.smoothed }),
          }),
          iconButton({
            icon: 'log',
            word: true,
            label: 'Logarithmic loss axis',
            key: 'log',
            pressed: view.log,
            onPress: () => commands.setView({ log: !view.log }),
          }),
          iconButton({
            icon: 'table',
            label: 'Show the loss as a table',
            key: 'table',
            pressed: view.table,
            onPress: () => commands.setView({ table: !view.table }),
          }),
        ],
  );
}

/** The last record whose loss is a number, else the last one. */
function lastIndex(model: RunModel): number {
  const finite = model.series.column('loss').findLastIndex((loss) => Number.isFinite(loss));
  return finite >= 0 ? finite : model.series.length - 1;
}

function placeText(model: RunModel, index: number, crossed: boolean): string {
  const step = countText(model.series.column('step')[index]!);
  const epoch = model.series.column('epoch')[index]!.toFixed(2);
  return `${crossed ? '' : 'last '}step ${step} · epoch ${epoch}`;
}

interface ReadoutValue {
  readonly kind: 'train' | 'raw' | 'validation';
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

function readoutValues(model: RunModel, index: number, smoothed: boolean): ReadoutValue[] {
  const values: ReadoutValue[] = [];
  if (index >= 0) {
    const raw = lossText(model.series.column('loss')[index]);
    if (smoothed) values.push({ kind: 'train', name: 'train', value: lossText(model.series.smooth[index]), note: '' });
    values.push({ kind: smoothed ? 'raw' : 'train', name: smoothed ? 'raw' : 'train', value: raw, note: '' });
  }
  const step = index >= 0 ? model.series.column('step')[index]! : Infinity;
  const evaluation = evaluationBefore(model, step);
  if (evaluation) {
    const note = evaluation.step === step ? '' : `at ${countText(evaluation.step)}`;
    values.push({ kind: 'validation', name: 'validation', value: lossText(evaluation.loss), note });
  }
  return values;
}

function readoutItem({ kind, name, value, note }: ReadoutValue): HTMLElement {
  return h(
    'span',
    { class: 'nowrap' },
    kind !== 'raw' && h('i', { class: `swatch ${kind}`, 'aria-hidden': 'true' }),
    h('span', { class: 'muted' }, `${name} `),
    kind === 'raw' ? value : h('b', {}, value),
    note !== '' && h('span', { class: 'muted' }, ` ${note}`),
  );
}

function spokenReadout({ model, cross, view }: Scene): string {
  const values = readoutValues(model, cross, view.smoothed).map(({ name, value, note }) =>
    `${name} ${value} ${note}`.trim(),
  );
  return `${placeText(model, cross, true)}: ${values.join(', ')}`;
}
