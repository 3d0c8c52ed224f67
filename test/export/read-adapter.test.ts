import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Failure } from '../../src/common/failure';
import { readAdapter } from '../../src/export/read-adapter';

const theirs = join(__dirname, '..', 'training', 'oracles', 'methods', 'peft-dora-qwen2');
const home = mkdtempSync(join(tmpdir(), 'adapters-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A copy of PEFT's folder with another adapter_config.json. */
function changed(name: string, config: object): string {
  const folder = join(home, name);
  cpSync(theirs, folder, { recursive: true });
  const file = join(folder, 'adapter_config.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...config }));
  return folder;
}

const refusal = (folder: string): Failure => {
  try {
    readAdapter(folder);
  } catch (error) {
    return error as Failure;
  }
  throw new Error('It was read.');
};

describe('an adapter that cannot be used is refused by name', () => {
  it('no folder', () => {
    expect(refusal(join(home, 'nowhere'))).toMatchObject({
      code: 'adapter-unreadable',
      hint: expect.stringContaining('the folder "adapter" of a run') as string,
      exitCode: 2,
    });
  });

  it.each([
    ['another method', { peft_type: 'IA3' }],
    ['layers by pattern', { target_modules: '.*_proj' }],
  ])('%s', (name, config) => {
    const folder = changed(name, config);
    expect(refusal(folder)).toMatchObject({ code: 'adapter-unreadable', exitCode: 2 });
    expect(refusal(folder).message).toContain(folder);
  });

  it.each([
    ['rank_pattern', { rank_pattern: { q_proj: 2 } }],
    ['modules_to_save', { modules_to_save: ['lm_head'] }],
    ['lora_bias', { lora_bias: true }],
    ['bias', { bias: 'lora_only' }],
  ])('%s', (name, config) => {
    const failure = refusal(changed(name, config));
    expect(failure).toMatchObject({ code: 'adapter-unsupported', exitCode: 2 });
    expect(failure.message).toContain(`made with ${name},`);
  });

  it('weights that are pickled', () => {
    const folder = changed('pickled', {});
    renameSync(join(folder, 'adapter_model.safetensors'), join(folder, 'adapter_model.bin'));
    expect(refusal(folder)).toMatchObject({ code: 'adapter-unreadable', exitCode: 2 });
    expect(refusal(folder).message).toContain('adapter_model.bin');
    expect(refusal(folder).hint).toContain('safe_serialization');
  });
});

it('settings at the defaults that newer versions of PEFT write do no harm', () => {
  expect(readAdapter(changed('plain', { loftq_config: {}, rank_pattern: {}, bias: 'none' })).lora.r).toBe(4);
});
