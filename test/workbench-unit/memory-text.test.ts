import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseSettings } from '../../src/training/settings';
import { memoryText } from '../../src/workbench/memory-text';

const base = join(import.meta.dirname, '../../media/sample/base');
const settingsOf = (written: Readonly<Record<string, unknown>>) => {
  const parsed = parseSettings({ model: base, ...written });
  if (!parsed.ok) throw new Error('The settings are wrong.');
  return parsed.settings;
};

it('itemises the memory of a run, the largest first', () => {
  const text = memoryText(settingsOf({ max_length: 2048, batch_size: 16 }))!;
  expect(text).toMatch(
    /^Memory: at most (\d+\.\d) GB with records of 2,048 tokens \(fast: activations and logits \d+\.\d GB.*\), \d+\.\d GB are free$/,
  );
  expect(text).toContain('program and engine 0.1 GB');
});

it('says nothing of a model that cannot be read', () => {
  expect(memoryText(settingsOf({ model: join(base, 'none') }))).toBeUndefined();
});
