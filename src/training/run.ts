/** A training run from its settings to its result: load, tokenise, compile, train, export. */
import { mkdirSync, rmSync } from 'node:fs';
import { arch, platform, release } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../common/failure';
import { modelIdText } from '../hub/model-id';
import { type Adapter, readAdapter } from '../export/read-adapter';
import { otherBaseWarning } from './adapter-start';
import { checkBase, locateWeights, weightForms } from './base';
import { batchPlan, createCollator, longestRow, paddingShare, planEpoch, planEvaluation } from './batches';
import {
  checkpointPath,
  pruneCheckpoints,
  removeLaterCheckpoints,
  restoreCheckpoint,
  writeCheckpoint,
} from './checkpoint';
import { physicalCores } from './cores';
import { loadData } from './data';
import { chooseDevice, otherDeviceWarning } from './devices/choose-device';
import { monitorDevice } from './devices/monitor';
import { createEngine } from './engines/create-engine';
import { onnxRuntimeVersion } from './engines/onnxruntime';
import { evaluateBatches } from './evaluate';
import { exportResult } from './export-result';
import { chooseMemory, freeBytes, memoryQuestion } from './memory/choose-memory';
import { type Pause, trainingLoop } from './loop';
import { createOptimizerState } from './optimizer';
import { createParameters, trainingOf } from './parameters';
import { createPhases } from './phases';
import { preflight } from './preflight/preflight';
import { loadReferences } from './references';
import type { EventBody } from './protocol';
import { type ResumeRequest, chooseCheckpoint, requestedSettings, requireSameInputs, resumePoint } from './resume';
import { type RunFile, type RunFolder, updateRunFile } from './run-folder';
import { createEvaluationSession, createTrainingSession, layoutFor } from './session';
import { type Settings, parseSettings, resolveDefaults } from './settings';
import { openBaseModel, sharedName } from './weights/base-model';

export type Report = (event: EventBody) => void;

/** Reports everything as events, the last one `completed` or `stopped`. Problems are thrown, mostly as a Failure. */
export async function trainRun(
  folder: RunFolder & { readonly run: RunFile },
  report: Report,
  stopRequested: () => boolean,
  resume?: ResumeRequest,
  pause?: Pause,
): Promise<void> {
  const started = performance.now();
  const phase = createPhases(report);
  const checkpoint = resume && chooseCheckpoint(folder, resume);
  const settings = requireSettings(resume ? requestedSettings(folder.run, resume, checkpoint) : folder.run.requested);
  const scratch = join(folder.path, 'weights.f32');
  try {
    const base = phase('load', () => openBaseModel(settings.model!));
    // An id with its commit: a resumed run trains the same weights, whatever the branch is then.
    const model = base.hub ? modelIdText(base.hub) : settings.model;
    const checked = checkBase(base, settings);
    const { config, tensors } = checked;
    // A checkpoint holds what has become of it.
    const startAdapter = checkpoint ? undefined : givenAdapter(settings);
    const data = phase('tokenize', () =>
      loadData(settings, checked, (done, total) =>
        report({ type: 'progress', phase: 'tokenize', done, total, unit: 'records' }),
      ),
    );
    const hashes = { model: base.hash(), ...data.hashes };
    if (resume && folder.run.hashes) requireSameInputs(folder.run.hashes, hashes, { ...settings }, resume.force ?? []);
    const firstEpoch = planEpoch(data.train, batchPlan(settings), 0);
    const stepsPerEpoch = Math.ceil(firstEpoch.length / settings.gradient_accumulation_steps);
    const begunOn = checkpoint && folder.run.settings?.['device']?.toString();
    const chosen = await chooseDevice(settings, begunOn);
    const moved = begunOn !== undefined && begunOn !== chosen.device;
    if (moved) report({ type: 'warning', ...otherDeviceWarning(begunOn, chosen) });
    const numbers = resolveDefaults(settings, {
      stepsPerEpoch,
      physicalCores: physicalCores(),
      name: folder.run.name,
      targetModules: startAdapter?.lora.targetModules ?? checked.targetModules,
    });
    const length = longestRow([...data.train, ...data.validation], batchPlan(settings));
    const layout = layoutFor(length, config.vocabulary);
    const question = memoryQuestion(config, numbers, data.train, { length, ...layout });
    // What was chosen for a GPU may not fit beside a processor.
    const memorySetting = moved ? requireSettings(folder.run.requested).memory : settings.memory;
    const { memory, reason: memoryReason } = chooseMemory(memorySetting, chosen.device, question, freeBytes());
    const resolved = { ...numbers, model, device: chosen.device, memory };
    const { warnings, forced } = preflight({ settings: resolved, base: checked, data });
    for (const warning of warnings) report({ type: 'warning', ...warning });
    const otherBase = startAdapter && otherBaseWarning(startAdapter, sharedName(base));
    if (otherBase) report({ type: 'warning', ...otherBase });
    const parameters = createParameters(base, resolved, checked, startAdapter);
    const count = (shapes: readonly { readonly shape: readonly number[] }[]): number =>
      shapes.reduce((sum, { shape }) => sum + shape.reduce((n, d) => n * d, 1), 0);
    const optimizer = createOptimizerState(parameters);
    if (checkpoint) restoreCheckpoint(checkpoint, parameters, optimizer);
    const from = checkpoint && resumePoint(checkpoint, parameters, resume);
    updateRunFile(folder, {
      settings: { ...resolved },
      hashes,
      versions: {
        node: process.version,
        onnxruntime: onnxRuntimeVersion(),
        platform: `${platform()} ${release()} ${arch()}`,
      },
      model: { path: base.path, ...base.hub, kind: base.kind, family: config.family, parameters: count(tensors) },
      data: data.facts,
      forced,
      device: { name: chosen.device, reason: chosen.reason ?? null },
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
      ...(chosen.reason !== undefined && { deviceReason: chosen.reason }),
      ...(memoryReason !== undefined && { memoryReason }),
      totalSteps: resolved.max_steps,
      stepsPerEpoch,
      paddingShare: paddingShare(firstEpoch),
      trainExamples: data.train.length,
      validationExamples: data.validation.length,
      baseParameters: count(tensors),
      trainableParameters: count(parameters),
    });
    if (later.length > 0) report({ type: 'warning', ...laterWarning(later) });

    const collation = { config, padId: checked.padId, ...layout };
    const training = trainingOf(resolved);
    const [session, evaluation, options] = await phase('compile', async () => {
      const weights =
        resolved.method === 'full'
          ? NO_WEIGHTS
          : locateWeights(base, tensors, scratch, {
              formOf: weightForms(config, resolved, base),
              onProgress: (done, total) =>
                report({ type: 'progress', phase: 'compile', done, total, unit: 'weights converted' }),
            });
      const { neftune_noise_alpha: neftuneAlpha, label_smoothing_factor: labelSmoothing } = resolved;
      const beta = resolved.objective === 'dpo' ? resolved.beta : undefined;
      const options = { engine, weights, config, training, neftuneAlpha, labelSmoothing, beta, memory, ...layout };
      const trainer = await createTrainingSession(options, parameters);
      // The evaluation reads the weights where they are mapped: a second packed copy would cost more than it gains.
      const evaluator =
        data.validation.length > 0
          ? await createEvaluationSession({ ...options, engine: createEngine(resolved, false) }, parameters)
          : undefined;
      return [trainer, evaluator, options] as const;
    });
    const references =
      resolved.objective === 'dpo'
        ? await phase('reference', () =>
            loadReferences({
              file: join(folder.path, 'reference.json'),
              hashes: { ...hashes, method: resolved.method },
              examples: [...data.train, ...data.validation],
              batchSize: resolved.batch_size,
              collate: createCollator(collation),
              open: () =>
                createEvaluationSession(
                  { ...options, engine: createEngine(resolved, false) },
                  checkpoint ? createParameters(base, resolved, checked, givenAdapter(settings)) : parameters,
                ),
              onProgress: (done, total) =>
                report({ type: 'progress', phase: 'reference', done, total, unit: 'batches' }),
              stopRequested,
            }),
          )
        : undefined;
    const collate = createCollator({ ...collation, references });
    // Mapped weights outlive their name, except on Windows, which refuses to remove them.
    if (platform() !== 'win32') rmSync(scratch, { force: true });

    const validation = planEvaluation(
      data.validation,
      resolved.objective === 'dpo' ? resolved.batch_size : resolved.batch_size * 2,
    );
    const monitor = monitorDevice(resolved.device);
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
            evaluateBatches(evaluation, validation, collate, resolved.beta, (done) =>
              report({ type: 'progress', phase: 'evaluate', done, total: validation.length, unit: 'batches' }),
            )),
        save: (progress, best) => {
          const saved = writeCheckpoint(folder.checkpoints, parameters, optimizer, progress);
          pruneCheckpoints(folder.checkpoints, resolved.save_total_limit);
          report({ type: 'checkpoint', step: progress.step, path: saved, best });
        },
        report: (event) => report(event.type === 'metrics' ? { ...event, ...monitor.latest() } : event),
        stopRequested,
        pause,
        now: () => performance.now(),
        memoryBytes: () => process.memoryUsage.rss(),
      }),
    ).finally(() => monitor.stop());
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
      const kept = result.step === 0 ? null : checkpointPath(folder.checkpoints, result.step);
      report({ type: 'stopped', step: result.step, checkpoint: kept, adapter });
      return;
    }
    report({
      type: 'completed',
      adapter: adapter!,
      step: result.step,
      ...(result.outcome === 'early' && { stoppedEarly: true }),
      seconds: (performance.now() - started - result.pausedMs) / 1000,
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

function givenAdapter({ adapter }: Settings): Adapter | undefined {
  return adapter === null ? undefined : readAdapter(adapter);
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
