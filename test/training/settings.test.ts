import { describe, expect, it } from 'vitest';
import { learningRateAt } from '../../src/training/schedule';
import {
  SETTINGS,
  SETTING_KEYS,
  parseSettings,
  resolveDefaults,
  settingFromText,
  usualNumbers,
} from '../../src/training/settings';
import { settingsSchema } from '../../src/training/settings-schema';

const problemsOf = (input: Record<string, unknown>): string[] => {
  const parsed = parseSettings(input);
  return parsed.ok ? [] : parsed.problems.map((p) => p.message);
};
const run = { stepsPerEpoch: 63, physicalCores: 2, name: 'tickets' };
const resolve = (input: Record<string, unknown>) => {
  const parsed = parseSettings(input);
  if (!parsed.ok) throw new Error(problemsOf(input).join());
  return resolveDefaults(parsed.settings, run);
};

describe('settings', () => {
  it('have the defaults of the table', () => {
    const parsed = parseSettings({});
    if (!parsed.ok) throw new Error('unusable');
    expect(Object.keys(parsed.settings)).toEqual(SETTING_KEYS);
    for (const key of SETTING_KEYS) expect(parsed.settings[key], key).toEqual(SETTINGS[key].default);
  });

  it('report every problem at once, and what was probably meant', () => {
    expect(problemsOf({ lora_r: 8, learningRate: 1, max_length: 0, method: 'lorra', r: 1.5, packing: 'yes' })).toEqual([
      'Unknown setting "lora_r".',
      'Unknown setting "learningRate". Did you mean "learning_rate"?',
      'max_length must be at least 1 and at most 1048576, not 0.',
      'packing must be true or false, not "yes".',
      'method must be one of lora, qlora, full, not "lorra".',
      'r must be a whole number, not 1.5.',
    ]);
  });

  it.each([
    ['learning_rate', 0, 'above 0'],
    ['epochs', -1, 'above 0'],
    ['batch_size', 0, 'at least 1'],
    ['lora_dropout', 1, 'at most 0.9'],
    ['validation_split', 0.6, 'at most 0.5'],
    ['seed', -1, 'at least 0'],
    ['model', '', 'must be a text'],
    ['target_modules', [], 'must be a list'],
    ['target_modules', 'q_proj', 'must be a list'],
    ['force', ['warm-up', 'warmup'], 'not "warmup"'],
    ['force', [1], 'must be a list'],
    ['eval_metrics', ['f1', 'rouge'], 'not "rouge". Did you mean "rouge1"?'],
    ['eval_metrics', ['perplexity'], 'not "perplexity".'],
    ['eval_generate_samples', 0, 'at least 1'],
    ['epochs', NaN, 'must be a number'],
  ])('%s %j is refused', (key, value, part) => {
    expect(problemsOf({ [key]: value })).toEqual([expect.stringContaining(part)]);
  });

  it('take resolved ones again, an empty list included', () => {
    expect(resolve({}).force).toEqual([]);
    expect(problemsOf({ ...resolve({}), force: [] })).toEqual([]);
    expect(settingsSchema()['properties']).toMatchObject({
      force: { type: 'array', items: { enum: expect.arrayContaining(['doubled-bos']) as unknown } },
      target_modules: { minItems: 1, items: { type: 'string' } },
    });
  });

  it('fill in the numbers that depend on the run', () => {
    expect(resolve({})).toMatchObject({
      max_steps: 189,
      learning_rate: 1e-4,
      warmup_steps: 18,
      eval_steps: 19,
      save_steps: 19,
      threads: 2,
      name: 'tickets',
    });
    expect(resolve({ method: 'full', epochs: 0.001 })).toMatchObject({
      max_steps: 1,
      learning_rate: 2e-5,
      warmup_steps: 0,
      eval_steps: 1,
    });
    expect(resolve({ epochs: 1000 })).toMatchObject({
      max_steps: 63_000,
      warmup_steps: 100,
      eval_steps: 500,
      save_steps: 1000,
    });
    expect(resolve({ max_steps: 7, warmup_steps: 0, name: 'x' })).toMatchObject({
      max_steps: 7,
      warmup_steps: 0,
      name: 'x',
    });
  });

  it('write answers at whole evaluations, and say nothing of it where none are written', () => {
    const every = (input: Record<string, unknown>) =>
      resolve({ max_steps: 100, eval_steps: 20, ...input }).eval_generate_steps;
    expect(every({})).toBeNull();
    expect(every({ eval_metrics: ['f1'] })).toBe(20);
    expect(every({ eval_metrics: ['f1'], eval_generate_steps: 50 })).toBe(60);
    expect(problemsOf({ ...resolve({ eval_metrics: ['f1'] }) })).toEqual([]);
  });

  it('name the layers that a model is usually adapted at', () => {
    const parsed = parseSettings({});
    if (!parsed.ok) throw new Error('unusable');
    expect(resolveDefaults(parsed.settings, run).target_modules).toEqual(['q_proj', 'v_proj']);
    expect(resolveDefaults(parsed.settings, { ...run, targetModules: ['c_attn'] }).target_modules).toEqual(['c_attn']);
    expect(resolve({ target_modules: ['all-linear'] }).target_modules).toEqual(['all-linear']);
  });

  it.each([
    [{ method: 'full', use_dora: true }, ['use_dora true needs an adapter']],
    [{ bnb_4bit_use_double_quant: false }, ['bnb_4bit_use_double_quant false is about a base in 4 bits']],
    [{ method: 'qlora', bnb_4bit_use_double_quant: false, use_dora: true }, []],
    [
      { method: 'full', use_rslora: true, loraplus_lr_ratio: 16, adapter: '/a' },
      ['use_rslora true needs', 'loraplus_lr_ratio 16 needs', 'adapter "/a" needs'],
    ],
    [{ objective: 'dpo', label_smoothing_factor: 0.1 }, ['label_smoothing_factor 0.1 smooths']],
    [{ beta: 0.5 }, ['beta 0.5 belongs to objective "dpo"']],
    [{ objective: 'dpo', beta: 0.5 }, []],
    [
      { eval_generate_samples: 5, eval_generate_steps: 10 },
      ['eval_generate_samples 5 does nothing without eval_metrics', 'eval_generate_steps 10 does nothing without'],
    ],
    [{ eval_metrics: ['f1'], eval_generate_samples: 5, eval_max_new_tokens: 9 }, []],
    [{ eval_metrics: ['f1'], objective: 'dpo' }, ['eval_metrics ["f1"] measure answers, and objective "dpo"']],
    [{ early_stopping_threshold: 0.1 }, ['early_stopping_threshold 0.1 does nothing without']],
    [{ early_stopping_patience: 2, early_stopping_threshold: 0.1 }, []],
    [{ method: 'full', use_dora: false, label_smoothing_factor: 0.1, neftune_noise_alpha: 5 }, []],
  ])('%j: what makes no sense together is refused', (input, parts) => {
    expect(problemsOf(input)).toEqual(parts.map((part) => expect.stringContaining(part) as unknown));
  });

  it('are read from the text of a flag', () => {
    expect(settingFromText('learning_rate', '2e-4')).toBe(2e-4);
    expect(settingFromText('packing', 'true')).toBe(true);
    expect(settingFromText('target_modules', 'q_proj, v_proj')).toEqual(['q_proj', 'v_proj']);
    expect(settingFromText('r', 'eight')).toBe('eight');
    expect(settingFromText('r', ' ')).toBe(' ');
  });

  it('have a schema with every key', () => {
    const { properties } = settingsSchema() as { properties: Record<string, { description?: string }> };
    expect(Object.keys(properties).filter((key) => key !== '$schema')).toEqual(SETTING_KEYS);
    for (const key of SETTING_KEYS) expect(properties[key]!.description).toContain(SETTINGS[key].help);
  });
});

describe('the automatic numbers', () => {
  it.each([
    ['lora', 'supervised', 1e-4, 0.1],
    ['full', 'supervised', 2e-5, 0.1],
    // trl/scripts/dpo.py, which disables dropout
    ['lora', 'dpo', 5e-6, 0],
    ['qlora', 'dpo', 5e-6, 0],
    ['full', 'dpo', 5e-7, 0],
  ] as const)('of %s, %s', (method, objective, learning_rate, lora_dropout) =>
    expect(usualNumbers({ method, objective })).toEqual({ learning_rate, lora_dropout }),
  );
});

describe('the learning rate', () => {
  const base = { peak: 1, warmupSteps: 10, totalSteps: 110 };
  it.each([
    // transformers' schedules at the same steps
    ['linear', [0, 0.5, 1, 0.5, 0.01]],
    ['cosine', [0, 0.5, 1, 0.5, 0.00024671981713419]],
    ['constant', [0, 0.5, 1, 1, 1]],
  ] as const)('%s: warms up and falls', (kind, expected) => {
    [0, 5, 10, 60, 109].forEach((step, i) =>
      expect(learningRateAt(step, { kind, ...base })).toBeCloseTo(expected[i]!, 9),
    );
  });
});
