import { iconButton } from '../components';
import { h, icon, part, setText } from '../dom';
import { countText, gibText, plural, shortCount } from '../format';
import type { RunModel } from '../model';
import type { Commands, ScenePart } from './scene';
import { settingRows, type SettingRow } from './setting-rows';
import { deviceName } from './words';

/** Facts and settings of the run, closed until asked for. A changed setting has an edge and names its default. */
export function createSettings(commands: Commands): ScenePart {
  const body = part('div');
  const count = h('span', { class: 'caption' });
  const summary = h('summary', {}, icon('chevron-right'), h('h2', {}, 'Settings'), count);
  const details = h('details', {}, summary, body.element);
  const tools = part('span', { class: 'tools' });
  const element = h('section', { class: 'settings' }, details, tools.element);
  details.addEventListener('toggle', () => commands.setView({ settingsOpen: details.open }));
  return {
    element,
    update: ({ model, settings, view }) => {
      element.hidden = model.started === undefined;
      if (!model.started) return;
      const rows = settingRows(model.started.settings, settings);
      setText(count, `${countText(rows.filter((row) => row.changed).length)} changed`);
      if (details.open !== view.settingsOpen) details.open = view.settingsOpen;
      tools.render(model.run, () => [
        iconButton({
          icon: 'go-to-file',
          label: 'Open the settings file of the run',
          key: 'open-settings',
          onPress: () => commands.act({ type: 'openSettings', run: model.run }),
        }),
      ]);
      body.render(`${view.settingsOpen}${model.run}${model.started.time}${memoryFact(model)}`, () =>
        view.settingsOpen ? [factsTable(model), settingsTable(rows)] : [],
      );
    },
  };
}

function settingsTable(rows: readonly SettingRow[]): HTMLElement {
  return h(
    'table',
    { class: 'pairs' },
    h('caption', { class: 'unseen' }, 'Settings of the run'),
    h(
      'tbody',
      {},
      ...rows.map((row) =>
        h(
          'tr',
          { class: row.changed ? 'changed' : undefined },
          h('th', { scope: 'row', class: 'mono', title: row.help }, row.key),
          h(
            'td',
            { title: row.title },
            row.value,
            row.changed && h('span', { class: 'caption' }, ` default ${row.default}`),
          ),
        ),
      ),
    ),
  );
}

/** The highest memory so far, beside what was expected. */
function memoryFact({ started, series }: RunModel): string | undefined {
  const measured = series.column('memoryBytes').filter(Number.isFinite);
  const estimate = started?.memoryEstimate;
  const estimated = estimate && Object.values(estimate).reduce((sum, bytes) => sum + bytes, 0);
  if (measured.length === 0) return estimated === undefined ? undefined : `${gibText(estimated)} GiB estimated`;
  const peak = measured.reduce((most, bytes) => Math.max(most, bytes), 0);
  return `peak ${gibText(peak)} GiB${estimated === undefined ? '' : ` (${gibText(estimated)} estimated)`}`;
}

function factsTable(model: RunModel): HTMLElement {
  const { started } = model;
  if (!started) return h('div');
  const share = started.baseParameters > 0 ? (started.trainableParameters / started.baseParameters) * 100 : 0;
  const facts: (readonly [name: string, value: string, reason?: string | undefined])[] = [
    ['Examples', `${countText(started.trainExamples)} to train, ${countText(started.validationExamples)} to validate`],
    ['Steps', `${countText(started.totalSteps)}, ${countText(started.stepsPerEpoch)} an epoch`],
    [
      'Trained weights',
      `${shortCount(started.trainableParameters)} (${share.toFixed(share < 10 ? 2 : 0)} % of ${shortCount(started.baseParameters)})`,
    ],
    ['Engine', started.engine],
    ['Device', deviceName(started), started.deviceReason],
  ];
  if (started.paddingShare !== undefined)
    facts.push(['Padding', `${countText(100 * started.paddingShare)} % of the batches`]);
  const memory = [started.settings['memory'], memoryFact(model)].filter((text) => text !== undefined).join(', ');
  if (memory !== '') facts.push(['Memory', memory, started.memoryReason]);
  return h(
    'table',
    { class: 'pairs' },
    h('caption', { class: 'unseen' }, `Facts of the run, ${plural(facts.length, 'row')}`),
    h(
      'tbody',
      {},
      ...facts.map(([name, value, reason]) =>
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, name),
          // What was chosen for the user has a reason.
          h('td', {}, value, reason !== undefined && h('p', { class: 'caption' }, reason)),
        ),
      ),
    ),
  );
}
