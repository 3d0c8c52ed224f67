/** `fine-tune estimate`: how much memory a run takes, before it is started. */
import { Failure } from '../common/failure';
import { listGpus } from '../training/devices/gpus';
import type { MemoryEstimate } from '../training/memory/estimate';
import { type RunEstimate, estimateRun } from '../training/memory/estimate-run';
import { MEMORY_ITEMS } from '../training/memory/items';
import { remedyText } from '../training/preflight/memory-check';
import { parseSettings } from '../training/settings';
import type { Command } from './command';
import { columnsText, countText, memoryText } from './format';
import { ensureModel } from './get-model';
import { CONFIG_FLAGS, SETTING_FLAGS, writtenSettings } from './setting-flags';
import { INTERRUPTED } from './terminal';

export const estimateCommand: Command = {
  name: 'estimate',
  usage: '[--config FILE] [--model PATH] [--data FILE] [flags]',
  summary: 'Shows how much memory a run would take, item by item, and what makes it fit.',
  operands: { least: 0, most: 0 },
  flags: [
    ...CONFIG_FLAGS,
    { name: 'download', help: 'Fetches a model that is named by its id and not there yet, without asking.' },
    { name: 'json', help: 'Prints one JSON object.' },
    ...SETTING_FLAGS,
  ],
  notes:
    'Takes the flags of train. With data its longest record counts, without it every row has max_length tokens.\nExit codes: 0 it fits, 1 it does not, 2 unusable settings.',
  run: async (input, terminal) => {
    const parsed = parseSettings(writtenSettings(input, terminal.cwd));
    if (!parsed.ok)
      throw new Failure(
        'settings',
        parsed.problems.map(({ message }) => message).join('\n'),
        '"fine-tune train --help" lists the settings with their limits.',
        2,
      );
    const { model } = parsed.settings;
    if (model === null)
      throw new Failure('settings', 'Needed: a base model (--model DIR).', 'Give it as a flag or in finetune.json.', 2);
    if (!(await ensureModel(model, input.has('download'), terminal))) return INTERRUPTED;
    const estimate = estimateRun({ ...parsed.settings, model });
    const gpu = estimate.device === 'cpu' ? undefined : (await listGpus())[0];
    if (input.has('json')) terminal.out(JSON.stringify({ ...estimate, gpu: gpu ?? null }, undefined, 2));
    else {
      const lines = estimateLines(estimate);
      if (gpu)
        lines.push(
          `${gpu.name}: ${gpu.memoryBytes === null ? 'memory unknown' : memoryText(gpu.memoryBytes)}${gpu.freeBytes === null ? '' : `, ${memoryText(gpu.freeBytes)} free`}. Weights, activations and gradients lie there.`,
        );
      terminal.out(lines.join('\n'));
    }
    return estimate.fits ? 0 : 1;
  },
};

/** The items as a table with their sum, what is free, and what makes the run fit. */
export function estimateLines(estimate: RunEstimate): string[] {
  const { items, needed, free, total, fits, remedies, memory, device, batchSize, rowTokens } = estimate;
  const rows = (Object.keys(MEMORY_ITEMS) as (keyof MemoryEstimate)[])
    .filter((key) => items[key] > 0)
    .map((key) => [MEMORY_ITEMS[key], memoryText(items[key])]);
  return [
    `memory ${memory}, batch_size ${batchSize}, up to ${countText(rowTokens)} tokens a row, device ${device}`,
    '',
    ...columnsText([...rows, ['together', memoryText(needed)]], [1]).map((line) => `  ${line}`),
    '',
    `This machine has ${memoryText(total)}, ${memoryText(free)} of it free: the run ${fits ? 'fits' : 'does not fit'}.`,
    ...(fits
      ? []
      : remedies.length === 0
        ? ['No setting makes it fit: choose a smaller model, or close other programs.']
        : [
            'It fits with:',
            ...columnsText(
              remedies.map((one) => [remedyText(one), memoryText(one.needed)]),
              [1],
            ).map((line) => `  ${line}`),
          ]),
  ];
}
