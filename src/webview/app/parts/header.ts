import { button, iconButton, progressRing } from '../components';
import { h, icon, part, setStyle, setText } from '../dom';
import { clockText, countText, durationText, estimateText, shortCount } from '../format';
import { elapsedSeconds, secondsLeft, stepsDone, type RunModel } from '../model';
import { isLive } from '../../protocol';
import type { Commands, Scene, ScenePart } from './scene';
import { describeRun, PHASES, STATES } from './words';

/** Name, state, progress, time left, phases and actions of the run. */
export function createHeader(commands: Commands, toggleRuns: () => void): ScenePart {
  const name = h('h1', { class: 'ellipsis' });
  const tools = part('span', { class: 'row' });
  const chip = part('span', { class: 'state' });
  const about = h('p', { class: 'caption ellipsis' });
  const doneText = part('span', { class: 'grow' });
  const leftText = part('span', { class: 'nowrap' });
  const bar = createBar();
  const detail = h('span', { class: 'grow' });
  const elapsed = h('span', { class: 'nowrap' });
  const phases = part('p', { class: 'phases grow', 'aria-label': 'Phases' });
  const actions = part('div', { class: 'header-action' });
  const status = part('p', { class: 'caption', role: 'status' });
  const problem = part('p', { class: 'problem', role: 'alert' });
  const counters = h('div', { class: 'split caption' }, detail, elapsed);
  const element = h(
    'header',
    { class: 'stack-small' },
    h(
      'div',
      {},
      h('div', { class: 'title' }, h('div', { class: 'row grow' }, name, tools.element), chip.element),
      about,
    ),
    h(
      'div',
      { class: 'progress-block' },
      h('div', { class: 'split middle' }, doneText.element, leftText.element),
      bar.element,
      counters,
    ),
    h('div', { class: 'split middle' }, phases.element, actions.element),
    status.element,
    problem.element,
  );

  return {
    element,
    update: (scene) => {
      const { model, state } = scene;
      const live = isLive(state);
      setText(name, model.started?.name ?? scene.listed?.name ?? 'Run');
      tools.render(`${scene.runs.length > 1}`, () =>
        scene.runs.length > 1
          ? [
              iconButton({
                icon: 'history',
                label: `Show another of ${scene.runs.length} runs`,
                key: 'runs',
                onPress: toggleRuns,
              }),
            ]
          : [],
      );
      const shown = shownState(scene);
      chip.render(shown, () => [icon(STATES[shown].icon, STATES[shown].color), STATES[shown].word]);
      setText(about, model.started ? describeRun(model.started) : '');
      updateProgress(scene, doneText, leftText, bar);
      setText(detail, detailText(model));
      setText(
        elapsed,
        model.lastTime > 0
          ? `${durationText(elapsedSeconds(model, state === 'running', scene.now))}${live ? ' so far' : ''}`
          : '',
      );
      counters.hidden = model.series.length === 0;
      renderPhases(scene, phases);
      actions.render(`${state}${scene.asked}`, () => (live ? actionButtons(scene, commands) : []));
      const line = statusLine(scene);
      status.render(`${line?.icon}${line?.text}`, () => (line ? [icon(line.icon, line.color), ` ${line.text}`] : []));
      problem.render(scene.problem ?? '', () =>
        scene.problem === undefined ? [] : [icon('error', 'bad'), ` ${scene.problem}`],
      );
    },
  };
}

function shownState({ model, state, asked }: Scene): keyof typeof STATES {
  if (!isLive(state)) return state;
  if (asked === 'stop') return 'stopping';
  if (asked === 'pause' && state === 'running') return 'pausing';
  return state === 'running' && model.series.length === 0 ? 'starting' : state;
}

function actionButtons({ model, state, asked }: Scene, commands: Commands): HTMLElement[] {
  const { run } = model;
  const waits = state === 'paused' ? asked !== 'continue' : asked === 'pause';
  return [
    button({
      label: waits ? 'Continue' : 'Pause',
      icon: waits ? 'debug-continue' : 'debug-pause',
      key: 'pause',
      disabled: asked === 'stop',
      onPress: () => commands.act({ type: waits ? 'continue' : 'pause', run }),
    }),
    button({
      label: 'Stop',
      icon: 'debug-stop',
      iconColor: 'bad',
      key: 'stop',
      disabled: asked === 'stop',
      onPress: () => commands.act({ type: 'stop', run }),
    }),
  ];
}

interface Bar {
  readonly element: HTMLElement;
  set(done: number, total: number, notches: readonly number[], quiet: boolean, label: string): void;
}

function createBar(): Bar {
  const fill = h('i');
  const notchBox = part('span');
  const element = h('div', { class: 'progress', role: 'progressbar', 'aria-valuemin': 0 }, fill, notchBox.element);
  return {
    element,
    set: (done, total, notches, quiet, label) => {
      setStyle(fill, 'width', `${total > 0 ? Math.min(100, (done / total) * 100) : 0}%`);
      element.classList.toggle('quiet', quiet);
      element.setAttribute('aria-valuenow', String(done));
      element.setAttribute('aria-valuemax', String(total));
      element.setAttribute('aria-label', label);
      notchBox.render(notches.join(' '), () =>
        notches.map((share) => {
          const notch = h('b');
          setStyle(notch, 'left', `${share * 100}%`);
          return notch;
        }),
      );
    },
  };
}

const MOST_NOTCHES = 12;

function updateProgress(
  { model, state, listed, asked }: Scene,
  doneText: ReturnType<typeof part>,
  leftText: ReturnType<typeof part>,
  bar: Bar,
): void {
  const live = isLive(state);
  const done = stepsDone(model);
  const total = model.started?.totalSteps ?? listed?.totalSteps ?? 0;
  if (done === 0 && live) {
    bar.element.hidden = false;
    const phase = model.active.at(-1);
    const progress = model.progress;
    const text = phase ? PHASES[phase].now : 'Starting the trainer';
    const counts =
      progress && progress.total > 0
        ? ` ${countText(progress.done)} of ${countText(progress.total)} ${progress.unit}`
        : '';
    doneText.render(`wait${text}`, () => [h('span', { class: 'row' }, progressRing(text), text)]);
    leftText.render(counts, () => [h('span', { class: 'muted' }, counts)]);
    bar.set(progress?.done ?? 0, progress?.total ?? 0, [], false, text);
    return;
  }
  bar.element.hidden = done === 0;
  if (done === 0) {
    doneText.render('none', () => ['Ended before the first step']);
    leftText.render('', () => []);
    return;
  }
  const verb = live ? 'Step ' : state === 'completed' ? 'All ' : 'Ended at step ';
  doneText.render(`${verb}${done}/${total}`, () =>
    state === 'completed' && done >= total
      ? [h('b', {}, countText(done)), ' steps done']
      : [
          live ? 'Step ' : 'Ended at step ',
          h('b', {}, countText(done)),
          total > 0 && h('span', { class: 'muted' }, ` of ${countText(total)}`),
        ],
  );
  const left = live && asked !== 'stop' ? secondsLeft(model) : undefined;
  const estimate = left ? estimateText(left.low, left.high) : '';
  leftText.render(estimate, () => (left ? [h('b', {}, estimate), h('span', { class: 'muted' }, ' left')] : []));
  const perEpoch = model.started?.stepsPerEpoch ?? 0;
  const epochs = perEpoch > 0 ? Math.ceil(total / perEpoch) : 0;
  const notches =
    epochs <= MOST_NOTCHES
      ? Array.from({ length: Math.max(0, epochs - 1) }, (_, i) => ((i + 1) * perEpoch) / total)
      : [];
  bar.set(done, total, notches, !live, 'Training steps done');
}

function detailText(model: RunModel): string {
  const { series, started } = model;
  if (series.length === 0) return '';
  const epochs = started && started.stepsPerEpoch > 0 ? started.totalSteps / started.stepsPerEpoch : 0;
  const of = epochs > 0 ? ` of ${Number(epochs.toFixed(2))}` : '';
  return `Epoch ${series.last('epoch').toFixed(2)}${of} · ${shortCount(series.last('trainedTokens'))} trained tokens`;
}

const ONCE = new Set(['load', 'tokenize', 'device', 'compile', 'reference', 'export']);

/** While a run lives, the phases before the first step and the present one; afterwards where the time went. */
function renderPhases({ model, state }: Scene, target: ReturnType<typeof part>): void {
  const live = isLive(state);
  const done = model.phases.filter(({ phase }) => !live || ONCE.has(phase));
  const now = live ? model.active.at(-1) : undefined;
  const texts = done
    .filter(({ phase }) => phase !== now)
    .map(({ phase, seconds }) => `${PHASES[phase].done} ${durationText(seconds)}`);
  target.render(`${texts.join()}${now}`, () => [
    ...texts.map((text) => h('span', {}, icon('check'), text)),
    now && h('span', { class: 'now' }, icon('chevron-right'), PHASES[now].done),
  ]);
}

/** What happened last, for the user who looks up. */
function statusLine({ model, state, asked }: Scene): { icon: string; color: string; text: string } | undefined {
  if (!isLive(state)) return undefined;
  if (asked === 'stop')
    return { icon: 'loading', color: '', text: 'The trainer finishes its step, saves a checkpoint and ends.' };
  if (state === 'paused')
    return {
      icon: 'debug-pause',
      color: '',
      text: 'The trainer waits and keeps its memory. Continue goes on at once; a stopped run can be resumed later.',
    };
  if (asked === 'pause')
    return { icon: 'loading', color: '', text: 'The trainer finishes its step, saves a checkpoint and waits.' };
  const { progress } = model;
  if (model.active.at(-1) === 'evaluate' && progress?.phase === 'evaluate')
    return {
      icon: 'beaker',
      color: '',
      text: `Evaluating: ${countText(progress.done)} of ${countText(progress.total)} ${progress.unit}.`,
    };
  const saved = model.checkpoints.at(-1);
  const evaluated = model.evaluations.at(-1);
  const parts: string[] = [];
  if (saved && evaluated?.step === saved.step)
    return {
      icon: 'check',
      color: 'ok',
      text: `Saved and evaluated step ${countText(saved.step)} at ${clockText(Date.parse(evaluated.time))}.`,
    };
  if (saved) parts.push(`Saved step ${countText(saved.step)} at ${clockText(Date.parse(saved.time))}.`);
  if (evaluated) parts.push(`Evaluated step ${countText(evaluated.step)} at ${clockText(Date.parse(evaluated.time))}.`);
  return parts.length > 0 ? { icon: 'check', color: 'ok', text: parts.join(' ') } : undefined;
}
