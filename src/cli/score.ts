/** `fine-tune score FILE` */
import { resolve } from 'node:path';
import { METRIC_CATALOG } from '../evaluation/metrics/catalog';
import type { Command } from './command';
import { columnsText, countText } from './format';
import { numberFlag } from './number-flag';
import { rulesOf } from './rule-files';

const USUAL = 'bleu,rouge,f1,exact_match,chrf';

export const scoreCommand: Command = {
  name: 'score',
  usage: 'FILE [--metrics A,B,…] [--json]',
  summary: 'Scores predictions against references, without a model.',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'metrics', value: 'A,B,…', many: true, help: `What is measured. Default: ${USUAL}.` },
    { name: 'pattern', value: 'REGEX', help: 'Of the metric pattern: what is to be found in a prediction.' },
    { name: 'schema', value: 'FILE', help: 'Of the metric json_schema: the schema that a prediction must fit.' },
    { name: 'seed', value: 'N', help: 'Of the intervals. Default: 42.' },
    { name: 'json', help: 'Prints one JSON object.' },
  ],
  notes: `A line of the file is {"prediction": "…", "reference": "…"}, or has "references", a list: the best one counts.
Metrics: ${METRIC_CATALOG.filter(({ needs }) => needs !== 'likelihoods')
    .map(({ id }) => id)
    .join(', ')}; rouge stands for rouge1, rouge2 and rougeL.
Exit codes: 0 scored, 2 unusable arguments or file.`,
  run: async (input, terminal) => {
    const { scoreRows } = await import('./score-rows');
    const named = (input.has('metrics') ? input.all('metrics') : [USUAL]).flatMap((list) => list.split(','));
    const scores = scoreRows(resolve(terminal.cwd, input.operands[0]!), {
      metrics: named.map((id) => id.trim()).filter((id) => id !== ''),
      rules: rulesOf(input, terminal.cwd),
      seed: numberFlag(input, 'seed', 42, { least: 0, most: 1e9, whole: true }),
    });
    if (input.has('json')) {
      terminal.out(JSON.stringify(scores.json, undefined, 2));
      return 0;
    }
    terminal.out([`${countText(scores.rows)} predictions`, '', ...columnsText(scores.table, [1, 2])].join('\n'));
    return 0;
  },
};
