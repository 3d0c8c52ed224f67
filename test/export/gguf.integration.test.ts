import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Subject, openSubjects } from '../../src/evaluation/subject';
import { writeGguf } from '../../src/export/gguf';
import { writeGgufAdapter } from '../../src/export/gguf-adapter';
import { saveHuggingFaceModel } from '../../src/training/weights/save-model';
import { openBaseModel } from '../../src/training/weights/base-model';
import { type LlamaJob, type LlamaResult, largestDifference, ownLogits, runLlama } from './logits';
import { trainingModel, withAdapter } from './models';

const folder = mkdtempSync(join(tmpdir(), 'gguf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const oracles = join(__dirname, '..', 'training', 'weights', 'oracles');
/** More than the 16 of phi3-longrope, behind which it takes its long factors: llama.cpp goes by the size of the context. */
const TOKENS = [3, 17, 40, 5, 99, 120, 7, 7, 33, 250, 11, 64, 81, 200, 9, 9, 55, 130, 21, 88];
/** The window of phi3, behind which llama.cpp sees more than the model; so long is its context. */
const WINDOW = 9;
const tokensOf = (name: string): number[] => (name === 'phi3' ? TOKENS.slice(0, WINDOW) : TOKENS);
/** ggml takes GELU of float16 from a table. */
const toleranceOf = (name: string): number => (/gemma|gpt2/.test(name) ? 1e-2 : 1e-4);

const FAMILIES = [
  ['llama', 'llama.gguf'],
  ['qwen2', 'qwen2.gguf'],
  ['qwen3', 'families/qwen3.gguf'],
  ['smollm3', 'families/smollm3.gguf'],
  ['gemma2', 'families/gemma2.gguf'],
  ['gemma3', 'families/gemma3.gguf'],
  ['phi3', 'families/phi3.gguf'],
  ['phi3-longrope', 'families/phi3-longrope.gguf'],
  ['gpt2', 'families/gpt2.gguf'],
] as const;

const TEXTS = ['Hello <|im_end|> wörld 1234567', '  two  spaces\n\nand lines\t日本語 👩‍👩‍👧‍👦', "don't I'll <s> </s> x"];

describe('as GGUF, in llama.cpp', () => {
  const results = new Map<string, LlamaResult>();
  const subjects = new Map<string, Subject>();
  beforeAll(async () => {
    const jobs: [string, LlamaJob][] = [];
    for (const [name, file] of FAMILIES) {
      const tuned = withAdapter(join(oracles, file));
      subjects.set(name, tuned);
      const place = (what: string): string => join(folder, `${name}-${what}.gguf`);
      await writeGguf(place('base'), tuned, { type: 'F32', merged: false });
      await writeGguf(place('merged'), tuned, { type: 'F32', merged: true });
      await writeGgufAdapter(place('adapter'), tuned);
      await writeGguf(place('folder'), await fromFolder(tuned, name), { type: 'F16', merged: false });
      const job = { tokens: tokensOf(name), contextSize: 32 };
      jobs.push([`${name} base`, { ...job, model: place('base'), texts: TEXTS }]);
      jobs.push([`${name} folder`, { model: place('folder'), texts: TEXTS }]);
      jobs.push([`${name} merged`, { ...job, model: place('merged') }]);
      jobs.push([`${name} adapter`, { ...job, model: place('base'), adapter: place('adapter') }]);
    }
    runLlama(jobs.map(([, job]) => job)).forEach((result, i) => results.set(jobs[i]![0], result));
  });

  describe.each(FAMILIES)('%s', (name) => {
    it('gives the logits of the engine that trains', async () => {
      const tuned = subjects.get(name)!;
      for (const [what, subject] of [
        ['base', { ...tuned, adapter: undefined }],
        ['merged', tuned],
        ['adapter', tuned],
      ] as const) {
        const own = await ownLogits(subject, tokensOf(name), join(folder, 'scratch.f32'));
        const { logits } = results.get(`${name} ${what}`)!;
        expect(largestDifference(own, logits!), what).toBeLessThan(toleranceOf(name));
      }
    });

    it('tokenizes as before', () => {
      const { tokenizer } = subjects.get(name)!.checked;
      const { tokenized } = results.get(`${name} base`)!;
      // White space behind special tokens is theirs in a Phi-3, which llama.cpp knows of the whole vocabulary alone.
      const texts = name === 'phi3' ? TEXTS.slice(0, 2) : TEXTS;
      texts.forEach((text, i) => expect(tokenized[i], text).toEqual([...tokenizer.encode(text).ids]));
    });

    it('tokenizes as before when it comes from a Hugging Face folder', () => {
      const { tokenizer } = subjects.get(name)!.checked;
      const { tokenized } = results.get(`${name} folder`)!;
      const texts = name === 'phi3' ? TEXTS.slice(0, 2) : TEXTS;
      texts.forEach((text, i) => expect(tokenized[i], text).toEqual([...tokenizer.encode(text).ids]));
    });

    it('is the same model when it is read again', () => {
      const { model, checked } = subjects.get(name)!;
      const again = openBaseModel(join(folder, `${name}-base.gguf`));
      expect([...again.tensors.keys()].sort()).toEqual([...model.tensors.keys()].sort());
      for (const { name: tensor } of checked.tensors)
        expect(again.readTensor(tensor)).toEqual(model.readTensor(tensor));
      expect(again.tokenizerJson).toEqual(model.tokenizerJson);
      if (name === 'phi3')
        expect(again.config).toMatchObject({ max_position_embeddings: WINDOW, sliding_window: null });
      else expect(again.config).toEqual(model.config);
    });
  });
});

describe('what models differ in', () => {
  const yarn = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32 };
  it('is told to llama.cpp', async () => {
    const cases: [string, Record<string, unknown>, number][] = [
      // Heads that are wider than their part of the model, and a vocabulary that is filled up.
      ['llama-untied', {}, 20],
      ['llama3-rope', {}, 20],
      ['llama-tied', { rope_scaling: { rope_type: 'linear', factor: 2 } }, 20],
      ['llama-tied', { rope_scaling: yarn }, 20],
      ['llama-tied', { rope_scaling: { ...yarn, attention_factor: 1.5 } }, 20],
      ['llama-dynamic', {}, 20],
      ['mistral-window', {}, 6],
      ['qwen3', { use_sliding_window: false }, 20],
      ['gemma2', { query_pre_attn_scalar: 12 }, 20],
      ['phi3', {}, 9],
      ['gpt2', {}, 20],
    ];
    const jobs: LlamaJob[] = [];
    const subjects: Subject[] = [];
    for (const [i, [name, config, length]] of cases.entries()) {
      const { base } = openSubjects(trainingModel(name, join(folder, `shape-${i}`), config));
      subjects.push(base);
      const model = join(folder, `shape-${i}.gguf`);
      await writeGguf(model, base, { type: 'F32', merged: false });
      jobs.push({ model, tokens: TOKENS.map((token) => token % 128).slice(0, length), contextSize: 32 });
    }
    for (const [i, { logits }] of runLlama(jobs).entries()) {
      const own = await ownLogits(subjects[i]!, jobs[i]!.tokens!, join(folder, `shape-${i}.f32`));
      const what = JSON.stringify(cases[i]);
      expect(largestDifference(own, logits!), what).toBeLessThan(toleranceOf(cases[i]![0]));
    }
  });
});

/** The same model as Hugging Face keeps it. */
async function fromFolder({ model }: Subject, name: string): Promise<Subject> {
  const path = join(folder, `${name}-folder`);
  await saveHuggingFaceModel(path, model, (tensor) => model.readTensor(tensor), {
    dtype: 'F32',
    files: model.filesToCopy,
  });
  return openSubjects(path).base;
}

describe('what was trained over other weights', () => {
  it('is merged as it was trained', async () => {
    const path = join(oracles, 'qwen2.gguf');
    const nf4 = (doubleQuant: boolean, options = {}): Subject => ({
      ...withAdapter(path, options),
      nf4: { doubleQuant },
    });
    const cases: [string, Subject][] = [
      ['rslora', withAdapter(path, { rslora: true })],
      ['dora', withAdapter(path, { dora: true })],
      ['qlora', nf4(false)],
      ['qlora, double', nf4(true)],
      ['qdora', nf4(true, { dora: true })],
      ['nf4 alone', { ...nf4(true), adapter: undefined }],
    ];
    const jobs: LlamaJob[] = [];
    for (const [i, [, subject]] of cases.entries()) {
      const model = join(folder, `method-${i}.gguf`);
      await writeGguf(model, subject, { type: 'F32', merged: true });
      jobs.push({ model, tokens: TOKENS, contextSize: 32 });
    }
    for (const [i, { logits }] of runLlama(jobs).entries()) {
      const [what, subject] = cases[i]!;
      const own = await ownLogits(subject, TOKENS, join(folder, 'scratch.f32'));
      expect(largestDifference(own, logits!), what).toBeLessThan(1e-4);
    }
  });
});

interface PeftDump {
  readonly model: string;
  readonly adapter: string;
  readonly tokens: number[];
  readonly logits: number[][];
}

// Made by scripts/oracles/gguf_adapters.py with transformers and PEFT.
describe('adapters of PEFT', () => {
  const NAMES = ['lora-llama', 'rslora-llama', 'lora-qwen2', 'dora-qwen2', 'lora-smollm2', 'dora-smollm2'];
  it('give its logits, merged and apart', async () => {
    const checks: { what: string; job: LlamaJob; expected: number[][] }[] = [];
    for (const name of NAMES) {
      const dump = JSON.parse(readFileSync(join(__dirname, 'oracles', 'peft', `${name}.json`), 'utf8')) as PeftDump;
      const model = trainingModel(dump.model, join(folder, name));
      const { tuned } = openSubjects(join(__dirname, '..', '..', dump.adapter), { model });
      const place = (what: string): string => join(folder, `${name}-${what}.gguf`);
      await writeGguf(place('merged'), tuned!, { type: 'F32', merged: true });
      const job = { tokens: dump.tokens, contextSize: 32 };
      checks.push({ what: `${name} merged`, job: { ...job, model: place('merged') }, expected: dump.logits });
      if (name.startsWith('dora')) continue;
      await writeGguf(place('base'), tuned!, { type: 'F32', merged: false });
      await writeGgufAdapter(place('adapter'), tuned!);
      const apart = { ...job, model: place('base'), adapter: place('adapter') };
      checks.push({ what: `${name} apart`, job: apart, expected: dump.logits });
    }
    runLlama(checks.map(({ job }) => job)).forEach(({ logits }, i) => {
      const { what, expected } = checks[i]!;
      expect(largestDifference(expected, logits!), what).toBeLessThan(1e-4);
    });
  });
});
