import type { AnswerSample } from '../../../training/protocol';
import { answeredEvaluations, shownEvaluation, type Answered } from '../answers';
import type { ChartTheme } from '../charts/theme';
import { h, icon, part, setText } from '../dom';
import { countText, plural } from '../format';
import { createAnswerChart } from './answer-chart';
import type { ChartPart } from './loss-section';
import type { Commands } from './scene';

/** Metrics of the answers that the model wrote to validation records, and some of these answers. */
export function createAnswers(commands: Commands, firstTheme: ChartTheme): ChartPart {
  let theme = firstTheme;
  const caption = h('span', { class: 'caption ellipsis grow' });
  const charts = h('div', { class: 'minis' });
  const samples = part('div', { class: 'samples' });
  const element = h(
    'section',
    { 'aria-label': 'Answers' },
    h('div', { class: 'section-head' }, h('h2', {}, 'Answers'), caption),
    charts,
    samples.element,
  );
  const parts = new Map<string, ChartPart>();
  /** Lines of the samples that are open; the first one at the beginning. */
  let open: Set<number> | undefined;

  return {
    element,
    setTheme: (next) => {
      theme = next;
      for (const chart of parts.values()) chart.setTheme(next);
    },
    update: (scene) => {
      const { model, cross } = scene;
      const first = answeredEvaluations(model)[0];
      const shown = shownEvaluation(model, cross) ?? first;
      element.hidden = shown === undefined;
      if (!first || !shown) return;
      const ids = Object.keys(shown.metrics);
      if (ids.join() !== [...parts.keys()].join()) {
        parts.clear();
        for (const id of ids) parts.set(id, createAnswerChart(id, commands, theme));
        charts.replaceChildren(...[...parts.values()].map((chart) => chart.element));
      }
      for (const chart of parts.values()) chart.update(scene);
      const when = shown.step === 0 ? 'before the first step' : `at step ${countText(shown.step)}`;
      setText(caption, `${when} · ${plural(shown.answers, 'validation record')}`);
      open ??= new Set(shown.samples.slice(0, 1).map(({ line }) => line));
      const known = open;
      samples.render(`${model.run} ${shown.step} ${shown.time}`, () =>
        shown.samples.map((sample, at) =>
          sampleElement(sample, first === shown ? undefined : first.samples[at], shown, known),
        ),
      );
    },
  };
}

/** @param before what the same record was answered at the first time */
function sampleElement(
  { line, prompt, reference, answer }: AnswerSample,
  before: AnswerSample | undefined,
  { step }: Answered,
  open: Set<number>,
): HTMLElement {
  const isRight = answer === reference;
  const mark = h(
    'span',
    { class: 'nowrap caption' },
    icon(isRight ? 'check' : 'close', isRight ? 'ok' : ''),
    isRight ? ' equal to the reference' : ' not equal',
  );
  const title = h('span', { class: 'ellipsis grow' }, prompt);
  const details = h(
    'details',
    { open: open.has(line) },
    h('summary', { 'data-key': `answer-${line}` }, icon('chevron-right'), title, mark),
    h(
      'dl',
      { class: 'answer-texts' },
      ...texts(`Prompt, line ${countText(line)}`, prompt),
      ...texts('Reference', reference),
      ...(before ? texts('Before', before.answer) : []),
      ...texts(step === 0 ? 'Before' : `Step ${countText(step)}`, answer),
    ),
  );
  details.addEventListener('toggle', () => (details.open ? open.add(line) : open.delete(line)));
  return details;
}

function texts(name: string, text: string): HTMLElement[] {
  const shown = text.trim() === '' ? h('span', { class: 'muted' }, 'nothing') : text;
  return [h('dt', { class: 'caption' }, name), h('dd', {}, shown)];
}
