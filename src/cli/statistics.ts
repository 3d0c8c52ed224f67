/** `fine-tune statistics FILE` */
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { DatasetReport } from '../dataset/report';
import type { DatasetStatistics, Spread, TokenStatistics } from '../dataset/statistics';
import { ruleChoice } from '../dataset-lsp/check';
import { measureFile } from '../dataset-lsp/check/statistics';
import { SETTINGS } from '../training/settings';
import { ruleSettingsOf, SETTINGS_FLAG } from './check-settings';
import { tokensOf } from './check-tokens';
import type { Command } from './command';
import { fileProgress } from './file-progress';
import { columnsText, countText, shortCountText } from './format';
import { styled, type Terminal } from './terminal';

/** @param workerPath bundle of `dataset-lsp/check/worker.ts` */
export function statisticsCommand(workerPath: string): Command {
  return {
    name: 'statistics',
    usage: 'FILE [flags]',
    summary: 'Measures training data: lengths, tokens, roles, findings, refusals, and what OpenAI would bill.',
    operands: { least: 1, most: 1 },
    flags: [
      { name: 'model', value: 'PATH', help: 'Base model whose tokenizer and chat template are used.' },
      { name: 'template', value: 'NAME', help: SETTINGS.template.help },
      { name: 'max-length', value: 'N', help: 'Tokens of a record beyond this are cut off.' },
      {
        name: 'validation',
        value: 'FILE',
        help: 'Validation data of the same format: records that are in both are found.',
      },
      { name: 'no-tokens', help: 'Count no tokens, which is faster.' },
      SETTINGS_FLAG,
      { name: 'json', help: 'Prints one JSON object.' },
    ],
    run: async (input, terminal) => {
      const path = resolve(terminal.cwd, input.operands[0]!);
      const tokens = tokensOf(input, terminal.cwd);
      const validation = input.last('validation');
      const view = fileProgress(terminal);
      view.begin(basename(path));
      const report = await measureFile(
        path,
        {
          ...ruleChoice({ ruleSettings: ruleSettingsOf(input, terminal.cwd) }, path),
          tokens,
          vocabulary: tokens?.model ? basename(tokens.model) : "OpenAI's o200k vocabulary",
          validation: validation === undefined ? undefined : resolve(terminal.cwd, validation),
          workerPath: existsSync(workerPath) ? workerPath : undefined,
        },
        { onProgress: (progress) => view.show(progress) },
      ).finally(() => view.end());
      terminal.out(input.has('json') ? JSON.stringify(report, undefined, 2) : reportText(report, terminal));
      return 0;
    },
  };
}

function reportText(report: DatasetReport, terminal: Terminal): string {
  const { statistics, issues, invalidRecords } = report;
  const { tokens } = statistics;
  const bold = (text: string): string => styled(terminal.colorOut, 'bold', text);
  const usable = invalidRecords === 0 ? 'all usable' : `${countText(invalidRecords)} with errors`;
  return [
    bold(report.name),
    `${statistics.format ?? 'unknown'} format, ${(report.bytes / 1e6).toFixed(1)} MB, ${countText(statistics.records)} records, ${usable}`,
    ...(tokens ? tokenLines(tokens, report.vocabulary) : []),
    '',
    bold('In one record'),
    ...spreadTable(statistics),
    '',
    bold('Roles'),
    ...rolesTable(statistics),
    `${countText(statistics.refusals)} of ${countText(statistics.answers)} answers refuse.`,
    ...(tokens ? ['', bold('Length'), ...histogramLines(tokens, terminal)] : []),
    '',
    bold('Findings'),
    ...(issues.length === 0
      ? ['none']
      : columnsText(
          issues.map(({ severity, rule, count, firstLine }) => [
            severity,
            rule,
            countText(count),
            `first in line ${countText(firstLine)}`,
          ]),
          [2],
        )),
  ].join('\n');
}

function tokenLines(tokens: TokenStatistics, vocabulary: string | null): string[] {
  const about = tokens.estimate ? 'about ' : '';
  const share = ((tokens.trained / Math.max(1, tokens.total)) * 100).toFixed(0);
  const { epochs, billedTokens } = tokens.openai;
  return [
    `${about}${shortCountText(tokens.total)} tokens, ${about}${shortCountText(tokens.trained)} of them trained (${share} %), counted with ${vocabulary ?? 'no vocabulary'}`,
    ...(tokens.cutRecords > 0
      ? [
          `${countText(tokens.cutRecords)} records are longer than ${countText(tokens.maxLength)} tokens: ${countText(tokens.lostTrainedTokens)} trained tokens would be lost.`,
        ]
      : []),
    `For comparison: OpenAI would train ${epochs} epochs by default and bill about ${shortCountText(billedTokens)} tokens.`,
  ];
}

function spreadTable({ turns, characters, tokens }: DatasetStatistics): string[] {
  const row = (name: string, { min, median, mean, p95, max }: Spread): string[] => [
    name,
    ...[min, median, mean, p95, max].map(countText),
  ];
  return columnsText(
    [
      ['', 'least', 'half below', 'mean', '95 % below', 'most'],
      row('turns', turns),
      row('characters', characters),
      ...(tokens ? [row('tokens', tokens.perRecord)] : []),
    ],
    [1, 2, 3, 4, 5],
  );
}

function rolesTable({ roles, tokens }: DatasetStatistics): string[] {
  const rows = roles.map((one) => [
    one.role,
    countText(one.turns),
    countText(one.characters),
    ...(tokens ? [countText(one.tokens)] : []),
  ]);
  return columnsText([['', 'turns', 'characters', ...(tokens ? ['tokens'] : [])], ...rows], [1, 2, 3]);
}

const BAR = 40;

function histogramLines({ histogram, perRecord }: TokenStatistics, terminal: Terminal): string[] {
  const { width, counts } = histogram;
  const most = Math.max(1, ...counts);
  const block = terminal.unicode ? '█' : '#';
  const rows = counts.flatMap((count, i) => {
    const open = i === counts.length - 1 && perRecord.max >= width * counts.length;
    const range = open
      ? `${countText(i * width)} or more`
      : `${countText(i * width)}–${countText((i + 1) * width - 1)}`;
    return count === 0 ? [] : [[range, countText(count), block.repeat(Math.max(1, Math.round((count / most) * BAR)))]];
  });
  return columnsText(rows, [0, 1]);
}
