/** A training run from its settings to its result: load, tokenise, compile, train, export. */
import { mkdirSync, rmSync } from 'node:fs';
import { arch, platform, release } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../common/failure';
import { createRandom } from '../common/random';
import { modelCard, writeAdapter } from '../export/peft';
import { initializeLora, isTarget } from './adapters/lora';
import { checkBase, locateWeights } from './base';
import { createCollator, planEpoch, planEvaluation } from './batches';
import { pruneCheckpoints, readBest, removeLaterCheckpoints, restoreCheckpoint, writeCheckpoint } from './checkpoint';
import { physicalCores } from './cores';
import { loadData } from './data';
import type { Engine } from './engines/engine';
import { createOnnxRuntimeEngine, onnxRuntimeVersion } from './engines/onnxruntime';
import { createReferenceEngine } from './engines/reference';
import { evaluateBatches } from './evaluate';
import { type LoopResult, trainingLoop } from './loop';
import { type Training, linearModules } from './models/decoder';
import { type Parameter, createOptimizerState } from './optimizer';
import { preflight } from './preflight/preflight';
import type { EventBody, PhaseName } from './protocol';
import { type ResumeRequest, chooseCheckpoint, requestedSettings, requireSameInputs } from './resume';
import { type RunFile, type RunFolder, updateRunFile } from './run-folder';
import { createEvaluationSession, createTrainingSession, layoutFor } from './session';
import { type ResolvedSettings, type Settings, parseSettings, resolveDefaults } from './settings';
import { type BaseModel, openBaseModel } from './weights/base-model';
import { writeFileAtomically } from './weights/files';
import { saveHuggingFaceModel } from './weights/save-model';

export type Report = (event: EventBody) => void;

/** Reports everything as events, the last one `completed` or `stopped`. Problems are thrown, mostly as a Failure. */
export async function trainRun(
  folder: RunFolder & { readonly run: RunFile },
  report: Report,
  stopRequested: () => boolean,
  resume?: ResumeRequest,
): Promise<void> {
  const started = performance.now();
  const phase = createPhases(report);
  const checkpoint = resume && chooseCheckpoint(folder, resume);
  const settings = requireSettings(resume ? requestedSettings(folder.run, resume, checkpoint) : folder.run.requested);
  const scratch = join(folder.path, 'weights.f32');
  try {
    const base = phase('load', () => openBaseModel(settings.model!));
    const checked = checkBase(base, settings);
    const { config, tensors } = checked;
    const data = phase('tokenize', () =>
      loadData(settings, checked, (done, total) =>
        report({ type: 'progress', phase: 'tokenize', done, total, unit: 'records' }),
      ),
    );
    const hashes = { model: base.hash(), ...data.hashes };
    if (resume && folder.run.hashes) requireSameInputs(folder.run.hashes, hashes, { ...settings }, resume.force ?? []);
    const plan = { ...planOf(settings), seed: settings.seed };
    const batchesPerEpoch = planEpoch(data.train, plan, 0).length;
    const stepsPerEpoch = Math.ceil(batchesPerEpoch / settings.gradient_accumulation_steps);
    const resolved = resolveDefaults(settings, {
      stepsPerEpoch,
      physicalCores: physicalCores(),
      name: folder.run.name,
    });
    const { warnings, forced } = preflight({ settings: resolved, base: checked, data });
    for (const warning of warnings) report({ type: 'warning', ...warning });
    const parameters = createParameters(base, resolved, checked);
    const count = (shapes: readonly { readonly shape: readonly number[] }[]): number =>
      shapes.reduce((sum, { shape }) => sum + shape.reduce((n, d) => n * d, 1), 0);
    const optimizer = createOptimizerState(parameters);
    if (checkpoint) restoreCheckpoint(checkpoint, parameters, optimizer);
    const from = checkpoint && { progress: checkpoint.progress, best: readBest(checkpoint, parameters) };
    updateRunFile(folder, {
      settings: { ...resolved },
      hashes,
      versions: {
        node: process.version,
        onnxruntime: onnxRuntimeVersion(),
        platform: `${platform()} ${release()} ${arch()}`,
      },
      model: { path: base.path, kind: base.kind, family: config.family, parameters: count(tensors) },
      data: data.facts,
      ...(forced.length > 0 && { forced }),
    });
    const engine = createEngine(resolved, true);
    // Before the log says that the steps after this one are void: both must go together.
    mkdirSync(folder.checkpoints, { recursive: true });
    const later = removeLaterCheckpoints(folder.checkpoints, from?.progress.step ?? 0);
    report({
      type: 'started',
      run: folder.path,
      ...(resume && { resumedFrom: from?.progress.step ?? 0 }),
      name: resolved.name,
      settings: { ...resolved },
      engine: engine.name,
      device: engine.device,
      totalSteps: resolved.max_steps,
      stepsPerEpoch,
      trainExamples: data.train.length,
      validationExamples: data.validation.length,
      baseParameters: count(tensors),
      trainableParameters: count(parameters),
    });
    if (later.length > 0) report({ type: 'warning', ...laterWarning(later) });

    const layout = layoutFor(longest(data.train, data.validation, resolved), config.vocabulary);
    const collate = createCollator({ config, padId: checked.padId, ...layout });
    const training = trainingOf(resolved);
    const [session, evaluation] = await phase('compile', async () => {
      const weights = resolved.method === 'full' ? NO_WEIGHTS : locateWeights(base, tensors, scratch);
      const options = { engine, weights, config, training, ...layout };
      const trainer = await createTrainingSession(options, parameters);
      // The evaluation reads the weights where they are mapped: a second packed copy would cost more than it gains.
      const evaluator =
        data.validation.length > 0
          ? await createEvaluationSession({ ...options, engine: createEngine(resolved, false) }, parameters)
          : undefined;
      return [trainer, evaluator] as const;
    });
    // Mapped weights outlive their name, except on Windows, which refuses to remove them.
    if (platform() !== 'win32') rmSync(scratch, { force: true });

    const validation = planEvaluation(data.validation, resolved.batch_size * 2);
    const result = await phase('train', () =>
      trainingLoop({
        settings: resolved,
        examples: data.train,
        resume: from,
        collate,
        session,
        parameters,
        optimizer,
        evaluate:
          evaluation &&
          (() =>
            evaluateBatches(evaluation, validation, collate, (done) =>
              report({ type: 'progress', phase: 'evaluate', done, total: validation.length, unit: 'batches' }),
            )),
        save: (progress, best) => {
          const saved = writeCheckpoint(folder.checkpoints, parameters, optimizer, progress);
          pruneCheckpoints(folder.checkpoints, resolved.save_total_limit);
          report({ type: 'checkpoint', step: progress.step, path: saved, best });
        },
        report,
        stopRequested,
        now: () => performance.now(),
        memoryBytes: () => process.memoryUsage.rss(),
      }),
    );
    const adapter =
      result.step === 0
        ? null
        : phase('export', () =>
            exportResult(folder, parameters, result, {
              base,
              settings: resolved,
              hashes,
              trainExamples: data.train.length,
            }),
          );
    await session.dispose();
    await evaluation?.dispose();
    if (result.outcome === 'stopped') {
      const checkpoint =
        result.step === 0 ? null : join(folder.checkpoints, `step-${String(result.step).padStart(6, '0')}`);
      report({ type: 'stopped', step: result.step, checkpoint, adapter });
      return;
    }
    report({
      type: 'completed',
      adapter: adapter!,
      step: result.step,
      seconds: (performance.now() - started) / 1000,
      metrics: {
        loss: result.loss,
        validationLoss: result.bestLoss,
        bestStep: result.bestStep,
        trainedTokens: result.trainedTokens,
        peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      },
    });
  } finally {
    rmSync(scratch, { force: true });
  }
}

/** Weights that are trained are inputs; the base then has nothing to look up. */
const NO_WEIGHTS = {
  location: (name: string): never => {
    throw new Error(`${name} is trained, not looked up.`);
  },
};

type PhaseRunner = <T>(name: PhaseName, work: () => T) => T;

function createPhases(report: Report): PhaseRunner {
  return (name, work) => {
    const begun = performance.now();
    report({ type: 'phase', phase: name, state: 'begin' });
    const end = (): void =>
      report({ type: 'phase', phase: name, state: 'end', seconds: (performance.now() - begun) / 1000 });
    const result = work();
    if (result instanceof Promise) return result.then((value: unknown) => (end(), value)) as typeof result;
    end();
    return result;
  };
}

function requireSettings(requested: Readonly<Record<string, unknown>>): Settings {
  const parsed = parseSettings(requested);
  const problems = parsed.ok
    ? [
        ...(parsed.settings.model === null ? ['No base model is named.'] : []),
        ...(parsed.settings.train_file === null ? ['No training data is named.'] : []),
      ]
    : parsed.problems.map((problem) => problem.message);
  if (parsed.ok && problems.length === 0) return parsed.settings;
  throw new Failure('bad-settings', problems.join(' '), 'Correct the settings and start again.', 2);
}

function laterWarning(steps: readonly number[]): { code: string; message: string; hint: string } {
  return {
    code: 'later-checkpoints',
    message: `The run goes on from an earlier checkpoint; those of step ${steps.join(', ')} are removed.`,
    hint: 'They are made again.',
  };
}

function planOf(settings: Settings): { batchSize: number; packing: boolean; maxLength: number } {
  return { batchSize: settings.batch_size, packing: settings.packing, maxLength: settings.max_length };
}

function longest(
  train: readonly { readonly tokens: Int32Array }[],
  validation: readonly { readonly tokens: Int32Array }[],
  settings: Settings,
): number {
  if (settings.packing) return settings.max_length;
  return [...train, ...validation].reduce((max, { tokens }) => Math.max(max, tokens.length), 0);
}

function trainingOf(settings: ResolvedSettings): Training {
  if (settings.method === 'full') return { method: 'full' };
  const { r, lora_alpha, lora_dropout, target_modules } = settings;
  return { method: 'lora', lora: { r, alpha: lora_alpha, dropout: lora_dropout, targetModules: target_modules } };
}

function createParameters(
  base: BaseModel,
  settings: ResolvedSettings,
  { config, tensors }: Pick<ReturnType<typeof checkBase>, 'config' | 'tensors'>,
): Parameter[] {
  if (settings.method === 'full')
    return tensors.map(({ name, shape }) => ({ name, shape, data: base.readTensor(name) }));
  const modules = linearModules(config).filter(({ module }) => isTarget(module, settings.target_modules));
  return [...initializeLora(modules, settings.r, createRandom(settings.seed))].map(([name, tensor]) => ({
    name,
    ...tensor,
  }));
}

function createEngine(settings: ResolvedSettings, prepack: boolean): Engine {
  if (settings.engine === 'reference') return createReferenceEngine();
  return createOnnxRuntimeEngine({ device: settings.device, threads: settings.threads, prepack });
}

/** The weights of the best evaluation where there was one; the last ones without validation or when the run was stopped. */
function exportResult(
  folder: RunFolder,
  parameters: readonly Parameter[],
  result: LoopResult,
  facts: { base: BaseModel; settings: ResolvedSettings; hashes: Record<string, string>; trainExamples: number },
): string {
  const { step, loss, bestLoss } = result;
  const completed = result.outcome === 'completed';
  const best = completed ? result.best : undefined;
  const bestStep = completed ? result.bestStep : null;
  const kept = parameters.map((p) => ({ ...p, data: best?.get(p.name) ?? p.data }));
  const card = { ...facts, step: bestStep ?? step, loss, validationLoss: bestLoss };
  if (facts.settings.method === 'lora') {
    writeAdapter(folder.adapter, kept, card);
    return folder.adapter;
  }
  const model = join(folder.path, 'model');
  saveHuggingFaceModel(model, facts.base, new Map(kept.map(({ name, data }) => [name, data])), 'F32');
  const text = Buffer.from(modelCard(card));
  writeFileAtomically(join(model, 'README.md'), text.length, (write) => write(text));
  return model;
}
