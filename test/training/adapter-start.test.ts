import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAdapter } from '../../src/export/read-adapter';
import { hashAdapter, otherBaseWarning, startFromAdapter } from '../../src/training/adapter-start';
import { linearModules } from '../../src/training/models/tensors';
import { parseSettings, resolveDefaults } from '../../src/training/settings';
import { loadOracle } from './oracle';

const oracles = join(__dirname, 'oracles');
const plain = readAdapter(join(oracles, 'llama-tied', 'peft'));
const dora = readAdapter(join(oracles, 'methods', 'peft-dora-qwen2'));
const modulesOf = (model: string) => linearModules(loadOracle(model).config);

function settingsWith(input: Record<string, unknown>) {
  const parsed = parseSettings({ r: 4, lora_alpha: 8, ...input });
  if (!parsed.ok) throw new Error('Unusable settings.');
  return resolveDefaults(parsed.settings, { stepsPerEpoch: 1, physicalCores: 1, name: 'run' });
}

describe('a run that goes on from an adapter', () => {
  it('starts with its tensors', () => {
    const { tensors } = loadOracle('llama-tied');
    const parameters = startFromAdapter(plain, modulesOf('llama-tied'), settingsWith({}));
    expect(parameters).toHaveLength(8);
    for (const { name, data } of parameters) expect(data, name).toEqual(tensors.get(`trained.${name}`)!.data);
    const all = settingsWith({ target_modules: ['all-linear'], use_dora: true, use_rslora: true });
    expect(startFromAdapter(dora, modulesOf('qwen2'), all)).toHaveLength(42);
  });

  it('has a hash of its numbers, whatever their order in the file', () => {
    const hash = hashAdapter(plain);
    const [first, ...rest] = plain.parameters;
    expect(hashAdapter({ ...plain, parameters: [...rest, first!] })).toBe(hash);
    const other = { ...first!, data: first!.data.map((x, i) => (i === 7 ? -x : x)) };
    expect(hashAdapter({ ...plain, parameters: [other, ...rest] })).not.toBe(hash);
  });

  it.each([
    [{ r: 8, lora_alpha: 16 }, 'r 4, not 8; lora_alpha 8, not 16', 'Set r to 4 and lora_alpha to 8.'],
    [{ use_dora: true }, 'use_dora false, not true', 'Set use_dora to false.'],
  ])('refuses %j', (input, message, hint) => {
    expect(() => startFromAdapter(plain, modulesOf('llama-tied'), settingsWith(input))).toThrow(
      expect.objectContaining({ code: 'adapter-settings', message: expect.stringContaining(message), hint }),
    );
  });

  it.each([
    ['llama-untied', {}, 'q_proj.lora_A.weight" is [4, 32], not [4, 40]'],
    ['llama-tied', { target_modules: ['q_proj'] }, 'v_proj.lora_A.weight" belongs to no adapted layer'],
    ['llama-tied', { target_modules: ['all-linear'] }, 'k_proj.lora_A.weight" is missing'],
  ])('refuses what does not fit %s with %j', (model, input, part) => {
    expect(() => startFromAdapter(plain, modulesOf(model), settingsWith(input))).toThrow(
      expect.objectContaining({
        code: 'adapter-mismatch',
        exitCode: 2,
        message: expect.stringContaining(part),
        hint: expect.stringContaining('trained on llama-tied, on the layers q_proj, v_proj'),
      }),
    );
  });

  it.each([
    ['HuggingFaceTB/SmolLM2-135M', '/models/SmolLM2-135M', false],
    ['HuggingFaceTB/SmolLM2-135M', '/cache/models--HuggingFaceTB--SmolLM2-135M/snapshots/abc', false],
    ['C:\\models\\tiny', '/models/tiny.Q8_0.gguf', false],
    ['', '/models/tiny', false],
    ['Qwen/Qwen2.5-0.5B', '/models/SmolLM2-135M', true],
  ])('an adapter of %j on %s: other base %s', (baseName, path, warns) => {
    const warning = otherBaseWarning({ ...plain, baseName }, path);
    expect(warning !== undefined).toBe(warns);
    if (warning) expect(warning.message).toContain(baseName);
  });
});
