/**
 * What crosses the border of a trainer process: one JSON object a line. Commands go in (stdin or the control
 * socket), events come out (stdout, every connected socket, and `events.jsonl` in the run folder, in the same order).
 * The log and the protocol are the same thing, so whoever reads the run folder later misses nothing.
 */

export const PROTOCOL_VERSION = 1;

/** Asks the trainer to finish the step, save a checkpoint and end with `stopped`. */
export interface StopCommand {
  readonly type: 'stop';
}
/** Asks the trainer to finish the step, save a checkpoint and wait, with all that it has in memory. */
export interface PauseCommand {
  readonly type: 'pause';
}
/** Ends a pause, or takes back the request for one. */
export interface ContinueCommand {
  readonly type: 'continue';
}
export type TrainerCommand = StopCommand | PauseCommand | ContinueCommand;

/** First line on the control socket. A wrong token closes the connection. */
export interface AttachMessage {
  readonly type: 'attach';
  readonly token: string;
}
/** Answer to a right token: proves that this process really is the trainer of the run. */
export interface AttachedMessage {
  readonly type: 'attached';
  readonly run: string;
  readonly processId: number;
}

/**
 * Of preference training (DPO), means over the pairs; TRL logs them as rewards/chosen and so on. The reward of an
 * answer is β times what its log-probability has gained since the start.
 */
export interface Rewards {
  readonly chosen: number;
  readonly rejected: number;
  /** Chosen minus rejected. */
  readonly margins: number;
  /** Share of the pairs whose chosen answer has the higher reward. */
  readonly accuracies: number;
}

/**
 * One optimiser step. `loss` is the mean negative log-likelihood over the trained tokens of the whole window, or with
 * DPO the mean over its pairs.
 */
export interface MetricRecord {
  readonly step: number;
  /** Fraction of epochs done, for example 1.25. */
  readonly epoch: number;
  /** `null` when the loss was not finite; charts break the line there. */
  readonly loss: number | null;
  readonly learningRate: number;
  /** Global norm before clipping. */
  readonly gradientNorm: number | null;
  /** All real tokens (padding excluded) per second of this step. */
  readonly tokensPerSecond: number;
  /** Trained (labelled) tokens since the start of the run. */
  readonly trainedTokens: number;
  /** Resident memory of the trainer process. */
  readonly memoryBytes: number;
  readonly rewards?: Rewards;
  /** Memory of the GPU that is in use, by whatever program, where it can be read. */
  readonly deviceMemoryBytes?: number;
  /** Share of time that the GPU was at work lately, 0 to 1. */
  readonly deviceUtilization?: number;
}

interface Base<T extends string> {
  readonly v: typeof PROTOCOL_VERSION;
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly type: T;
}

export type PhaseName =
  'load' | 'tokenize' | 'device' | 'compile' | 'reference' | 'train' | 'evaluate' | 'save' | 'export';

export interface StartedEvent extends Base<'started'> {
  /** Absolute path of the run folder. */
  readonly run: string;
  /** A resumed run goes on after this step; what the log says of later ones is repeated. */
  readonly resumedFrom?: number;
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly engine: string;
  readonly device: string;
  /** Why this one, where it was chosen for the user. */
  readonly deviceReason?: string;
  /** Why this layout (`settings.memory`), where it was chosen for the user. */
  readonly memoryReason?: string;
  /** What the run is expected to take at most, item by item, in bytes; see memory/estimate.ts. */
  readonly memoryEstimate?: Readonly<Record<string, number>>;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  /** Share of the places of the first epoch's batches that hold no token. */
  readonly paddingShare?: number;
  readonly trainExamples: number;
  readonly validationExamples: number;
  /** Numbers of weights: all of the base, and those that are trained. */
  readonly baseParameters: number;
  readonly trainableParameters: number;
}
export interface PhaseEvent extends Base<'phase'> {
  readonly phase: PhaseName;
  readonly state: 'begin' | 'end';
  /** At `end`: how long it took. */
  readonly seconds?: number;
}
export interface ProgressEvent extends Base<'progress'> {
  readonly phase: PhaseName;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly secondsLeft?: number;
}
export interface MetricsEvent extends Base<'metrics'>, MetricRecord {
  /** Estimated seconds until the last step. */
  readonly secondsLeft: number;
}
/** Answers that the model wrote to some of the validation records; see `eval_metrics`. */
export interface AnswerScores {
  /** By the id of the metric, with the unit of its table; `null` where there is no number. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** How many were written. */
  readonly answers: number;
  /** Some of them, the same ones every time. Long texts are cut. */
  readonly samples: readonly AnswerSample[];
}
export interface AnswerSample {
  /** 1-based line of the record in its file. */
  readonly line: number;
  /** The last message before the answer. */
  readonly prompt: string;
  readonly reference: string;
  readonly answer: string;
}

export interface EvaluationEvent extends Base<'evaluation'>, Partial<AnswerScores> {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number | null;
  /** Also null with DPO, whose loss is no likelihood. */
  readonly perplexity: number | null;
  /** Of preference pairs over the chosen answers. */
  readonly tokenAccuracy: number;
  readonly trainedTokens: number;
  readonly rewards?: Rewards;
  /** Whether this is the lowest validation loss so far. */
  readonly best: boolean;
}
export interface CheckpointEvent extends Base<'checkpoint'> {
  readonly step: number;
  readonly path: string;
  readonly best: boolean;
}
export interface WarningEvent extends Base<'warning'> {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}
/** The trainer waits after this step, and lives. A trainer that is killed now has lost nothing. */
export interface PausedEvent extends Base<'paused'> {
  readonly step: number;
}
export interface ContinuedEvent extends Base<'continued'> {
  readonly step: number;
}
export interface CompletedEvent extends Base<'completed'> {
  /** Folder of the adapter (or, with `method: full`, of the merged model). */
  readonly adapter: string;
  readonly step: number;
  /** The validation loss did not improve any more, so that not all steps were made; see `early_stopping_patience`. */
  readonly stoppedEarly?: true;
  /** Without pauses. */
  readonly seconds: number;
  readonly metrics: {
    readonly loss: number | null;
    readonly validationLoss: number | null;
    readonly bestStep: number | null;
    readonly trainedTokens: number;
    readonly peakMemoryBytes: number;
  };
}
export interface StoppedEvent extends Base<'stopped'> {
  readonly step: number;
  readonly checkpoint: string | null;
  readonly adapter: string | null;
}
export interface FailedEvent extends Base<'failed'> {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Problems of the settings exit with 2, everything later with 1. */
  readonly exitCode: 1 | 2;
}

/** After the training: the result was compared with its base, and a report was written. */
export interface EvaluatedEvent extends Base<'evaluated'> {
  /** Of the report. */
  readonly name: string;
  /** Absolute path of the report. */
  readonly report: string;
  /** Values by id of the metric or benchmark; `null` where there is none. */
  readonly base: Readonly<Record<string, number | null>>;
  readonly tuned: Readonly<Record<string, number | null>>;
}

export type TrainerEvent =
  | StartedEvent
  | PhaseEvent
  | ProgressEvent
  | MetricsEvent
  | EvaluationEvent
  | CheckpointEvent
  | WarningEvent
  | PausedEvent
  | ContinuedEvent
  | CompletedEvent
  | StoppedEvent
  | FailedEvent
  | EvaluatedEvent;

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** An event before the stamp of version and time. */
export type EventBody = DistributiveOmit<TrainerEvent, 'v' | 'time'>;

export type EventType = TrainerEvent['type'];
const EVENT_TYPES: Readonly<Record<EventType, true>> = {
  started: true,
  phase: true,
  progress: true,
  metrics: true,
  evaluation: true,
  checkpoint: true,
  warning: true,
  paused: true,
  continued: true,
  completed: true,
  stopped: true,
  failed: true,
  evaluated: true,
};

/**
 * The last event of a trainer is one of these; a log without one belongs to a live or a killed one. Only evaluations come
 * after it.
 */
export function isFinal(event: TrainerEvent): event is CompletedEvent | StoppedEvent | FailedEvent {
  return event.type === 'completed' || event.type === 'stopped' || event.type === 'failed';
}

/** Reads one line of an event stream. Unknown types (a newer trainer) and torn lines give `undefined`. */
export function parseEvent(line: string): TrainerEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return undefined;
    const { v, type } = value as { v?: unknown; type?: unknown };
    return v === PROTOCOL_VERSION && typeof type === 'string' && type in EVENT_TYPES
      ? (value as TrainerEvent)
      : undefined;
  } catch {
    return undefined;
  }
}
