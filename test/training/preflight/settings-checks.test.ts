import { describe, expect, it } from 'vitest';
import { settingsFindings } from '../../../src/training/preflight/settings-checks';
import { MODELS, loadOracle } from '../oracle';

describe('settings', () => {
  const rated = (
    method: 'lora' | 'full',
    learning_rate: number,
    objective: 'supervised' | 'dpo' = 'supervised',
    loraplus_lr_ratio: number | null = null,
  ): string =>
    settingsFindings({ method, objective, learning_rate, loraplus_lr_ratio, warmup_steps: 0, max_steps: 100 })
      .map(({ severity }) => severity)
      .join() || 'fine';

  it.each([
    ['lora', 1e-6, 'fine'],
    ['lora', 0.005, 'fine'],
    ['lora', 1e-2, 'fine'],
    ['lora', 0.02, 'warns'],
    ['lora', 0.1, 'warns'],
    ['lora', 0.11, 'blocks'],
    ['lora', 5e-7, 'warns'],
    ['lora', 9e-8, 'blocks'],
    ['full', 1e-8, 'fine'],
    ['full', 1e-3, 'fine'],
    ['full', 3e-3, 'warns'],
    ['full', 0.02, 'blocks'],
    ['full', 1e-10, 'blocks'],
  ] as const)('%s with the rate %d: %s', (method, rate, expected) => expect(rated(method, rate)).toBe(expected));

  it.each([
    ['lora', 5e-6, 'fine'],
    ['lora', 1e-2, 'warns'],
    ['lora', 0.1, 'blocks'],
    ['full', 5e-7, 'fine'],
    ['full', 1e-4, 'fine'],
    ['full', 2e-3, 'blocks'],
  ] as const)('dpo: %s with the rate %d: %s', (method, rate, expected) =>
    expect(rated(method, rate, 'dpo')).toBe(expected),
  );

  it.each([
    [1e-4, 16, 'fine'],
    [1e-3, 16, 'warns'],
    [1e-2, 16, 'blocks'],
    [1e-7, 1000, 'warns'],
  ] as const)('LoRA+ with the rate %d times %d: %s', (rate, ratio, expected) =>
    expect(rated('lora', rate, 'supervised', ratio)).toBe(expected),
  );

  it('LoRA+ is named where it is what makes the rate too high', () => {
    const common = { method: 'lora', objective: 'supervised', warmup_steps: 0, max_steps: 100 } as const;
    const [found] = settingsFindings({ ...common, learning_rate: 1e-4, loraplus_lr_ratio: 1000 });
    expect(found).toMatchObject({
      message:
        'learning_rate 0.0001 × loraplus_lr_ratio 1000 is 10 times above the range for an adapter, 1e-6 to 1e-2.',
      hint: 'Set learning_rate to 1e-4 and loraplus_lr_ratio to 16, or leave it out.',
    });
  });

  it.each([
    [0, 1, 'fine'],
    [10, 100, 'fine'],
    [50, 100, 'fine'],
    [51, 100, 'warns'],
    [99, 100, 'warns'],
    [100, 100, 'blocks'],
    [1, 1, 'blocks'],
  ])('%d warm-up steps of %d: %s', (warmup_steps, max_steps, expected) => {
    const found = settingsFindings({
      method: 'lora',
      objective: 'supervised',
      learning_rate: 1e-4,
      loraplus_lr_ratio: null,
      warmup_steps,
      max_steps,
    });
    expect(found.map(({ severity }) => severity).join() || 'fine').toBe(expected);
  });

  it('are fine in the runs of the oracles', () => {
    for (const model of MODELS) {
      const {
        dump: { training, full },
      } = loadOracle(model);
      for (const [method, run] of [
        ['lora', training],
        ['full', full],
      ] as const)
        if (run)
          expect(
            settingsFindings({
              method,
              objective: 'supervised',
              learning_rate: run.learningRate,
              loraplus_lr_ratio: null,
              warmup_steps: run.warmupSteps,
              max_steps: run.totalSteps,
            }).filter(({ severity }) => severity === 'blocks'),
            model,
          ).toEqual([]);
    }
  });
});
