import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/common/failure';
import { parseConfig } from '../../src/training/config-file';
import { checkSettings, completeConfig, configText, confirmationText } from '../../src/workbench/run-config';

const folder = path.resolve('/w');
const at = (...parts: string[]): string => path.join(folder, ...parts);

describe('checking settings', () => {
  it('reports every unusable setting at once', () => {
    expect(() => checkSettings({ rank: 3, max_length: 0 })).toThrowError(Failure);
    try {
      checkSettings({ lora_alhpa: 3, max_length: 0 });
    } catch (error) {
      expect(String(error)).toContain('Did you mean "lora_alpha"');
      expect(String(error)).toContain('max_length must be at least 1');
    }
  });
});

describe('writing finetune.json', () => {
  const settings = checkSettings({
    model: at('models', 'tiny'),
    train_file: at('data', 'train.jsonl'),
    output_dir: at('.finetune', 'runs'),
    validation_split: 0.1,
  });

  it('names the usual settings with their values and relative paths', () => {
    const written: unknown = JSON.parse(configText(settings, folder));
    expect(written).toMatchObject({
      // Not "models/tiny", which could be an id.
      model: './models/tiny',
      train_file: 'data/train.jsonl',
      validation_split: 0.1,
      method: 'lora',
      r: 8,
      lora_alpha: 16,
      epochs: 3,
      batch_size: 4,
      gradient_accumulation_steps: 4,
      learning_rate: 1e-4,
      max_length: 1024,
    });
    expect(Object.keys(written as object)).not.toEqual(expect.arrayContaining(['output_dir']));
    expect(Object.keys(written as object)).not.toEqual(expect.arrayContaining(['adam_beta1']));
    expect(Object.keys(written as object)).not.toEqual(expect.arrayContaining(['max_steps']));
  });

  it('reads back to the same settings', () => {
    const back = parseConfig(configText(settings, folder), at('finetune.json'));
    expect(checkSettings({ ...back, output_dir: settings.output_dir })).toEqual({
      ...settings,
      learning_rate: 1e-4,
      lora_dropout: 0.1,
    });
  });

  it('leaves the adapter out when all weights are trained', () => {
    const written = configText({ ...settings, method: 'full' }, folder);
    expect(written).not.toContain('lora_alpha');
    expect(JSON.parse(written)).toMatchObject({ learning_rate: 2e-5 });
  });

  it('says how strongly a preference is learned, and only then', () => {
    const preference = configText({ ...settings, objective: 'dpo' }, folder);
    expect(JSON.parse(preference)).toMatchObject({ objective: 'dpo', beta: 0.1, learning_rate: 5e-6, lora_dropout: 0 });
    expect(configText(settings, folder)).not.toContain('"beta"');
  });

  it('keeps files outside the folder absolute', () => {
    const model = path.resolve('/elsewhere/model.gguf');
    expect(JSON.parse(configText({ ...settings, model }, folder))).toMatchObject({ model });
  });

  it('keeps the id of a model', () => {
    const model = 'Qwen/Qwen3-0.6B@v1:Q4_K_M';
    const text = configText({ ...settings, model }, folder);
    expect(JSON.parse(text)).toMatchObject({ model });
    expect(parseConfig(text, at('finetune.json'))).toMatchObject({ model });
    expect(JSON.parse(completeConfig('{}', { model }, folder))).toEqual({ model });
  });

  it('adds to an existing file what was asked for, and keeps the rest', () => {
    const text = completeConfig('{ "epochs": 2, "r": 4 }', { model: at('tiny') }, folder);
    expect(text).toBe('{\n  "epochs": 2,\n  "r": 4,\n  "model": "tiny"\n}\n');
  });
});

describe('the confirmation', () => {
  const base = { model: at('tiny'), train_file: at('train.jsonl') };

  it('names every number that decides the run', () => {
    const settings = checkSettings({ ...base, validation_file: at('validation.jsonl') });
    const lines = confirmationText(settings, { train: 800, validation: 100 }, folder, ['qkv_proj']).split('\n');
    expect(lines).toEqual([
      'Model: tiny',
      'Training data: train.jsonl, 800 records',
      'Validation data: validation.jsonl, 100 records',
      'Method: LoRA, r 8, alpha 16, dropout 0.1, on qkv_proj',
      'Epochs: 3, about 150 steps',
      'Batch: 4 × 4 accumulated = 16 records a step',
      'Learning rate: 1e−4, linear, 15 steps of warm-up',
      'Maximum length: 1,024 tokens',
      'Saved every 15 steps, evaluated every 15 steps',
      'Device: the GPU where it works and is faster, or the processor',
    ]);
  });

  it('names the kind of adapter and what it goes on from', () => {
    const text = (more: object): string =>
      confirmationText(checkSettings({ ...base, ...more }), { train: 8, validation: undefined }, folder);
    expect(text({ use_dora: true, use_rslora: true, target_modules: ['all-linear'], adapter: at('old') })).toContain(
      'Method: DoRA, r 8, rank-stabilised, alpha 16, dropout 0.1, on all-linear\nGoes on from the adapter: old\n',
    );
    expect(text({})).toContain('on the usual layers of the model');
  });

  it('says that a preference is learned', () => {
    const settings = checkSettings({ ...base, objective: 'dpo', beta: 0.2 });
    const text = confirmationText(settings, { train: 8, validation: undefined }, folder);
    expect(text).toContain('Objective: DPO, beta 0.2: prefers the chosen answers to the rejected ones\n');
    expect(text).toContain('dropout 0, ');
    expect(text).toContain('Learning rate: 5e−6, ');
  });

  it('takes the split out of the training records', () => {
    const settings = checkSettings({ ...base, validation_split: 0.1 });
    const text = confirmationText(settings, { train: 800, validation: undefined }, folder);
    expect(text).toContain('Training data: train.jsonl, 720 records');
    expect(text).toContain('Validation data: 10 % of the training data, 80 records');
    expect(text).toContain('about 135 steps');
  });

  it('says what is lost without validation data, and names fixed steps as such', () => {
    const settings = checkSettings({ ...base, max_steps: 1, method: 'full' });
    const text = confirmationText(settings, { train: 1, validation: undefined }, folder);
    expect(text).toContain('none, so there is no validation loss');
    expect(text).toContain('Method: all weights');
    expect(text).toContain('\nSteps: 1\n');
    expect(text).toContain('Saved every step');
    expect(text).not.toContain('evaluated');
  });
});
