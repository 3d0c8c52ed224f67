import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { Failure } from '../../src/common/failure';
import { type Subject, openSubjects } from '../../src/evaluation/subject';
import { type GgufOptions, ggufSupport, writeGguf } from '../../src/export/gguf';
import { ggufAdapterSupport, writeGgufAdapter } from '../../src/export/gguf-adapter';
import { openBaseModel } from '../../src/training/weights/base-model';
import { readGguf } from '../../src/training/weights/gguf';
import { readFloats } from '../../src/training/weights/tensor-info';
import { trainingModel, withAdapter } from './models';

const home = mkdtempSync(join(tmpdir(), 'gguf-unit-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

let made = 0;
const place = (): string => {
  const folder = join(home, String(made++));
  mkdirSync(folder);
  return folder;
};
const base = (name: string, config: Record<string, unknown> = {}): Subject =>
  openSubjects(trainingModel(name, place(), config)).base;
const llamaFile = join(__dirname, '..', 'training', 'weights', 'oracles', 'llama.gguf');

async function write(subject: Subject, options: Partial<GgufOptions> = {}): Promise<string> {
  const file = join(place(), 'model.gguf');
  await writeGguf(file, subject, { type: 'F32', merged: true, ...options });
  return file;
}

/** The failure, and that nothing is left behind. */
async function failure(work: (file: string) => Promise<void>): Promise<Failure> {
  const folder = place();
  const error: unknown = await work(join(folder, 'model.gguf')).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(readdirSync(folder)).toEqual([]);
  return error as Failure;
}

describe('a file', () => {
  it('has the tensors of the base, each at its place', async () => {
    const subject = base('llama-untied');
    const again = openBaseModel(await write(subject));
    for (const { name } of subject.checked.tensors)
      expect(again.readTensor(name), name).toEqual(subject.model.readTensor(name));
  });

  it('names the ids that end an answer, and the template of the training', async () => {
    const model = trainingModel('llama-untied', place());
    const { base: alpaca } = openSubjects(model, { template: 'alpaca' });
    const metadata = [openSubjects(model).base, alpaca].map(async (subject) => readGguf(await write(subject)).metadata);
    const [chatml, other] = await Promise.all(metadata);
    expect(chatml!.get('tokenizer.ggml.eos_token_id')).toBe(97);
    expect(chatml!.get('tokenizer.ggml.eot_token_id')).toBe(97);
    expect(chatml!.get('tokenizer.ggml.pre')).toBe('gpt-2');
    expect(chatml!.get('tokenizer.chat_template')).toContain('<|im_start|>');
    expect(other!.get('tokenizer.chat_template')).toContain('### Instruction:');
  });

  it('fills the vocabulary up to the rows of the embedding, with names that no token has', async () => {
    const subject = base('llama-untied');
    const tokens = readGguf(await write(subject)).metadata.get('tokenizer.ggml.tokens') as readonly string[];
    expect(tokens.length).toBe(131);
    expect(new Set(tokens).size).toBe(131);
    expect(tokens.slice(95, 100)).toEqual(['Ċ', '<|im_start|>', '<|im_end|>', '[PAD98]', '[PAD99]']);
  });

  it('ends its context with the window that llama.cpp does not know', async () => {
    const { metadata } = readGguf(await write(base('mistral-window')));
    expect(metadata.get('llama.context_length')).toBe(6);
  });

  it('reports progress up to its size, and can be stopped', async () => {
    const parts: [number, number][] = [];
    const file = await write(base('qwen2'), { type: 'F16', onProgress: (...part) => parts.push(part) });
    const size = readFileSync(file).length;
    expect(parts.at(-1)).toEqual([size, size]);
    const stop = new AbortController();
    const options = { type: 'F16', merged: true, signal: stop.signal, onProgress: () => stop.abort() } as const;
    expect(await failure((path) => writeGguf(path, base('qwen2'), options))).toMatchObject({ name: 'AbortError' });
  });
});

describe('an adapter', () => {
  it('has the scale of rsLoRA in its alpha', async () => {
    const file = join(place(), 'adapter.gguf');
    await writeGgufAdapter(file, withAdapter(llamaFile, { r: 4, alpha: 6, rslora: true, targetModules: ['v_proj'] }));
    const { metadata, tensors } = readGguf(file);
    expect(metadata.get('adapter.lora.alpha')).toBe(12);
    expect([...tensors.keys()].filter((name) => name.startsWith('blk.0.'))).toEqual([
      'blk.0.attn_v.weight.lora_a',
      'blk.0.attn_v.weight.lora_b',
    ]);
  });

  it('has the rows of B in the order of those of the base', async () => {
    const subject = withAdapter(llamaFile, { r: 4, targetModules: ['k_proj'] });
    const file = join(place(), 'adapter.gguf');
    await writeGgufAdapter(file, subject);
    const stored = readFloats(readGguf(file).tensors.get('blk.0.attn_k.weight.lora_b')!);
    const { data } = subject.adapter!.parameters[1]!;
    const { headDim } = subject.checked.config;
    // Row 1 of the file is the first of the second half of the first head.
    expect(stored.subarray(4, 8)).toEqual(data.subarray((headDim / 2) * 4, (headDim / 2) * 4 + 4));
    expect([...stored].sort()).toEqual([...data].sort());
  });

  it('is refused where llama.cpp cannot compute it', async () => {
    const dora = withAdapter(llamaFile, { dora: true });
    expect(ggufAdapterSupport(dora)).toContain('DoRA');
    expect(await failure((file) => writeGgufAdapter(file, dora))).toMatchObject({
      code: 'gguf-adapter-unsupported',
      exitCode: 2,
    });
    expect(ggufAdapterSupport({ adapter: undefined })).toBeDefined();
  });
});

describe('what llama.cpp would compute otherwise is refused', () => {
  it.each([
    ['gemma2', {}, 'attention is scaled'],
    ['gemma3', {}, 'attention is scaled'],
    ['gemma3', { query_pre_attn_scalar: 8 }, 'sliding window are others'],
    ['smollm3', {}, 'layers without RoPE'],
    ['llama-yarn', {}, 'yarn'],
  ])('%s %j', (name, config, reason) => {
    expect(ggufSupport(base(name, config))).toContain(reason);
  });

  it.each([
    'llama-tied',
    'llama-untied',
    'llama3-rope',
    'llama-dynamic',
    'mistral',
    'qwen2',
    'smollm2',
    'phi3',
    'gpt2',
  ])('%s is not', (name) => {
    expect(ggufSupport(base(name))).toBeUndefined();
  });

  it('two tokens of one text, which end the process of llama.cpp', () => {
    const folder = trainingModel('qwen2', place());
    const file = join(folder, 'tokenizer.json');
    const json = JSON.parse(readFileSync(file, 'utf8')) as { added_tokens: unknown[] };
    json.added_tokens.push({ id: 100, content: '<|im_end|>', special: true, normalized: false });
    writeFileSync(file, JSON.stringify(json));
    expect(ggufSupport(openSubjects(folder).base)).toContain('"<|im_end|>"');
  });

  it('a tokenizer that cuts in a way without a name', () => {
    const folder = trainingModel('qwen2', place());
    const file = join(folder, 'tokenizer.json');
    const json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...json, pre_tokenizer: { type: 'Whitespace' } }));
    expect(ggufSupport(openSubjects(folder).base)).toContain('no name');
  });
});

describe('weights that cannot be written', () => {
  const spoiled = (value: number): Subject => {
    const subject = withAdapter(llamaFile);
    const [first, ...rest] = subject.adapter!.parameters;
    const parameters = [{ ...first!, data: first!.data.map(() => value) }, ...rest];
    return { ...subject, adapter: { ...subject.adapter!, parameters } };
  };

  it('numbers that are none', async () => {
    const options = { type: 'F32', merged: true } as const;
    const error = await failure((file) => writeGguf(file, spoiled(NaN), options));
    expect(error).toMatchObject({ code: 'weights-not-finite', exitCode: 2 });
    expect(error.message).toContain('blk.0.attn_q.weight');
  });

  it('numbers beyond float16', async () => {
    const options = { type: 'F16', merged: true } as const;
    expect(await failure((file) => writeGguf(file, spoiled(1e7), options))).toMatchObject({ code: 'float16-overflow' });
  });
});

describe('types of llama.cpp’s quantiser', () => {
  const options = { type: 'Q4_K_M', merged: true } as const;
  /** A program of that name on the PATH. */
  function program(script: string): void {
    const folder = place();
    writeFileSync(join(folder, 'llama-quantize'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'llama-quantize'), 0o755);
    vi.stubEnv('PATH', `${folder}:/bin:/usr/bin`);
  }

  it('need the program', async () => {
    vi.stubEnv('PATH', place());
    expect(await failure((file) => writeGguf(file, base('qwen2'), options))).toMatchObject({
      code: 'no-llama-quantize',
      exitCode: 2,
    });
  });

  it.skipIf(process.platform === 'win32')('are made of a file in F16', async () => {
    program('[ "$3" = Q4_K_M ] && cp "$1" "$2"');
    const file = join(place(), 'model.gguf');
    await writeGguf(file, base('qwen2'), options);
    expect(readGguf(file).metadata.get('general.file_type')).toBe(1);
    expect(existsSync(`${file}.F16`)).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('tell why it failed', async () => {
    program('echo "no space" >&2; exit 3');
    const error = await failure((file) => writeGguf(file, base('qwen2'), options));
    expect(error.code).toBe('quantizer-failed');
    expect(error.message).toContain('(3): no space');
  });
});
