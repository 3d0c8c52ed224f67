/** `fine-tune runs` */
import { basename } from 'node:path';
import { listRuns } from '../training/run-folder';
import type { RunSummary } from '../training/run-folder';
import type { Command, Flag } from './command';
import { columnsText, dateText, lossText } from './format';
import { outputDir } from './setting-flags';

export const OUTPUT_DIR_FLAG: Flag = {
  name: 'output-dir',
  value: 'PATH',
  help: "Folder that holds the run folders. Default: finetune.json's output_dir, or .finetune/runs.",
};

export const runsCommand: Command = {
  name: 'runs',
  usage: '[--output-dir PATH] [--json]',
  summary: 'Lists the runs, newest first.',
  operands: { least: 0, most: 0 },
  flags: [OUTPUT_DIR_FLAG, { name: 'json', help: 'Prints an array of JSON objects.' }],
  run: async (input, terminal) => {
    const folder = outputDir(input, terminal.cwd);
    const runs = await listRuns(folder);
    if (input.has('json')) terminal.out(JSON.stringify(runs, undefined, 2));
    else if (runs.length === 0) terminal.out(`No runs in ${folder}. "fine-tune train" makes one.`);
    else terminal.out(runsTable(runs).join('\n'));
    return 0;
  },
};

export function runsTable(runs: readonly RunSummary[]): string[] {
  const head = ['created', 'state', 'steps', 'loss', 'best validation', 'name', 'folder'];
  const rows = runs.map((run) => [
    dateText(run.created),
    run.state,
    run.totalSteps > 0 ? `${run.lastStep}/${run.totalSteps}` : '-',
    run.lastStep > 0 ? lossText(run.lastLoss) : '-',
    run.bestValidationLoss === undefined ? '-' : lossText(run.bestValidationLoss),
    run.name,
    basename(run.path),
  ]);
  return columnsText([head, ...rows], [2, 3, 4]);
}
