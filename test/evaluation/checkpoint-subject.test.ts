import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Failure } from '../../src/common/failure';
import { checkpointAdapter, checkpointModel } from '../../src/evaluation/checkpoint-subject';
import { writeCheckpoint } from '../../src/training/checkpoint';
import { FIRST_WATCH } from '../../src/training/loss-watch';
import { type Parameter, createOptimizerState } from '../../src/training/optimizer';
import { parseSettings } from '../../src/training/settings';
import { withAdapter } from '../export/models';

const SAMPLE = join(__dirname, '..', '..', 'media', 'sample', 'base');
const root = mkdtempSync(join(tmpdir(), 'checkpoint-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const { model, checked, adapter } = withAdapter(SAMPLE, { r: 2, alpha: 6, rslora: true });
const parsed = parseSettings({ r: 2, lora_alpha: 6, use_rslora: true, target_modules: ['all-linear'] });
if (!parsed.ok) throw new Error('Unusable settings.');
const { settings } = parsed;

function save(name: string, parameters: readonly Parameter[]): { path: string; checkpoints: string } {
  const checkpoints = join(root, name);
  mkdirSync(checkpoints);
  const numbers = { step: 4, epoch: 1, trainedTokens: 1, loss: 1, bestLoss: null, bestStep: null };
  const progress = { ...FIRST_WATCH, ...numbers, evaluationsWithoutImprovement: 0 };
  writeCheckpoint(checkpoints, parameters, createOptimizerState(parameters), progress);
  return { path: root, checkpoints };
}

it('the adapter of a checkpoint has its tensors and the settings of the run', () => {
  const folder = save('lora', adapter!.parameters);
  const read = checkpointAdapter(folder, 4, settings, { config: checked.config, name: 'base' });
  const byName = (all: readonly Parameter[]) => new Map(all.map(({ name, data }) => [name, data]));
  expect(byName(read.parameters)).toEqual(byName(adapter!.parameters));
  expect(read.lora).toEqual({ ...adapter!.lora, dora: false });
  expect(read.baseName).toBe('base');
});

it('the model of a checkpoint is the base with the trained tensors', () => {
  const norm = model.readTensor('model.norm.weight').map((value) => value + 1);
  const folder = save('full', [{ name: 'model.norm.weight', shape: [norm.length], data: norm }]);
  const read = checkpointModel(folder, 4, model);
  expect(read.readTensor('model.norm.weight')).toEqual(norm);
  const other = 'model.layers.0.self_attn.q_proj.weight';
  expect(read.readTensor(other)).toEqual(model.readTensor(other));
  expect(read.inPlace('model.norm.weight')).toMatchObject({ bytes: 4 * norm.length });
  expect(read.hash()).not.toBe(model.hash());
});

it('a step that was not saved is said, with those that were', () => {
  const folder = save('none', adapter!.parameters);
  try {
    checkpointAdapter(folder, 5, settings, { config: checked.config, name: '' });
    expect.unreachable();
  } catch (error) {
    expect((error as Failure).code).toBe('no-checkpoint');
    expect((error as Failure).hint).toContain('step 4');
  }
});
