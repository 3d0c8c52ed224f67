import { metricFacts, type MetricFacts } from '../../../evaluation/metrics/catalog';
import { answeredEvaluations, shownEvaluation } from '../answers';
import { fullRange } from '../charts/loss-data';
import { createMiniChart } from '../charts/mini-chart';
import type { ChartTheme } from '../charts/theme';
import { h, part, setText } from '../dom';
import { valueText } from '../../../evaluation/numbers';
import { countText } from '../format';
import type { RunModel } from '../model';
import { niceCeiling } from '../scale';
import type { ChartPart } from './loss-section';
import type { Commands, Scene } from './scene';

/** One metric of the answers over the steps at which they were written. */
export function createAnswerChart(id: string, commands: Commands, theme: ChartTheme): ChartPart {
  const facts: Shown = metricFacts(id) ?? { title: id, unit: 'none', higherIsBetter: true };
  const value = part('span', { class: 'nowrap' });
  const note = h('p', { class: 'caption ellipsis note' });
  const box = h('div', { class: 'plot' });
  const figure = h('div', { role: 'img' }, box);
  const head = h('p', { class: 'mini-head' }, h('span', { class: 'caption grow' }, facts.title), value.element);
  const chart = createMiniChart(box, theme, commands.setCross);
  let drawn = '';
  return {
    element: h('div', { class: 'mini' }, head, figure, note),
    setTheme: (next) => chart.setTheme(next),
    update: ({ model, cross, zoom }: Scene) => {
      const evaluations = answeredEvaluations(model);
      const shown = shownEvaluation(model, cross);
      const text = valueText(shown?.metrics[id], facts.unit);
      value.render(text, () => [h('b', {}, text)]);
      const view = `${model.run} ${model.have} ${zoom?.from} ${zoom?.to}`;
      if (view !== drawn) {
        const said = chartNote(model, id, facts);
        setText(note, said);
        note.title = said;
        figure.setAttribute('aria-label', `${facts.title} of the answers by step, now ${text}; ${said}`);
        const values = evaluations.map(({ metrics }) => metrics[id] ?? NaN);
        chart.update({
          step: Float64Array.from(evaluations, ({ step }) => step),
          value: Float64Array.from(values, (one) => (facts.unit === 'share' ? one * 100 : one)),
          range: zoom ?? fullRange(model),
          top: facts.unit === 'none' ? niceCeiling(Math.max(0, ...values.filter(Number.isFinite))) : 100,
          tickText: countText,
          ofValidation: true,
        });
      }
      drawn = view;
      chart.showCross(cross >= 0 && shown ? evaluations.indexOf(shown) : -1);
    },
  };
}

type Shown = Pick<MetricFacts, 'title' | 'unit' | 'higherIsBetter'>;

/** `from 0.0 %, best 85.0 %` */
export function chartNote(model: RunModel, id: string, { unit, higherIsBetter }: Shown): string {
  let best: number | undefined;
  const parts: string[] = [];
  for (const { step, metrics } of answeredEvaluations(model)) {
    const value = metrics[id];
    if (typeof value !== 'number') continue;
    if (step === 0) parts.push(`from ${valueText(value, unit)}`);
    else if (best === undefined || (higherIsBetter ? value > best : value < best)) best = value;
  }
  if (best !== undefined) parts.push(`best ${valueText(best, unit)}`);
  return parts.join(', ');
}
