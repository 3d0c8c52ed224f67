import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { type Row, createCollator, planEvaluation } from '../../src/training/batches';
import type { Engine } from '../../src/training/engines/engine';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import { createReferenceEngine } from '../../src/training/engines/reference';
import { evaluateBatches } from '../../src/training/evaluate';
import type { Training } from '../../src/training/models/modules';
import { baseTensors } from '../../src/training/models/tensors';
import { type Parameter, createOptimizerState } from '../../src/training/optimizer';
import { loadReferences } from '../../src/training/references';
import { learningRateAt } from '../../src/training/schedule';
import { createEvaluationSession, createTrainingSession } from '../../src/training/session';
import { optimizerStep } from '../../src/training/step';
import { loadOracle } from './oracle';
import { DPO_RUNS, toExample } from './preference-oracle';
import { startingAdapter } from './replay';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'fine-tune-dpo-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const layout = { blocks: 2, headChunks: 2 };

function setUp(name: keyof typeof DPO_RUNS, engine: Engine, memory: 'fast' | 'low' = 'fast') {
  const run = DPO_RUNS[name];
  const { config, weights, tensors, base, dump } = loadOracle(run.model);
  const training: Training = run.method === 'full' ? { method: 'full' } : { method: 'lora', lora: dump.lora };
  const parameters =
    run.method === 'full'
      ? baseTensors(config).map((t): Parameter => ({ ...t, data: base.get(t.name)!.data.slice() }))
      : startingAdapter(tensors);
  const options = { engine, weights, config, training, beta: run.beta, memory, ...layout };
  const examples = run.pairs.map(toExample);
  const validation = run.validation.map((pair, i) => toExample(pair, i));
  const references = (): ReturnType<typeof loadReferences> =>
    loadReferences({
      file: join(folder, 'reference.json'),
      hashes: { model: run.model },
      examples: [...examples, ...validation],
      batchSize: 4,
      collate: createCollator({ config, padId: 0, ...layout }),
      open: () => createEvaluationSession(options, parameters),
      onProgress: () => undefined,
      stopRequested: () => false,
    });
  return { run, config, options, parameters, examples, validation, references };
}

const cpu = (): Engine => createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: true });

describe('DPO: the same numbers as TRL', () => {
  it.each([
    ['lora', 'fast'],
    ['capped', 'fast'],
    ['full', 'fast'],
    ['lora', 'low'],
    ['full', 'low'],
  ] as const)('%s, memory %s: 24 steps and two evaluations', async (name, memory) => {
    const { run, config, options, parameters, examples, validation, references } = setUp(name, cpu(), memory);
    const collate = createCollator({ config, padId: 0, ...layout, references: await references() });
    const session = await createTrainingSession(options, parameters);
    const evaluation = await createEvaluationSession(options, parameters);
    const evaluate = () =>
      evaluateBatches(evaluation, planEvaluation(validation, 2), collate, run.beta, () => undefined);
    const trainee = { session, collate, parameters, optimizer: createOptimizerState(parameters) };
    const rows = examples.map((example): Row => [example]);
    const perStep = run.batchSize * run.accumulated;

    const evaluations = [await evaluate()];
    for (const [i, wanted] of run.steps.entries()) {
      const schedule = { kind: 'linear', peak: run.learningRate, warmupSteps: run.warmupSteps } as const;
      const learningRate = learningRateAt(i, { ...schedule, totalSteps: run.steps.length });
      expect(learningRate).toBeCloseTo(wanted.learningRate, 10);
      const at = (i * perStep) % rows.length;
      const window = [0, 1].map((n) => rows.slice(at + n * run.batchSize, at + (n + 1) * run.batchSize));
      const found = await optimizerStep(trainee, window, {
        step: i + 1,
        lastSaved: 0,
        learningRate,
        maxGradNorm: 1,
        beta: run.beta,
        adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: run.weightDecay },
        random: createRandom(i),
      });
      expect(Math.abs(found.loss / wanted.loss - 1), `loss of step ${i}`).toBeLessThan(1e-3);
      expect(Math.abs(found.gradientNorm / wanted.gradientNorm - 1), `norm of step ${i}`).toBeLessThan(5e-3);
      for (const key of ['chosen', 'rejected', 'margins'] as const)
        expect(Math.abs(found.rewards![key] - wanted.rewards[key]), `${key} of step ${i}`).toBeLessThan(
          1e-3 * Math.max(1, Math.abs(wanted.rewards[key])),
        );
      if (i > 0) expect(found.rewards!.accuracies, `accuracies of step ${i}`).toBeCloseTo(wanted.rewards.accuracies, 6);
    }
    evaluations.push(await evaluate());
    for (const [i, wanted] of run.evaluations.entries()) {
      const found = evaluations[i]!;
      expect(Math.abs(found.loss! / wanted.loss - 1)).toBeLessThan(1e-3);
      expect(found.rewards!.margins).toBeCloseTo(wanted.rewards.margins, 3);
      expect(found.tokenAccuracy).toBeCloseTo(wanted.tokenAccuracy, 6);
      expect(found.perplexity).toBeNull();
    }
    await session.dispose();
    await evaluation.dispose();
  });
});

describe('gradients of DPO against central differences on the reference engine', () => {
  it.each(['capped', 'full'] as const)('%s', async (name) => {
    const { config, options, parameters, examples } = setUp(name, createReferenceEngine());
    // Away from where every pair is undecided, and every adapter's B zero.
    const noise = createRandom(3);
    const references = new Map(examples.map((example, i) => [example, { chosen: -9, rejected: -10 - i }]));
    for (const { data } of parameters) data.forEach((x, i) => (data[i] = x + 0.05 * (noise.next() - 0.5)));
    const batch = createCollator({ config, padId: 0, ...layout, references })([[examples[0]!], [examples[1]!]]);
    const session = await createTrainingSession(options, parameters);
    const evaluation = await createEvaluationSession(options, parameters);
    const { gradients } = await session.forwardBackward(batch, createRandom(1));
    const random = createRandom(7);
    const STEP = 2 ** -7;
    for (const { name: tensor, data } of parameters.filter((_, i) => i % 6 === 0)) {
      const gradient = gradients.get(tensor)!;
      const scale = Math.max(...gradient.map(Math.abs));
      const at = random.integer(data.length);
      const value = data[at]!;
      const lossAt = async (x: number): Promise<number> => {
        data[at] = x;
        return (await evaluation.forward(batch)).loss;
      };
      const slope = async (h: number): Promise<number> =>
        ((await lossAt(value + h)) - (await lossAt(value - h))) / (Math.fround(value + h) - Math.fround(value - h));
      const expected = (4 * (await slope(STEP)) - (await slope(2 * STEP))) / 3;
      data[at] = value;
      expect(Math.abs(expected - gradient[at]!) / scale, `${tensor}[${at}]`).toBeLessThan(2e-3);
    }
  });
});

describe('reference log-probabilities', () => {
  it('are kept, and made again when the pairs are others or the file is damaged', async () => {
    const { parameters, examples, references } = setUp('lora', cpu());
    const file = join(folder, 'reference.json');
    const first = await references();
    const inOrder = (found: typeof first) => examples.map((example) => found.get(example));
    const written = readFileSync(file, 'utf8');
    // An adapter that has been trained meanwhile changes nothing: they come from the file.
    parameters.forEach(({ data }) => data.fill(0.5));
    expect(inOrder(await references())).toEqual(inOrder(first));
    parameters.filter(({ name }) => name.includes('lora_B')).forEach(({ data }) => data.fill(0));
    writeFileSync(file, written.slice(0, -10));
    expect(inOrder(await references())).toEqual(inOrder(first));
    expect(readFileSync(file, 'utf8')).toBe(written);
    examples[3]!.tokens[0] = 9;
    const changed = await references();
    expect(changed.get(examples[3]!)).not.toEqual(first.get(examples[3]!));
    expect(changed.get(examples[4]!)).toEqual(first.get(examples[4]!));
  });
});
