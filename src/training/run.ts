/** A training run from its settings to its result: plan, record, compile, train, export. */
import { mkdirSync, rmSync } from 'node:fs';
import { arch, platform, release } from 'node:os';
import { join } from 'node:path';
import { createCollator } from './batches';
import {
  type Checkpoint,
  checkpointPath,
  pruneCheckpoints,
  removeLaterCheckpoints,
  restoreCheckpoint,
  writeCheckpoint,
} from './checkpoint';
import { monitorDevice } from './devices/monitor';
import { createEngine } from './engines/create-engine';
import type { Engine } from './engines/engine';
import { onnxRuntimeVersion } from './engines/onnxruntime';
import { exportResult } from './export-result';
import { type LoopOptions, type LoopResult, type Pause, type ResumePoint, trainingLoop } from './loop';
import { type OptimizerState, type Parameter, createOptimizerState } from './optimizer';
import { createParameters } from './parameters';
import { createPhases } from './phases';
import { type RunPlan, planRun } from './plan-run';
import type { References } from './preference';
import type { EventBody } from './protocol';
import { type ResumeRequest, chooseCheckpoint, resumePoint } from './resume';
import { evaluationOf } from './run-evaluation';
import { type RunFile, type RunFolder, updateRunFile } from './run-folder';
import { type RunSessions, openSessions, referencesOf } from './run-sessions';

export type Report = (event: EventBody) => void;

/** Reports everything as events, the last one `completed` or `stopped`. Problems are thrown, mostly as a Failure. */
export async function trainRun(
  folder: RunFolder & { readonly run: RunFile },
  report: Report,
  stopRequested: () => boolean,
  resume?: ResumeRequest,
  pause?: Pause,
): Promise<void> {
  /** Stands still in a pause. */
  const now = (): number => performance.now() - (pause?.waited() ?? 0);
  const started = now();
  const phase = createPhases(report, now);
  const checkpoint = resume && chooseCheckpoint(folder, resume);
  const scratch = join(folder.path, 'weights.f32');
  try {
    const plan = await planRun(folder.run, report, phase, resume, checkpoint);
    const { base, checked, data, hashes, settings } = plan;
    const state = startingState(plan, checkpoint, resume);
    const { parameters } = state;
    recordPlan(folder, plan);
    const engine = createEngine(settings, true);
    announce(folder, plan, engine, state, resume !== undefined, report);

    const sessions = await phase('compile', () => openSessions(plan, engine, parameters, scratch, report));
    const atStart = (): readonly Parameter[] => (checkpoint ? parametersAtStart(plan) : parameters);
    const references =
      settings.objective === 'dpo'
        ? await phase('reference', () =>
            referencesOf(plan, sessions.options, atStart, folder.path, report, stopRequested),
          )
        : undefined;
    // Mapped weights outlive their name, except on Windows, which refuses to remove them.
    if (platform() !== 'win32') rmSync(scratch, { force: true });

    const control = { stopRequested, pause, now };
    const result = await phase('train', () => train(folder, plan, state, sessions, references, control, report));
    const facts = { base, checked, settings, hashes, trainExamples: data.train.length };
    const adapter =
      result.step === 0 ? null : await phase('export', () => exportResult(folder, parameters, result, facts));
    await sessions.session.dispose();
    await sessions.evaluation?.dispose();
    report(finalEvent(folder, result, adapter, (now() - started) / 1000));
  } finally {
    rmSync(scratch, { force: true });
  }
}

/** What is trained, and how far it is. */
interface TrainingState {
  readonly parameters: readonly Parameter[];
  readonly optimizer: OptimizerState;
  /** `undefined` at the beginning. */
  readonly from: ResumePoint | undefined;
}

function startingState(plan: RunPlan, checkpoint: Checkpoint | undefined, resume: ResumeRequest = {}): TrainingState {
  const { base, settings, checked } = plan;
  const parameters = checkpoint ? createParameters(base, settings, checked) : parametersAtStart(plan);
  const optimizer = createOptimizerState(parameters);
  if (!checkpoint) return { parameters, optimizer, from: undefined };
  restoreCheckpoint(checkpoint, parameters, optimizer);
  return { parameters, optimizer, from: resumePoint(checkpoint, parameters, resume) };
}

function parametersAtStart({ base, settings, checked, startingAdapter }: RunPlan): readonly Parameter[] {
  return createParameters(base, settings, checked, startingAdapter());
}

function recordPlan(folder: RunFolder, { base, checked, data, hashes, settings, device, forced }: RunPlan): void {
  updateRunFile(folder, {
    settings: { ...settings },
    hashes,
    versions: {
      node: process.version,
      onnxruntime: onnxRuntimeVersion(),
      platform: `${platform()} ${release()} ${arch()}`,
    },
    model: {
      path: base.path,
      ...base.hub,
      kind: base.kind,
      family: checked.config.family,
      parameters: countNumbers(checked.tensors),
    },
    data: data.facts,
    forced,
    device: { name: device.device, reason: device.reason ?? null },
  });
}

/** The log says that a run has started, or that a resumed one goes on and the steps after its checkpoint are void. */
function announce(
  folder: RunFolder,
  plan: RunPlan,
  engine: Engine,
  { parameters, from }: TrainingState,
  resumed: boolean,
  report: Report,
): void {
  const { settings, checked, data, device, memory, stepsPerEpoch, paddingShare } = plan;
  // Before the log says that the steps after this one are void: both must go together.
  mkdirSync(folder.checkpoints, { recursive: true });
  const later = removeLaterCheckpoints(folder.checkpoints, from?.progress.step ?? 0);
  report({
    type: 'started',
    run: folder.path,
    ...(resumed && { resumedFrom: from?.progress.step ?? 0 }),
    name: settings.name,
    settings: { ...settings },
    engine: engine.name,
    device: engine.device,
    ...(device.reason !== undefined && { deviceReason: device.reason }),
    ...(memory.reason !== undefined && { memoryReason: memory.reason }),
    memoryEstimate: { ...memory.estimate },
    totalSteps: settings.max_steps,
    stepsPerEpoch,
    paddingShare,
    trainExamples: data.train.length,
    validationExamples: data.validation.length,
    baseParameters: countNumbers(checked.tensors),
    trainableParameters: countNumbers(parameters),
  });
  if (later.length > 0)
    report({
      type: 'warning',
      code: 'later-checkpoints',
      message: `The run goes on from an earlier checkpoint; those of step ${later.join(', ')} are removed.`,
      hint: 'They are made again.',
    });
}

function countNumbers(tensors: readonly { readonly shape: readonly number[] }[]): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((n, d) => n * d, 1), 0);
}

/** The steps, with their evaluations and checkpoints. */
function train(
  folder: RunFolder,
  plan: RunPlan,
  { parameters, optimizer, from }: TrainingState,
  { session, evaluation }: RunSessions,
  references: References | undefined,
  control: Pick<LoopOptions, 'stopRequested' | 'pause' | 'now'>,
  report: Report,
): Promise<LoopResult> {
  const { checked, data, settings, layout } = plan;
  const { config, padId } = checked;
  const collate = createCollator({ config, padId, ...layout, references });
  const monitor = monitorDevice(settings.device);
  return trainingLoop({
    ...control,
    settings,
    examples: data.train,
    resume: from,
    collate,
    session,
    parameters,
    optimizer,
    evaluate: evaluation && evaluationOf(plan, evaluation, collate, control, report),
    save: (progress, best) => {
      const saved = writeCheckpoint(folder.checkpoints, parameters, optimizer, progress);
      pruneCheckpoints(folder.checkpoints, settings.save_total_limit);
      report({ type: 'checkpoint', step: progress.step, path: saved, best });
    },
    report: (event) => report(event.type === 'metrics' ? { ...event, ...monitor.latest() } : event),
    memoryBytes: () => process.memoryUsage.rss(),
  }).finally(() => monitor.stop());
}

/** @param adapter what was exported; `null` where no step was made */
function finalEvent(folder: RunFolder, result: LoopResult, adapter: string | null, seconds: number): EventBody {
  if (result.outcome === 'stopped') {
    const kept = result.step === 0 ? null : checkpointPath(folder.checkpoints, result.step);
    return { type: 'stopped', step: result.step, checkpoint: kept, adapter };
  }
  return {
    type: 'completed',
    adapter: adapter!,
    step: result.step,
    ...(result.outcome === 'early' && { stoppedEarly: true }),
    seconds,
    metrics: {
      loss: result.loss,
      validationLoss: result.bestLoss,
      bestStep: result.bestStep,
      trainedTokens: result.trainedTokens,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    },
  };
}
