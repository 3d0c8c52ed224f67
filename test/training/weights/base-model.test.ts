import * as fs from 'node:fs';
import * as path from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import { createTokenizer } from '../../../src/dataset/tokenizer';
import { openBaseModel } from '../../../src/training/weights/base-model';
import { materializeWeights } from '../../../src/training/weights/materialize';
import { readSafetensorsHeader, writeSafetensors } from '../../../src/training/weights/safetensors';
import { saveHuggingFaceModel } from '../../../src/training/weights/save-model';
import { readFloats } from '../../../src/training/weights/tensor-info';
import { failureOf, oracle, oracleJson, temporaryFolder } from './support';

const root = temporaryFolder();
let folder: string;
let count = 0;

const write = (name: string, content: unknown): void =>
  fs.writeFileSync(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
const weights = (file: string, values: Record<string, number[]>, dtype: 'F32' | 'F16' = 'F32'): void =>
  writeSafetensors(
    path.join(folder, file),
    Object.entries(values).map(([name, v]) => ({ name, dtype, shape: [v.length], data: Float32Array.from(v) })),
  );

beforeEach(() => {
  folder = path.join(root, `model-${count++}`);
  fs.mkdirSync(folder);
  write('config.json', { model_type: 'llama', tie_word_embeddings: false, torch_dtype: 'float16' });
  write('tokenizer.json', { model: { type: 'BPE', vocab: {}, merges: [] } });
});

describe('a Hugging Face folder', () => {
  test('one weights file', () => {
    weights('model.safetensors', { a: [1, 2, 3], b: [4] });
    weights('extra.safetensors', { c: [9] });
    const model = openBaseModel(folder);
    expect(model.kind).toBe('huggingface');
    expect(model.config['model_type']).toBe('llama');
    expect([...model.tensors.keys()].sort()).toEqual(['a', 'b']);
    expect([...model.readTensor('a')]).toEqual([1, 2, 3]);
    expect(failureOf(() => model.readTensor('c')).code).toBe('weights-missing-tensor');
  });

  test('float32 lies in place at the named bytes, float16 does not', () => {
    weights('model.safetensors', { a: [1, 2, 3] });
    const place = openBaseModel(folder).inPlace('a')!;
    const bytes = fs.readFileSync(place.file).subarray(place.offset, place.offset + place.bytes);
    expect([...new Float32Array(new Uint8Array(bytes).buffer)]).toEqual([1, 2, 3]);
    weights('model.safetensors', { a: [1, 2, 3] }, 'F16');
    expect(openBaseModel(folder).inPlace('a')).toBeUndefined();
  });

  test('shards by their index', () => {
    weights('model-00001-of-00002.safetensors', { a: [1] });
    weights('model-00002-of-00002.safetensors', { b: [2] });
    weights('consolidated.safetensors', { a: [5] });
    const weight_map = { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' };
    write('model.safetensors.index.json', { metadata: {}, weight_map });
    const model = openBaseModel(folder);
    expect([...model.readTensor('a'), ...model.readTensor('b')]).toEqual([1, 2]);
    fs.rmSync(path.join(folder, weight_map.b));
    const missing = failureOf(() => openBaseModel(folder));
    expect(missing).toMatchObject({ code: 'weights-missing', exitCode: 2 });
    expect(missing.message).toContain(weight_map.b);
    weights(weight_map.b, { other: [2] });
    expect(failureOf(() => openBaseModel(folder)).code).toBe('weights-missing-tensor');
    write('model.safetensors.index.json', { metadata: {} });
    expect(failureOf(() => openBaseModel(folder)).message).toContain('weight_map');
  });

  test('several files without an index', () => {
    weights('one.safetensors', { a: [1] });
    weights('two.safetensors', { b: [2] });
    expect([...openBaseModel(folder).tensors.keys()]).toEqual(['a', 'b']);
    weights('two.safetensors', { a: [2] });
    expect(failureOf(() => openBaseModel(folder)).message).toContain('more than one');
  });

  test('the links of a cache snapshot are followed to the blobs', () => {
    weights('model.safetensors', { a: [1] });
    const snapshot = path.join(root, 'snapshot');
    fs.mkdirSync(snapshot);
    for (const name of fs.readdirSync(folder))
      fs.symlinkSync(path.join('..', path.basename(folder), name), path.join(snapshot, name));
    const model = openBaseModel(snapshot);
    expect(model.inPlace('a')!.file).toBe(fs.realpathSync(path.join(folder, 'model.safetensors')));
  });

  test('the chat template: its own file, a text, or the default of a list', () => {
    weights('model.safetensors', { a: [1] });
    expect(openBaseModel(folder).chatTemplate).toBeUndefined();
    write('tokenizer_config.json', { chat_template: 'one', eos_token: '</s>' });
    write('special_tokens_map.json', { bos_token: '<s>', eos_token: '<eos>' });
    expect(openBaseModel(folder).chatTemplate).toBe('one');
    expect(openBaseModel(folder).tokenizerConfig).toMatchObject({ bos_token: '<s>', eos_token: '</s>' });
    write('tokenizer_config.json', {
      chat_template: [
        { name: 'tool_use', template: 'tools' },
        { name: 'default', template: 'two' },
      ],
    });
    expect(openBaseModel(folder).chatTemplate).toBe('two');
    write('chat_template.jinja', 'three\n');
    expect(openBaseModel(folder).chatTemplate).toBe('three\n');
    expect(openBaseModel(folder).filesToCopy.map((file) => file.name)).toEqual([
      'tokenizer.json',
      'tokenizer_config.json',
      'special_tokens_map.json',
      'chat_template.jinja',
    ]);
  });

  test('what is missing or broken is named', () => {
    const failure = (): ReturnType<typeof failureOf> => failureOf(() => openBaseModel(folder));
    expect(failure()).toMatchObject({ code: 'weights-missing', exitCode: 2 });
    write('pytorch_model.bin', '');
    expect(failure().message).toContain('pytorch_model.bin');
    expect(failure().hint).toContain('pickle files are never opened');
    weights('model.safetensors', { a: [1] });
    fs.truncateSync(path.join(folder, 'model.safetensors'), 66);
    expect(failure().code).toBe('weights-truncated');
    weights('model.safetensors', { a: [1] });
    write('config.json', '{\n  "a": 1,\n  "b": tru\n}');
    expect(failure()).toMatchObject({ code: 'json-syntax', exitCode: 2 });
    expect(failure().message).toContain('config.json is not valid JSON: line 3, column 8');
    write('config.json', '[]');
    expect(failure().message).toContain('does not hold a JSON object');
    write('config.json', '{}');
    fs.rmSync(path.join(folder, 'tokenizer.json'));
    write('tokenizer.model', '');
    expect(failure()).toMatchObject({ code: 'tokenizer-missing', exitCode: 2 });
    expect(failure().message).toContain('only tokenizer.model');
    fs.rmSync(path.join(folder, 'config.json'));
    expect(failure()).toMatchObject({ code: 'model-config-missing', exitCode: 2 });
    write('adapter_config.json', '{}');
    expect(failure().hint).toContain('adapter');
    expect(failureOf(() => openBaseModel(path.join(folder, 'nowhere')))).toMatchObject({
      code: 'model-not-found',
      exitCode: 2,
    });
  });

  test('the hash follows config and weights, not names of files or who saved them', () => {
    weights('model.safetensors', { a: [1, 2], b: [3] });
    const hash = openBaseModel(folder).hash();
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    fs.rmSync(path.join(folder, 'model.safetensors'));
    weights('x.safetensors', { b: [3] });
    weights('y.safetensors', { a: [1, 2] });
    write('config.json', {
      transformers_version: '5',
      torch_dtype: 'float16',
      tie_word_embeddings: false,
      model_type: 'llama',
    });
    expect(openBaseModel(folder).hash()).toBe(hash);
    weights('y.safetensors', { a: [1, 2.5] });
    expect(openBaseModel(folder).hash()).not.toBe(hash);
    weights('y.safetensors', { a: [1, 2] });
    write('config.json', { torch_dtype: 'float16', tie_word_embeddings: true, model_type: 'llama' });
    expect(openBaseModel(folder).hash()).not.toBe(hash);
  });

  test('the hash sees a change at the end and in the middle of a large tensor', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => i);
    weights('model.safetensors', { a: values });
    const hash = openBaseModel(folder).hash();
    for (const at of [10_000, 19_999]) {
      weights('model.safetensors', { a: values.with(at, -1) });
      expect(openBaseModel(folder).hash()).not.toBe(hash);
    }
  });
});

describe.each(['llama', 'qwen2'] as const)('a GGUF file of the architecture %s', (name) => {
  const model = openBaseModel(oracle(`${name}.gguf`));

  test('holds the weights that transformers reads from it', () => {
    const expected = readSafetensorsHeader(oracle(`${name}.safetensors`)).tensors;
    expect([...model.tensors.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [tensor, info] of expected) {
      expect(model.tensors.get(tensor)!.shape).toEqual(info.shape);
      expect(model.readTensor(tensor)).toEqual(readFloats(info));
      const place = model.inPlace(tensor);
      if (place) expect(readFloats({ ...info, ...place, dtype: 'F32' })).toEqual(readFloats(info));
    }
    expect(model.inPlace('model.norm.weight')).toBeDefined();
    // Float32 in the llama file, but with its rows in another order.
    if (name === 'llama') expect(model.inPlace('model.layers.1.self_attn.k_proj.weight')).toBeUndefined();
  });

  test('gives token ids as the tokenizer that its vocabulary came from', () => {
    const tokenizer = createTokenizer(model.tokenizerJson, model.tokenizerConfig);
    const cases = oracleJson<[string, number[]][]>(`${name}.tokens.json`);
    expect(cases.length).toBeGreaterThan(35);
    for (const [text, ids] of cases)
      expect([text, ...tokenizer.prefix, ...tokenizer.encode(text).ids]).toEqual([text, ...ids]);
  });
});

test('the configuration of a GGUF file', () => {
  expect(openBaseModel(oracle('llama.gguf')).config).toMatchObject({
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    hidden_size: 32,
    intermediate_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 8,
    rms_norm_eps: 1e-5,
    rope_theta: 50_000,
    max_position_embeddings: 128,
    vocab_size: 480,
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_id: 2,
  });
  const qwen2 = openBaseModel(oracle('qwen2.gguf'));
  expect(qwen2.config).toMatchObject({ model_type: 'qwen2', rms_norm_eps: 1e-6, rope_theta: 1e6, vocab_size: 400 });
  expect(qwen2.config['tie_word_embeddings']).toBe(false);
  expect(qwen2.chatTemplate).toContain('<|im_start|>');
  expect(qwen2.tokenizerConfig).toMatchObject({ eos_token: '<|im_end|>', pad_token: '<|endoftext|>' });
});

test('a saved model reads back: new weights, kept weights, tokenizer', async () => {
  const base = openBaseModel(oracle('qwen2.gguf'));
  const changed = base.readTensor('model.norm.weight').map((value) => value + 1);
  const target = path.join(root, 'saved');
  const tensor = (name: string): Float32Array => (name === 'model.norm.weight' ? changed : base.readTensor(name));
  await saveHuggingFaceModel(target, base, tensor, { dtype: 'F32', files: base.filesToCopy });
  const saved = openBaseModel(target);
  expect([...saved.readTensor('model.norm.weight')]).toEqual([...changed]);
  for (const name of base.tensors.keys())
    if (name !== 'model.norm.weight') expect(saved.readTensor(name)).toEqual(base.readTensor(name));
  expect(saved.config).toEqual({ ...base.config, torch_dtype: 'float32' });
  expect(saved.tokenizerJson).toEqual(JSON.parse(JSON.stringify(base.tokenizerJson)));
  expect(saved.chatTemplate).toBe(base.chatTemplate);
  await saveHuggingFaceModel(target, base, base.readTensor, { dtype: 'BF16', files: base.filesToCopy });
  expect(openBaseModel(target).tensors.get('model.norm.weight')!.dtype).toBe('BF16');
  expect(openBaseModel(target).config['torch_dtype']).toBe('bfloat16');
});

test('a saved configuration has floats where transformers insists on them', async () => {
  const base = openBaseModel(oracle('families/gemma2.gguf'));
  const target = path.join(root, 'gemma2');
  await saveHuggingFaceModel(target, base, base.readTensor, { dtype: 'BF16', files: base.filesToCopy });
  const text = fs.readFileSync(path.join(target, 'config.json'), 'utf8');
  expect(text).toContain('"attn_logit_softcapping": 3.0,');
  expect(text).toContain('"final_logit_softcapping": 4.0,');
  expect(openBaseModel(target).config).toEqual({ ...base.config, torch_dtype: 'bfloat16' });
});

describe('materialising', () => {
  test('converts what is not float32 and leaves the rest where it is', () => {
    const base = openBaseModel(oracle('llama.gguf'));
    const target = path.join(root, 'weights.bin');
    const places = materializeWeights(base, base.tensors.keys(), target);
    expect([...places.keys()].sort()).toEqual([...base.tensors.keys()].sort());
    for (const [name, { file, offset, bytes, dataType }] of places) {
      expect(dataType).toBe('float32');
      const { shape } = base.tensors.get(name)!;
      expect(readFloats({ name, dtype: 'F32', shape, file, offset, bytes })).toEqual(base.readTensor(name));
      if (file === target) expect(offset % 64).toBe(0);
      else expect(file).toBe(base.inPlace(name)!.file);
    }
    expect(places.get('model.norm.weight')!.file).not.toBe(target);
    expect(places.get('model.embed_tokens.weight')!.file).toBe(target);
  });

  test('writes no file where every tensor is in place', () => {
    weights('model.safetensors', { a: [1] });
    const target = path.join(root, 'none.bin');
    materializeWeights(openBaseModel(folder), ['a'], target);
    expect(fs.existsSync(target)).toBe(false);
  });

  test.skipIf(process.platform !== 'linux')('a full disk is a failure and leaves nothing', () => {
    const target = path.join(root, 'full.bin');
    fs.symlinkSync('/dev/full', `${target}.partial`);
    const base = openBaseModel(oracle('llama.gguf'));
    expect(failureOf(() => materializeWeights(base, base.tensors.keys(), target)).code).toBe('disk-full');
    expect(fs.existsSync(target) || fs.existsSync(`${target}.partial`)).toBe(false);
  });
});
