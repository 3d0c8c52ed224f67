/** Our side of the training benchmark: the product's own loop, session and engine, in a process of its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../src/common/random';
import { initializeLora, isTarget } from '../src/training/adapters/lora';
import { weightForms } from '../src/training/base';
import { createCollator } from '../src/training/batches';
import { createOnnxRuntimeEngine } from '../src/training/engines/onnxruntime';
import { trainingLoop } from '../src/training/loop';
import { readDecoderConfig } from '../src/training/models/config';
import { linearModules } from '../src/training/models/tensors';
import { type Parameter, createOptimizerState } from '../src/training/optimizer';
import { createTrainingSession, layoutFor } from '../src/training/session';
import { parseSettings, resolveDefaults } from '../src/training/settings';
import { materializeWeights } from '../src/training/weights/materialize';
import { readSafetensorsHeader } from '../src/training/weights/safetensors';
import { readFloats, requireTensor } from '../src/training/weights/tensor-info';
import { type Measurement, type TrainingTask, taskExamples } from './training-task';

/** Trains `task.warmup + task.steps` steps; the peak memory is that of the whole process. */
export async function measureSteps(task: TrainingTask, base: string): Promise<Measurement> {
  const { config, weights } = openBase(base, task);
  const targets = task.targets === 'qv' ? ['q_proj', 'v_proj'] : ['all-linear'];
  const lora = { r: task.r, alpha: 2 * task.r, dropout: 0, targetModules: targets };
  const modules = linearModules(config).filter(({ module }) => isTarget(module, targets));
  const parameters = [...initializeLora(modules, task.r, createRandom(task.seed))].map(([name, tensor]): Parameter => ({
    name,
    ...tensor,
  }));
  const engine = createOnnxRuntimeEngine({ device: 'cpu', threads: task.threads, prepack: true });
  const layout = layoutFor(task.tokens, config.vocabulary);
  const training = { method: 'lora' as const, lora };
  const session = await createTrainingSession(
    { engine, weights, config, training, memory: task.memory, ...layout },
    parameters,
  );
  const stepSeconds: number[] = [];
  const losses: number[] = [];
  await trainingLoop({
    settings: settingsOf(task),
    examples: taskExamples(task, config.vocabulary),
    collate: createCollator({ config, padId: 0, ...layout }),
    session,
    parameters,
    optimizer: createOptimizerState(parameters),
    evaluate: undefined,
    save: () => undefined,
    report: (event) => {
      if (event.type !== 'metrics') return;
      losses.push(event.loss ?? NaN);
      stepSeconds.push((task.batchSize * task.tokens) / event.tokensPerSecond);
    },
    stopRequested: () => false,
    now: () => performance.now(),
    memoryBytes: () => process.memoryUsage.rss(),
  });
  await session.dispose();
  const measured = stepSeconds.slice(task.warmup);
  return {
    tokensPerSecond: (task.batchSize * task.tokens) / median(measured),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    stepSeconds: measured,
    losses,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** As the peer is set: AdamW without decay, 1e-4 falling linearly from the first step, clipped at 1. */
function settingsOf(task: TrainingTask): Parameters<typeof trainingLoop>[0]['settings'] {
  const parsed = parseSettings({
    max_length: task.tokens,
    batch_size: task.batchSize,
    gradient_accumulation_steps: 1,
    learning_rate: 1e-4,
    warmup_steps: 0,
    max_steps: task.warmup + task.steps,
    seed: task.seed,
  });
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => problem.message).join(' '));
  return resolveDefaults(parsed.settings, {
    stepsPerEpoch: task.warmup + task.steps,
    physicalCores: task.threads,
    name: 'bench',
  });
}

function openBase(folder: string, { method, memory, precision }: TrainingTask) {
  const file = join(folder, 'config.json');
  const config = readDecoderConfig(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>, file);
  const { path, tensors } = readSafetensorsHeader(join(folder, 'model.safetensors'));
  const readTensor = (name: string) => readFloats(requireTensor({ path, tensors }, name));
  const inPlace = (name: string, type = 'F32') => {
    const tensor = requireTensor({ path, tensors }, name);
    return tensor.dtype === type ? tensor : undefined;
  };
  const kept = { memory, precision, device: 'cpu', bnb_4bit_use_double_quant: true } as const;
  const formOf = weightForms(config, { ...kept, method: method === 'qlora' ? method : 'lora' }, { tensors });
  const scratch = join(folder, 'weights.scratch');
  const locations = materializeWeights({ path, tensors, readTensor, inPlace }, tensors.keys(), scratch, { formOf });
  return { config, weights: { location: (name: string) => locations.get(name)! } };
}
