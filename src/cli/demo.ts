/** `fine-tune demo`: the main job on the sample of this package, with answers before and after. */
import { join } from 'node:path';
import { readConfigFile } from '../training/config-file';
import { SETTINGS } from '../training/settings';
import type { Command } from './command';
import type { Bundles } from './main';

export function demoCommand({ trainerPath, samplePath }: Bundles): Command {
  return {
    name: 'demo',
    usage: '[--seed N]',
    summary: 'Trains on the sample of this package and shows answers before and after.',
    operands: { least: 0, most: 0 },
    flags: [{ name: 'seed', value: 'N', help: SETTINGS.seed.help }],
    run: async (input, terminal) => {
      const seed = input.last('seed');
      const written = {
        ...readConfigFile(join(samplePath, 'finetune.json')),
        output_dir: join(terminal.cwd, SETTINGS.output_dir.default),
        ...(seed === undefined ? {} : { seed: Number(seed) }),
      };
      const { demo } = await import('./demo-run');
      return await demo(written, join(samplePath, 'test.jsonl'), terminal, trainerPath);
    },
  };
}
