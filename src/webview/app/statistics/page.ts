import type { DatasetReport, ReportedIssue } from '../../../dataset/report';
import type { DatasetStatistics, Spread, TokenStatistics } from '../../../dataset/statistics';
import type { StatisticsAction } from '../../statistics-protocol';
import { button, iconButton } from '../components';
import { h, icon } from '../dom';
import { countText, plural, shortCount } from '../format';
import { histogram, histogramTable } from './histogram';

export interface ReportView {
  /** The histogram is shown as a table. */
  readonly table: boolean;
}

export interface ReportCommands {
  act(action: StatisticsAction): void;
  setView(view: ReportView): void;
}

/** The whole page of one file. @param width of the page in CSS pixels, for the drawing */
export function reportPage(
  report: DatasetReport,
  view: ReportView,
  width: number,
  commands: ReportCommands,
): HTMLElement[] {
  const { tokens } = report.statistics;
  return [
    header(report, commands),
    figures(report),
    ...(tokens ? [lengths(tokens, view, width, commands)] : []),
    findings(report, commands),
    h(
      'div',
      { class: 'two' },
      roles(report.statistics),
      h('div', { class: 'stacked' }, copies(report), more(report.statistics)),
    ),
  ];
}

function header(report: DatasetReport, commands: ReportCommands): HTMLElement {
  const { statistics, vocabulary, bytes, name, path } = report;
  const counted =
    vocabulary === null
      ? undefined
      : statistics.tokens?.estimate
        ? `tokens are estimates (${vocabulary})`
        : `tokens as ${vocabulary} counts them`;
  const facts = [
    statistics.format === null ? 'unknown format' : `${statistics.format} format`,
    megabytes(bytes),
    counted,
  ];
  return h(
    'header',
    { class: 'report-head' },
    h(
      'div',
      { class: 'grow' },
      h('h1', { title: path }, name),
      h('p', { class: 'muted' }, facts.filter((fact) => fact !== undefined).join(' · ')),
    ),
    iconButton({
      icon: 'refresh',
      label: 'Read the file again',
      key: 'refresh',
      onPress: () => commands.act({ type: 'refresh' }),
    }),
    button({
      label: 'Preview',
      icon: 'eye',
      key: 'preview',
      onPress: () => commands.act({ type: 'preview' }),
    }),
    button({
      label: 'Train on this file',
      icon: 'rocket',
      primary: true,
      disabled: report.invalidRecords > 0 || statistics.records === 0,
      key: 'train',
      onPress: () => commands.act({ type: 'train' }),
    }),
  );
}

function figures({ statistics, invalidRecords }: DatasetReport): HTMLElement {
  const { records, tokens } = statistics;
  const about = tokens?.estimate ? 'about ' : '';
  const valid = invalidRecords === 0 ? 'all usable' : `${countText(invalidRecords)} with errors`;
  const shown: (readonly [string, string])[] = [
    [countText(records), `${records === 1 ? 'example' : 'examples'}, ${valid}`],
  ];
  if (tokens) {
    const share = (tokens.trained / Math.max(1, tokens.total)) * 100;
    shown.push(
      [about + shortCount(tokens.total), 'tokens'],
      [about + shortCount(tokens.trained), `trained tokens (${share.toFixed(0)} %)`],
      [about + countText(tokens.perRecord.mean), 'tokens an example, on average'],
    );
  } else shown.push([countText(statistics.characters.median), 'characters an example, half are below']);
  const cells = shown.map(([figure, name]) => h('div', {}, h('b', {}, figure), h('span', { class: 'muted' }, name)));
  return h('section', { class: 'figures', 'aria-label': 'Key figures' }, ...cells);
}

function lengths(tokens: TokenStatistics, view: ReportView, width: number, commands: ReportCommands): HTMLElement {
  return h(
    'section',
    { class: 'panel' },
    h(
      'div',
      { class: 'section-head' },
      h('h2', {}, 'Length of the examples'),
      h('span', { class: 'caption' }, 'examples by tokens'),
      h(
        'span',
        { class: 'tools' },
        iconButton({
          icon: 'table',
          label: 'Show as table',
          pressed: view.table,
          key: 'table',
          onPress: () => commands.setView({ table: !view.table }),
        }),
      ),
    ),
    view.table ? histogramTable(tokens) : h('div', { class: 'drawing' }, histogram(tokens, width)),
    tokens.cutRecords > 0 && cutMessage(tokens),
  );
}

function cutMessage({ cutRecords, maxLength, lostTrainedTokens, trained }: TokenStatistics): HTMLElement {
  const share = (lostTrainedTokens / Math.max(1, trained + lostTrainedTokens)) * 100;
  const who = `${plural(cutRecords, 'example')} ${cutRecords === 1 ? 'is' : 'are'} longer than ${countText(maxLength)} tokens and would be cut off.`;
  return h(
    'div',
    { class: 'message warn' },
    icon('warning', 'warn'),
    h(
      'div',
      {},
      who,
      h(
        'div',
        { class: 'more' },
        `${countText(lostTrainedTokens)} trained tokens would be lost (${share.toFixed(1)} %). Raise max_length, or shorten them.`,
      ),
    ),
  );
}

const ICONS = {
  error: ['error', 'bad'],
  warning: ['warning', 'warn'],
  information: ['info', 'accent'],
  hint: ['lightbulb', 'muted'],
} as const;
const NOUNS = { error: 'error', warning: 'warning', information: 'note', hint: 'hint' } as const;

function findings({ issues }: DatasetReport, commands: ReportCommands): HTMLElement {
  const most = Math.max(1, ...issues.map((issue) => issue.count));
  const sums = Object.entries(NOUNS).flatMap(([severity, noun]) => {
    const of = issues.filter((issue) => issue.severity === severity);
    const count = of.reduce((sum, issue) => sum + issue.count, 0);
    return count > 0 ? [plural(count, noun)] : [];
  });
  return h(
    'section',
    { class: 'panel' },
    h(
      'div',
      { class: 'section-head' },
      h('h2', {}, 'Findings'),
      h('span', { class: 'caption' }, issues.length === 0 ? 'none' : sums.join(' · ')),
    ),
    ...(issues.length === 0
      ? [h('p', { class: 'muted' }, icon('check', 'ok'), ' Nothing was found in this file.')]
      : issues.map((issue) => issueRow(issue, most, commands))),
  );
}

function issueRow(issue: ReportedIssue, most: number, commands: ReportCommands): HTMLElement {
  const [name, color] = ICONS[issue.severity];
  const row = h(
    'button',
    {
      type: 'button',
      class: 'issue',
      'data-key': `issue-${issue.rule}`,
      'aria-label': `${issue.title}: ${issue.severity}, ${plural(issue.count, 'time')}. Show the first, line ${issue.firstLine}.`,
      title: `Show the first one, line ${countText(issue.firstLine)}`,
    },
    icon(name, color),
    h('span', { class: 'ellipsis' }, issue.title, ' ', h('code', {}, issue.rule)),
    h('span', { class: 'number' }, countText(issue.count)),
    h('span', { class: 'share', 'aria-hidden': 'true' }, bar(issue.count / most, 'quiet')),
    icon('chevron-right', 'small'),
  );
  row.addEventListener('click', () => commands.act({ type: 'showLine', line: issue.firstLine }));
  return row;
}

function roles({ roles: list, tokens }: DatasetStatistics): HTMLElement {
  const measure = (one: { readonly tokens: number; readonly characters: number }): number =>
    tokens ? one.tokens : one.characters;
  const total = list.reduce((sum, one) => sum + measure(one), 0);
  const rows = list.map((one) => {
    const share = measure(one) / Math.max(1, total);
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, one.role),
      h('td', { class: 'number' }, countText(one.turns)),
      h('td', { class: 'number' }, countText(measure(one))),
      h(
        'td',
        {},
        h(
          'span',
          { class: 'share-cell' },
          bar(share, one.role === 'assistant' ? '' : 'quiet'),
          h('span', { class: 'caption' }, percent(share)),
        ),
      ),
    );
  });
  const turns = list.reduce((sum, one) => sum + one.turns, 0);
  return h(
    'section',
    {},
    h('div', { class: 'section-head' }, h('h2', {}, 'Roles')),
    h(
      'table',
      {},
      h('caption', { class: 'unseen' }, 'Turns and length by role'),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'Role'),
          h('th', { scope: 'col', class: 'number' }, 'Turns'),
          h('th', { scope: 'col', class: 'number' }, tokens ? 'Tokens' : 'Characters'),
          h('th', { scope: 'col', class: 'wide' }, 'Share'),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows,
        h(
          'tr',
          { class: 'strong' },
          h('th', { scope: 'row' }, 'all'),
          h('td', { class: 'number' }, countText(turns)),
          h('td', { class: 'number' }, countText(total)),
          h('td', {}),
        ),
      ),
    ),
    tokens ? h('p', { class: 'caption' }, 'Tokens of the texts alone; the chat template adds its own.') : undefined,
  );
}

const COPIES = [
  ['duplicate-example', 'Exact copies'],
  ['near-duplicate', 'Near copies'],
  ['conflicting-answers', 'Same prompt, different answers'],
  ['validation-leak', 'Also in the validation file'],
] as const;

function copies({ issues, statistics }: DatasetReport): HTMLElement {
  const count = (rule: string): number => issues.find((issue) => issue.rule === rule)?.count ?? 0;
  const rows = COPIES.map(([rule, name]) => [name, count(rule), statistics.usable] as const);
  return numbers('Copies and refusals', [...rows, ['Answers that refuse', statistics.refusals, statistics.answers]]);
}

function numbers(title: string, rows: readonly (readonly [string, number, number])[]): HTMLElement {
  return h(
    'section',
    {},
    h('div', { class: 'section-head' }, h('h2', {}, title)),
    h(
      'table',
      {},
      h('caption', { class: 'unseen' }, title),
      h(
        'tbody',
        {},
        ...rows.map(([name, value, of]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, name),
            h('td', { class: 'number' }, countText(value)),
            h('td', { class: 'number muted' }, percent(value / Math.max(1, of))),
          ),
        ),
      ),
    ),
  );
}

/** Spreads, and what the same file would cost elsewhere. */
function more({ turns, characters, tokens }: DatasetStatistics): HTMLElement {
  const spread = (name: string, { min, median, p95, max }: Spread): HTMLElement =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, name),
      ...[min, median, p95, max].map((value) => h('td', { class: 'number' }, countText(value))),
    );
  const openai = tokens?.openai;
  return h(
    'section',
    {},
    h('div', { class: 'section-head' }, h('h2', {}, 'In one example')),
    h(
      'table',
      {},
      h('caption', { class: 'unseen' }, 'Turns, characters and tokens of one example'),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, ''),
          ...['least', 'half below', '95 % below', 'most'].map((name) =>
            h('th', { scope: 'col', class: 'number' }, name),
          ),
        ),
      ),
      h(
        'tbody',
        {},
        spread('turns', turns),
        spread('characters', characters),
        ...(tokens ? [spread('tokens', tokens.perRecord)] : []),
      ),
    ),
    openai
      ? h(
          'p',
          { class: 'caption after' },
          `For comparison: OpenAI would train ${plural(openai.epochs, 'epoch')} by default and bill about ${shortCount(openai.billedTokens)} tokens (records cut at ${countText(openai.limit)}).`,
        )
      : undefined,
  );
}

function bar(share: number, kind: string): HTMLElement {
  const element = h('i', { class: `share-bar ${kind}`.trim() });
  element.style.setProperty('width', `${Math.max(share > 0 ? 1 : 0, share * 100).toFixed(1)}%`);
  return element;
}

function percent(share: number): string {
  const value = share * 100;
  return `${value === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1)} %`;
}

function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
