import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random';
import { stopTokens } from '../../../src/evaluation/generation/answer-parts';
import { GREEDY, type Answer, type Generator } from '../../../src/evaluation/generation/generator';
import { ggufCacheBytes, ggufCacheFolder } from '../../../src/evaluation/generation/gguf-cache';
import { type LlamaGenerator, openLlamaGenerator } from '../../../src/evaluation/generation/llama/client';
import { llamaPackage } from '../../../src/evaluation/generation/llama/installed';
import { openGenerator } from '../../../src/evaluation/generation/open-generator';
import { type Subject, openSubjects } from '../../../src/evaluation/subject';
import { writeGguf } from '../../../src/export/gguf';
import { initializeLora } from '../../../src/training/adapters/lora';
import { linearModules } from '../../../src/training/models/tensors';

interface Row {
  readonly prompt: number[];
  readonly answer: { readonly tokens: number[] };
  readonly continuations: { readonly tokens: number[]; readonly logProbability: number; readonly greedy: boolean }[];
}

const root = join(__dirname, '../../..');
/** Written by scripts/oracles/generation.py. */
const rows: Row[] = JSON.parse(readFileSync(join(__dirname, 'dump.json'), 'utf8')) as Row[];
const NEW_TOKENS = 24;
const GREEDILY = { ...GREEDY, maxNewTokens: NEW_TOKENS };

const home = mkdtempSync(join(tmpdir(), 'generators-'));
process.env['XDG_CACHE_HOME'] = home;
process.env['LOCALAPPDATA'] = home;
process.env['HOME'] = home;
const opened: Generator[] = [];
afterAll(async () => {
  await Promise.all(opened.map((one) => one.dispose()));
  rmSync(home, { recursive: true, force: true });
});

const { base } = openSubjects(join(root, 'media/sample/base'));
const tuned = withAdapter(base);
const stops = stopTokens(base.checked);

/** A LoRA adapter that changes the answers, with nothing left at zero. */
function withAdapter(subject: Subject): Subject {
  const lora = { r: 4, alpha: 8, dropout: 0, targetModules: ['all-linear'] };
  const random = createRandom(5);
  const tensors = initializeLora(linearModules(subject.checked.config), lora.r, random);
  const parameters = [...tensors].map(([name, { shape, data }]) => ({
    name,
    shape,
    data: data.map(() => 0.05 * random.normal()),
  }));
  return { ...subject, adapter: { folder: '', lora, parameters, baseName: '' } };
}

async function open(subject: Subject, engine: 'llama.cpp' | 'onnxruntime', parallel = 4): Promise<Generator> {
  const { generator } = await openGenerator(subject, { engine, device: 'cpu', contextLength: 300, parallel });
  opened.push(generator);
  return generator;
}

/** With llama.cpp alone, to see its process. */
async function openAlone(
  model: string,
  changes: { childPath?: string; silenceMs?: number } = {},
): Promise<LlamaGenerator> {
  const generator = await openLlamaGenerator({
    nodePath: process.execPath,
    childPath: llamaPackage().childPath,
    model,
    adapter: undefined,
    contextLength: 300,
    sequences: 2,
    gpu: false,
    threads: 1,
    stops: [],
    decode: (tokens) => tokens.join(' '),
    ...changes,
  });
  opened.push(generator);
  return generator;
}

const answersOf = (generator: Generator): Promise<Answer[]> =>
  Promise.all(rows.map(({ prompt }) => generator.answer(Int32Array.from(prompt), { sampling: GREEDILY })));
const scoresOf = async (generator: Generator, { prompt, continuations }: Row) =>
  await generator.logLikelihoods(
    Int32Array.from(prompt),
    continuations.map(({ tokens }) => Int32Array.from(tokens)),
  );
/** A prompt whose answer does not end soon. */
const talkative = (): Row => rows.find(({ answer }) => untilStop(answer.tokens).length === NEW_TOKENS)!;
const untilStop = (tokens: readonly number[]): readonly number[] => {
  const end = tokens.findIndex((token) => stops.includes(token));
  return end < 0 ? tokens : tokens.slice(0, end);
};

describe.each(['onnxruntime', 'llama.cpp'] as const)('answers of %s', (engine) => {
  it('are those of transformers, and as likely', async () => {
    const generator = await open(base, engine);
    expect((await answersOf(generator)).map(({ tokens }) => tokens)).toEqual(
      rows.map(({ answer }) => untilStop(answer.tokens)),
    );
    for (const row of rows)
      (await scoresOf(generator, row)).forEach(({ logProbability, greedy }, i) => {
        const wanted = row.continuations[i]!;
        expect(Math.abs(logProbability - wanted.logProbability)).toBeLessThan(1e-4);
        expect(greedy).toBe(wanted.greedy);
      });
  });

  it('say why they end, and are told as they are written', async () => {
    const generator = await open(base, engine);
    const row = talkative();
    const prompt = Int32Array.from(row.prompt);
    let told = '';
    const { text, tokens, finish } = await generator.answer(prompt, {
      sampling: { ...GREEDILY, maxNewTokens: 5 },
      onText: (part) => (told += part),
    });
    expect(tokens).toEqual(row.answer.tokens.slice(0, 5));
    expect(finish).toBe('length');
    expect(told).toBe(text);
    expect(text).toBe(base.checked.tokenizer.decode(tokens, { skipSpecialTokens: true }));
  });

  it('are drawn anew with another seed only', async () => {
    const generator = await open(base, engine);
    const draw = async (seed: number): Promise<readonly number[]> => {
      const sampling = { ...GREEDILY, temperature: 1.5, topK: 50, seed };
      return (await generator.answer(Int32Array.from(rows[1]!.prompt), { sampling })).tokens;
    };
    const first = await draw(1);
    expect(await draw(1)).toEqual(first);
    expect(await draw(2)).not.toEqual(first);
  });

  it('can be cancelled in the middle, and the next one is right', async () => {
    const generator = await open(base, engine, 1);
    const controller = new AbortController();
    const cancelled = await generator.answer(Int32Array.from(talkative().prompt), {
      sampling: { ...GREEDILY, maxNewTokens: 200 },
      signal: controller.signal,
      onText: () => controller.abort(),
    });
    expect(cancelled.finish).toBe('cancelled');
    expect(cancelled.tokens.length).toBeLessThan(100);
    const { tokens } = await generator.answer(Int32Array.from(rows[1]!.prompt), { sampling: GREEDILY });
    expect(tokens).toEqual(untilStop(rows[1]!.answer.tokens));
  });

  it('are refused where the prompt is too long', async () => {
    const generator = await open(base, engine);
    const long = new Int32Array(100_000).fill(5);
    await expect(generator.answer(long, { sampling: GREEDILY })).rejects.toMatchObject({ code: 'prompt-too-long' });
  });
});

describe('llama.cpp', () => {
  it('writes what our engine writes: an adapter apart and merged, weights in NF4', async () => {
    const dora: Subject = { ...tuned, adapter: { ...tuned.adapter!, ...doraOf(tuned) } };
    for (const subject of [tuned, dora, { ...tuned, nf4: { doubleQuant: true } }]) {
      const ours = await open(subject, 'onnxruntime');
      const theirs = await open(subject, 'llama.cpp');
      const wanted = await answersOf(ours);
      expect((await answersOf(theirs)).map(({ tokens }) => tokens)).toEqual(wanted.map(({ tokens }) => tokens));
      expect(wanted[0]!.tokens).not.toEqual(untilStop(rows[0]!.answer.tokens));
      const [a, b] = await Promise.all([scoresOf(ours, rows[2]!), scoresOf(theirs, rows[2]!)]);
      a.forEach(({ logProbability }, i) => expect(Math.abs(logProbability - b[i]!.logProbability)).toBeLessThan(1e-3));
    }
  });

  it('keeps a model as one file, and nothing of an adapter', async () => {
    const files = readdirSync(ggufCacheFolder()).sort();
    expect(ggufCacheBytes()).toBeGreaterThan(3e6);
    const { ino } = statSync(join(ggufCacheFolder(), files[0]!));
    await (await open(tuned, 'llama.cpp')).dispose();
    expect(readdirSync(ggufCacheFolder()).sort()).toEqual(files);
    expect(statSync(join(ggufCacheFolder(), files[0]!)).ino).toBe(ino);
  });

  it('answers the same alone and in company, and when the beginning of a prompt is known', async () => {
    const alone = await open(base, 'llama.cpp', 1);
    const first = await answersOf(alone);
    expect(await answersOf(alone)).toEqual(first);
    expect(await answersOf(await open(base, 'llama.cpp', 8))).toEqual(first);
    const again = await scoresOf(alone, rows[3]!);
    expect(await scoresOf(alone, rows[3]!)).toEqual(again);
  });
});

describe('the process of llama.cpp', () => {
  const model = join(home, 'base.gguf');

  it('may be killed at any time', async () => {
    await writeGguf(model, base, { type: 'F32', merged: false });
    const generator = await openAlone(model);
    let told = false;
    const answer = generator.answer(Int32Array.from(rows[0]!.prompt), {
      sampling: { ...GREEDILY, maxNewTokens: 250 },
      onText: () => {
        if (!told) process.kill(generator.processId, 'SIGKILL');
        told = true;
      },
    });
    await expect(answer).rejects.toMatchObject({ code: 'model-crashed' });
    await expect(scoresOf(generator, rows[0]!)).rejects.toMatchObject({ code: 'model-crashed' });
  });

  it('refuses a file that is cut off', async () => {
    const cut = join(home, 'cut.gguf');
    writeFileSync(cut, readFileSync(model));
    for (const share of [0.9, 0.02]) {
      truncateSync(cut, Math.floor(statSync(cut).size * share));
      await expect(openAlone(cut)).rejects.toMatchObject({ code: 'model-not-loaded' });
    }
    await expect(openAlone(join(home, 'none.gguf'))).rejects.toMatchObject({ code: 'model-not-loaded' });
  });

  it('is ended when it says nothing', async () => {
    const childPath = join(home, 'silent.mjs');
    writeFileSync(childPath, 'process.on("message", () => undefined); setInterval(() => undefined, 1000);');
    await expect(openAlone(model, { childPath, silenceMs: 500 })).rejects.toMatchObject({ code: 'model-hangs' });
  });
});

/** The adapter with magnitudes of its own: 1.1 times the rows of the weights. */
function doraOf({ model, adapter, checked }: Subject) {
  const magnitudes = linearModules(checked.config).map(({ module, inFeatures, outFeatures }) => {
    const weight = model.readTensor(`${module}.weight`);
    const data = Float32Array.from({ length: outFeatures }, (_, row) =>
      Math.fround(1.1 * Math.hypot(...weight.subarray(row * inFeatures, (row + 1) * inFeatures))),
    );
    return { name: `base_model.model.${module}.lora_magnitude_vector`, shape: [outFeatures], data };
  });
  return { lora: { ...adapter!.lora, dora: true }, parameters: [...adapter!.parameters, ...magnitudes] };
}
