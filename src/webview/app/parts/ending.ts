import type { CompletedEvent } from '../../../training/protocol';
import { button, iconButton, linkButton } from '../components';
import { h, icon, part } from '../dom';
import { countText, differenceText, lossText, rewardText } from '../format';
import { bestEvaluation, type RunModel } from '../model';
import type { Commands, ScenePart } from './scene';

/** How the run ended, what is kept, and what to do next. Empty while it runs. */
export function createEnding(commands: Commands): ScenePart {
  const root = part('section', { 'aria-label': 'Result', class: 'stack-small' });
  return {
    element: root.element,
    update: ({ model, state }) => {
      const { final } = model;
      root.render(`${model.run}${state}${final?.time}${model.have}`, () => {
        if (final?.type === 'completed') return completed(model, final, commands);
        if (final?.type === 'stopped') return stopped(model, final.step, final.checkpoint, final.adapter, commands);
        if (final?.type === 'failed') return failed(model, final.message, final.hint, commands);
        return state === 'interrupted' ? interrupted(model, commands) : [];
      });
    },
  };
}

function completed(
  model: RunModel,
  { adapter, step, stoppedEarly }: CompletedEvent,
  commands: Commands,
): HTMLElement[] {
  const best = bestEvaluation(model);
  const last = model.evaluations.at(-1);
  const trained = model.series.smooth.findLast((loss) => Number.isFinite(loss));
  const figures = [
    best && figure('Validation loss', lossText(best.loss), `best, at step ${countText(best.step)}`),
    best && last && last.loss !== null && last.step !== best.step
      ? figure(
          'Last evaluation',
          lossText(last.loss),
          `${differenceText(last.loss - best.loss)} at step ${countText(last.step)}`,
        )
      : figure('Train loss', lossText(trained), 'at the end, smoothed'),
    best?.rewards &&
      figure(
        'Reward accuracy',
        `${Math.round(100 * best.rewards.accuracies)} %`,
        `margin ${rewardText(best.rewards.margins)}, at step ${countText(best.step)}`,
      ),
  ].filter((item) => item !== undefined);
  const early = `Stopped early after step ${countText(step)}: the validation loss did not improve any more.`;
  return [
    ...(stoppedEarly ? [message('info', early, 'The weights of the best evaluation are kept.')] : []),
    h('dl', { class: 'figures' }, ...figures),
    pathLine(model.started?.settings['method'] === 'full' ? 'Model' : 'Adapter', adapter, commands),
    modelActions(model, commands),
  ];
}

function stopped(
  model: RunModel,
  step: number,
  checkpoint: string | null,
  adapter: string | null,
  commands: Commands,
): HTMLElement[] {
  const kept = adapter ?? checkpoint;
  const folder = adapter === null ? 'checkpoint' : 'adapter';
  return [
    message(
      'info',
      `Stopped after step ${countText(step)}.`,
      kept === null ? 'Nothing was saved yet.' : `The ${folder} of that step is kept.`,
    ),
    ...(kept === null ? [] : [pathLine(adapter === null ? 'Checkpoint' : 'Adapter', kept, commands)]),
    adapter === null ? h('div', { class: 'actions' }, trainAgain(commands)) : modelActions(model, commands),
    logLine(model, commands),
  ];
}

function failed(model: RunModel, text: string, hint: string, commands: Commands): HTMLElement[] {
  const saved = model.checkpoints.findLast((checkpoint) => checkpoint.best) ?? model.checkpoints.at(-1);
  return [
    message('bad', text, hint),
    h(
      'div',
      { class: 'actions' },
      button({
        label: 'Open the log',
        icon: 'output',
        primary: true,
        key: 'log',
        onPress: () => commands.act({ type: 'openLog', run: model.run }),
      }),
      button({
        label: 'Show settings',
        icon: 'settings-gear',
        key: 'settings-file',
        onPress: () => commands.act({ type: 'openSettings', run: model.run }),
      }),
      trainAgain(commands),
    ),
    ...(saved
      ? [h('p', { class: 'caption' }, `The checkpoint of step ${countText(saved.step)} is kept.`)]
      : [h('p', { class: 'caption' }, 'There was no checkpoint yet.')]),
    h(
      'p',
      {},
      linkButton('Copy details for a bug report', 'details', () =>
        commands.act({ type: 'copy', text: details(model, text, hint) }),
      ),
    ),
  ];
}

function interrupted(model: RunModel, commands: Commands): HTMLElement[] {
  const saved = model.checkpoints.at(-1);
  return [
    message(
      'warn',
      'The trainer ended without a word.',
      `A machine that runs out of memory ends programs like this; so does a power cut. ${saved ? `The checkpoint of step ${countText(saved.step)} is kept.` : 'There was no checkpoint yet.'}`,
    ),
    h(
      'div',
      { class: 'actions' },
      button({
        label: 'Open the log',
        icon: 'output',
        key: 'log',
        onPress: () => commands.act({ type: 'openLog', run: model.run }),
      }),
      trainAgain(commands),
    ),
  ];
}

function trainAgain(commands: Commands): HTMLElement {
  return button({
    label: 'Train again',
    icon: 'debug-restart',
    key: 'train',
    onPress: () => commands.act({ type: 'train' }),
  });
}

/** What to do with a trained model. */
function modelActions({ run, reports }: RunModel, commands: Commands): HTMLElement {
  return h(
    'div',
    { class: 'actions four' },
    button({
      label: 'Evaluate',
      icon: 'beaker',
      primary: reports.length === 0,
      key: 'evaluate',
      onPress: () => commands.act({ type: 'evaluate', run }),
    }),
    button({
      label: 'Chat',
      icon: 'comment-discussion',
      key: 'chat',
      onPress: () => commands.act({ type: 'chat', run }),
    }),
    button({ label: 'Export', icon: 'export', key: 'export', onPress: () => commands.act({ type: 'export', run }) }),
    trainAgain(commands),
  );
}

function logLine(model: RunModel, commands: Commands): HTMLElement {
  return h(
    'p',
    {},
    linkButton('Open the log', 'log', () => commands.act({ type: 'openLog', run: model.run })),
  );
}

function figure(name: string, value: string, note: string): HTMLElement {
  return h(
    'div',
    {},
    h('dt', { class: 'caption' }, name),
    h('dd', { class: 'figure' }, value),
    h('dd', { class: 'caption' }, note),
  );
}

function pathLine(name: string, path: string, commands: Commands): HTMLElement {
  // The end of a long path tells more than its beginning, so the beginning is what is cut.
  const text = h('bdi', {}, path);
  return h(
    'div',
    { class: 'path-line' },
    h('span', { class: 'caption' }, name),
    h('span', { class: 'path mono', title: path }, text),
    iconButton({
      icon: 'copy',
      label: `Copy the path of the ${name.toLowerCase()}`,
      key: 'copy',
      onPress: () => commands.act({ type: 'copy', text: path }),
    }),
    iconButton({
      icon: 'folder-opened',
      label: `Open the folder of the ${name.toLowerCase()}`,
      key: 'adapter',
      onPress: () => commands.act({ type: 'openFolder', path }),
    }),
  );
}

const MESSAGE_ICONS = { bad: 'error', warn: 'warning', info: 'info' } as const;

/** Icon, what happened, and below it what that means or what to do. */
export function message(kind: keyof typeof MESSAGE_ICONS, text: string, more: string, count = 1): HTMLElement {
  return h(
    'div',
    { class: `message ${kind}` },
    icon(MESSAGE_ICONS[kind], kind === 'info' ? 'accent' : kind),
    h(
      'div',
      {},
      h(
        'p',
        { class: kind === 'bad' ? 'strong' : undefined },
        text,
        count > 1 && h('span', { class: 'muted' }, ` (${count} times)`),
      ),
      more !== '' && h('p', { class: 'more' }, more),
    ),
  );
}

function details(model: RunModel, text: string, hint: string): string {
  const { started, series } = model;
  return [
    `Fine-tune run failed: ${text}`,
    `Hint: ${hint}`,
    `Run: ${model.run}`,
    started ? `Engine ${started.engine}, device ${started.device}` : 'The trainer failed before it had started.',
    `Last step ${series.length === 0 ? 0 : series.last('step')}, loss ${lossText(series.last('loss'))}`,
    `Settings: ${JSON.stringify(started?.settings ?? {}, null, 2)}`,
  ].join('\n');
}
