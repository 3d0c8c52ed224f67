import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelCard } from '../../src/export/model-card';
import { writeAdapter } from '../../src/export/peft';
import { readAdapter } from '../../src/export/read-adapter';
import { parseSettings, resolveDefaults } from '../../src/training/settings';
import { openBaseModel } from '../../src/training/weights/base-model';
import { loadMethod, loadOracle, readTensors } from '../training/oracle';

const GPT2 = join(__dirname, '..', 'training', 'weights', 'oracles', 'families', 'gpt2.gguf');
const METHODS = join(__dirname, '..', 'training', 'oracles', 'methods');

// Adapters as `PeftModel.save_pretrained` wrote them, see scripts/oracles/training/make_dumps.py.
describe.each(['llama-tied', 'mistral', 'gpt2'] as const)('the adapter of %s', (model) => {
  const { folder: oracle, dump, tensors } = loadOracle(model);
  const theirs = join(oracle, 'peft');
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'peft-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is read from PEFT's folder", () => {
    const { lora, parameters } = readAdapter(theirs);
    expect(lora).toMatchObject({ r: dump.lora.r, alpha: dump.lora.alpha });
    expect([...lora.targetModules].sort()).toEqual([...dump.lora.targetModules].sort());
    const expected = [...tensors].filter(([name]) => name.startsWith('trained.'));
    expect(parameters).toHaveLength(expected.length);
    for (const { name, data } of parameters) expect(data, name).toEqual(tensors.get(`trained.${name}`)!.data);
  });

  it('is written with the tensors and the settings that PEFT writes', () => {
    const { parameters } = readAdapter(theirs);
    const parsed = parseSettings({
      r: dump.lora.r,
      lora_alpha: dump.lora.alpha,
      lora_dropout: 0,
      target_modules: dump.lora.targetModules.length === 7 ? ['all-linear'] : dump.lora.targetModules,
      train_file: 'tickets.jsonl',
      adapter: '/home/somebody/adapter',
    });
    if (!parsed.ok) throw new Error('Unusable settings.');
    const settings = resolveDefaults(parsed.settings, { stepsPerEpoch: 1, physicalCores: 1, name: 'tickets' });
    // Only the kind of the model counts here: GPT-2's linear weights lie the other way round (fan_in_fan_out).
    const base = openBaseModel(model === 'gpt2' ? GPT2 : join(__dirname, '..', '..', 'media', 'sample', 'base'));
    writeAdapter(folder, parameters, {
      base,
      settings,
      hashes: {},
      trainExamples: 1,
      step: 1,
      loss: 1,
      validationLoss: null,
    });

    const ours = readTensors(join(folder, 'adapter_model.safetensors'));
    const file = readTensors(join(theirs, 'adapter_model.safetensors'));
    expect([...ours.keys()].sort()).toEqual([...file.keys()].sort());
    for (const [name, { shape, data }] of ours) expect({ shape, data }, name).toEqual(file.get(name));

    const read = (where: string): Record<string, unknown> =>
      JSON.parse(readFileSync(join(where, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
    const { base_model_name_or_path: named, ...config } = read(folder);
    expect(named).toBe(base.path);
    expect(read(theirs)).toMatchObject(config);
    for (const name of ['README.md', 'tokenizer.json', 'tokenizer_config.json'])
      expect(existsSync(join(folder, name)), name).toBe(true);
    // The card is made to be shared.
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(card).toMatch(/\| seed \| 42 \|/);
    expect(card).not.toContain('/home/somebody');
  });
});

it('says of QLoRA how to load the base that was trained on', () => {
  const base = openBaseModel(join(__dirname, '..', '..', 'media', 'sample', 'base'));
  const card = (input: Record<string, unknown>): string => {
    const parsed = parseSettings(input);
    if (!parsed.ok) throw new Error('Unusable settings.');
    const settings = resolveDefaults(parsed.settings, { stepsPerEpoch: 1, physicalCores: 1, name: 'tickets' });
    return modelCard({ base, settings, hashes: {}, trainExamples: 1, step: 1, loss: 1, validationLoss: null });
  };
  expect(card({ method: 'qlora', bnb_4bit_use_double_quant: false })).toContain(
    'BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=False)',
  );
  expect(card({})).not.toContain('BitsAndBytesConfig');
});

it("a DoRA with rank-stabilised scale is read from PEFT's folder and written as PEFT writes it", () => {
  const theirs = join(METHODS, 'peft-dora-qwen2');
  const { dump, tensors } = loadMethod('dora-qwen2');
  const { lora, parameters, baseName } = readAdapter(theirs);
  expect(lora).toEqual({ ...dump.lora, targetModules: [...dump.lora.targetModules].sort(), dropout: 0 });
  expect(baseName).toBe('qwen2');
  expect(parameters).toHaveLength(3 * 7 * 2);
  for (const { name, data } of parameters) expect(data, name).toEqual(tensors.get(`trained.${name}`)!.data);

  const folder = mkdtempSync(join(tmpdir(), 'peft-'));
  const parsed = parseSettings({
    r: lora.r,
    lora_alpha: lora.alpha,
    lora_dropout: 0,
    target_modules: ['all-linear'],
    use_dora: true,
    use_rslora: true,
    train_file: 'tickets.jsonl',
  });
  if (!parsed.ok) throw new Error('Unusable settings.');
  const settings = resolveDefaults(parsed.settings, { stepsPerEpoch: 1, physicalCores: 1, name: 'tickets' });
  const base = openBaseModel(join(__dirname, '..', '..', 'media', 'sample', 'base'));
  const facts = { base, settings, hashes: {}, trainExamples: 1, step: 1, loss: 1, validationLoss: null };
  writeAdapter(folder, parameters, facts);
  const file = 'adapter_model.safetensors';
  expect(readTensors(join(folder, file))).toEqual(readTensors(join(theirs, file)));
  const config = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8')) as object;
  const expected = JSON.parse(readFileSync(join(theirs, 'adapter_config.json'), 'utf8')) as object;
  expect(expected).toMatchObject({ ...config, base_model_name_or_path: 'qwen2' });
  rmSync(folder, { recursive: true, force: true });
});
