import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Settings, parseSettings } from '../../src/training/settings';
import { estimateOf, memoryText } from '../../src/workbench/run-estimate';
import { temporaryFolder } from '../training/fake-run';

const root = join(import.meta.dirname, '../..');
const base = join(root, 'media/sample/base');
const folder = temporaryFolder();
const cli = join(folder.path, 'cli.js');
beforeAll(() => {
  buildSync({
    entryPoints: [join(root, 'src/cli.ts')],
    outfile: cli,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['onnxruntime-node'],
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
});
afterAll(() => folder.remove());

const settingsOf = (written: Readonly<Record<string, unknown>>): Settings => {
  const parsed = parseSettings({ model: base, train_file: join(folder.path, 'none.jsonl'), ...written });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join(' '));
  return parsed.settings;
};

it('itemises the memory of a run by its settings, the largest first', async () => {
  const settings = settingsOf({ max_length: 2048, batch_size: 16, target_modules: ['q_proj', 'down_proj'] });
  const estimate = (await estimateOf(cli, folder.path, settings))!;
  expect(estimate).toMatchObject({ batchSize: 16, rowTokens: 2048, targetModules: ['q_proj', 'down_proj'] });
  const text = memoryText(estimate, settings);
  expect(text).toMatch(
    /^Memory: at most \d+\.\d GB with records of 2,048 tokens \((fast|low): activations and logits \d+\.\d GB/,
  );
  expect(text).toContain('program and engine 0.1 GB');
});

it('knows what target_modules stands for when it is left out', async () => {
  const estimate = await estimateOf(cli, folder.path, settingsOf({}));
  expect(estimate?.targetModules).toEqual(['q_proj', 'v_proj']);
});

it('names what makes a run fit', () => {
  const fit = { needed: 4e9, free: 2e9, total: 8e9, fits: false };
  const items = { weights: 3e9, packed: 0, trained: 0, optimizer: 0, gradients: 0, activations: 1e9 };
  const text = memoryText(
    {
      ...fit,
      remedies: [{ settings: { memory: 'low' }, needed: 1.5e9 }],
      items: { ...items, evaluation: 0, runtime: 1e7 },
      memory: 'fast',
      device: 'cpu',
      batchSize: 4,
      rowTokens: 512,
      rowLabels: 512,
      targetModules: [],
    },
    { max_length: 512 },
  );
  expect(text).toBe(
    'Memory: at most 4.0 GB with records of 512 tokens (fast: base weights 3.0 GB, activations and logits 1.0 GB), 2.0 GB are free: it may not fit. It fits with memory low (1.5 GB).',
  );
});

it('says nothing of a model that cannot be read', async () => {
  expect(await estimateOf(cli, folder.path, settingsOf({ model: join(base, 'none') }))).toBeUndefined();
});
