import type { Failure } from '../common/failure';
import type { FailedEvent, CompletedEvent, PhaseName, StoppedEvent, TrainerEvent } from '../training/protocol';

type ProgressState =
  'starting' | 'training' | 'pausing' | 'paused' | 'stopping' | 'completed' | 'stopped' | 'failed' | 'interrupted';

/** Where a run stands: what the status bar and the notification show. Made from its events, one by one. */
export interface RunProgress {
  readonly name: string;
  readonly state: ProgressState;
  /** The phase at work, and how much of it is done where that is known. */
  readonly phase: PhaseName | undefined;
  readonly part: { readonly done: number; readonly total: number; readonly unit: string } | undefined;
  readonly step: number;
  /** 0 until the run has said it. */
  readonly totalSteps: number;
  /** The last finite training loss. */
  readonly loss: number | undefined;
  readonly validationLoss: number | undefined;
  readonly secondsLeft: number | undefined;
  /** Highest resident memory of the trainer so far. */
  readonly peakMemoryBytes: number;
  /** Step and folder of the newest checkpoint. */
  readonly checkpoint: { readonly step: number; readonly path: string } | undefined;
  readonly final: CompletedEvent | StoppedEvent | FailedEvent | undefined;
  /** Why a trainer without a last event is gone, where that is known. */
  readonly lost: Failure | undefined;
}

export function newProgress(name: string): RunProgress {
  return {
    name,
    state: 'starting',
    phase: undefined,
    part: undefined,
    step: 0,
    totalSteps: 0,
    loss: undefined,
    validationLoss: undefined,
    secondsLeft: undefined,
    peakMemoryBytes: 0,
    checkpoint: undefined,
    final: undefined,
    lost: undefined,
  };
}

/** The progress after one more event. */
export function advance(progress: RunProgress, event: TrainerEvent): RunProgress {
  switch (event.type) {
    case 'started':
      // A resumed run goes on in the same log, after the last event of its first part.
      return {
        ...progress,
        name: event.name,
        totalSteps: event.totalSteps,
        step: event.resumedFrom ?? progress.step,
        state: progress.state === 'stopping' || progress.state === 'pausing' ? progress.state : 'starting',
        final: undefined,
      };
    case 'phase':
      if (event.state === 'begin') return { ...progress, phase: event.phase, part: undefined };
      return event.phase === progress.phase
        ? { ...progress, phase: progress.step > 0 ? 'train' : undefined, part: undefined }
        : progress;
    case 'progress': {
      const part = { done: event.done, total: event.total, unit: event.unit };
      return { ...progress, phase: event.phase, part };
    }
    case 'metrics':
      return {
        ...progress,
        state: progress.state === 'starting' ? 'training' : progress.state,
        phase: 'train',
        part: undefined,
        step: event.step,
        loss: event.loss ?? progress.loss,
        secondsLeft: event.secondsLeft,
        peakMemoryBytes: Math.max(event.memoryBytes, progress.peakMemoryBytes),
      };
    case 'evaluation':
      return { ...progress, validationLoss: event.loss ?? progress.validationLoss };
    case 'checkpoint':
      return { ...progress, checkpoint: { step: event.step, path: event.path } };
    case 'warning':
    case 'evaluated':
      return progress;
    case 'paused':
      return { ...progress, state: progress.state === 'stopping' ? 'stopping' : 'paused' };
    case 'continued':
      return { ...progress, state: progress.state === 'stopping' ? 'stopping' : 'training' };
    case 'completed':
    case 'stopped':
      return { ...progress, state: event.type, step: event.step, phase: undefined, part: undefined, final: event };
    case 'failed':
      return { ...progress, state: 'failed', phase: undefined, part: undefined, final: event };
    default:
      return event satisfies never;
  }
}

/** Whether a trainer is still at work, or waits. */
export function isLive({ state }: Pick<RunProgress, 'state'>): boolean {
  return ['starting', 'training', 'pausing', 'paused', 'stopping'].includes(state);
}
