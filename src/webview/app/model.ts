import type {
  CheckpointEvent,
  CompletedEvent,
  EvaluatedEvent,
  EvaluationEvent,
  FailedEvent,
  PhaseName,
  ProgressEvent,
  StartedEvent,
  StoppedEvent,
} from '../../training/protocol';
import { eventCount, type EventBatch, type EventItem, type RunState } from '../protocol';
import { Series } from './series';

export interface Warning {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Times the same warning came. */
  count: number;
  /** Last step before it came; 0 before the first step. */
  readonly step: number;
}
export interface PhaseTotal {
  readonly phase: PhaseName;
  /** Sum over all times the phase ran. */
  seconds: number;
}
export type FinalEvent = CompletedEvent | StoppedEvent | FailedEvent;

/** All that is known of one run. `applyBatch` changes it; the functions below read it. */
export interface RunModel {
  readonly run: string;
  /** Events of the log that are in here. */
  have: number;
  started: StartedEvent | undefined;
  readonly series: Series;
  evaluations: EvaluationEvent[];
  checkpoints: CheckpointEvent[];
  /** Evaluations of the trained model, the newest first. */
  reports: EvaluatedEvent[];
  readonly warnings: Warning[];
  /** In order of first end. */
  readonly phases: PhaseTotal[];
  /** Phases that have begun and not ended, innermost last. */
  active: PhaseName[];
  progress: ProgressEvent | undefined;
  final: FinalEvent | undefined;
  /** The trainer waits. */
  paused: boolean;
  /** Length of the series when the run went on after its last pause: what earlier steps foretold no longer holds. */
  continuedAt: number;
  /** Milliseconds of earlier sessions, and until the last pause; the present session began at `sessionStart`. */
  earlierMs: number;
  sessionStart: number;
  /** Time of the last event, in milliseconds since 1970. */
  lastTime: number;
}

export function createRunModel(run: string): RunModel {
  return {
    run,
    have: 0,
    started: undefined,
    series: new Series(),
    evaluations: [],
    checkpoints: [],
    reports: [],
    warnings: [],
    phases: [],
    active: [],
    progress: undefined,
    final: undefined,
    paused: false,
    continuedAt: 0,
    earlierMs: 0,
    sessionStart: NaN,
    lastTime: NaN,
  };
}

/** Adds a stretch of the log. `false`: it does not join on to what is here, and the state must be asked for again. */
export function applyBatch(model: RunModel, batch: EventBatch): boolean {
  if (batch.run !== model.run || batch.from !== model.have) return false;
  for (const item of batch.items) {
    applyItem(model, item);
    model.have += eventCount(item);
  }
  return true;
}

function applyItem(model: RunModel, item: EventItem): void {
  if (item.type === 'columns') {
    model.series.append(item);
    model.lastTime = item.time[item.time.length - 1] ?? model.lastTime;
    return;
  }
  const time = Date.parse(item.time);
  switch (item.type) {
    case 'started':
      if (Number.isFinite(model.sessionStart)) model.earlierMs += model.lastTime - model.sessionStart;
      model.sessionStart = time;
      model.started = item;
      model.final = undefined;
      dropAfter(model, item.resumedFrom);
      model.paused = false;
      model.active = [];
      model.progress = undefined;
      break;
    case 'phase':
      applyPhase(model, item.phase, item.state, item.seconds);
      break;
    case 'progress':
      model.progress = item;
      break;
    case 'evaluation':
      model.evaluations = [...model.evaluations.filter((known) => known.step < item.step), item];
      break;
    case 'checkpoint':
      model.checkpoints = [...model.checkpoints.filter((known) => known.step < item.step), item];
      break;
    case 'warning':
      addWarning(model, item.code, item.message, item.hint ?? '');
      break;
    case 'paused':
      model.earlierMs += time - model.sessionStart;
      model.sessionStart = time;
      model.paused = true;
      break;
    case 'continued':
      model.sessionStart = time;
      model.paused = false;
      model.continuedAt = model.series.length;
      break;
    case 'completed':
    case 'stopped':
    case 'failed':
      if (model.paused) model.sessionStart = time;
      model.paused = false;
      model.final = item;
      model.active = [];
      model.progress = undefined;
      break;
    case 'evaluated':
      // It may come days after the last word of the trainer, and is no part of its time.
      model.reports = [item, ...model.reports.filter((known) => known.report !== item.report)];
      return;
    default:
      item satisfies never;
  }
  if (Number.isNaN(model.sessionStart)) model.sessionStart = time;
  model.lastTime = time;
}

/** A run that goes on from an earlier checkpoint has removed the later ones. */
function dropAfter(model: RunModel, step = 0): void {
  model.evaluations = model.evaluations.filter((known) => known.step <= step);
  model.checkpoints = model.checkpoints.filter((known) => known.step <= step);
}

function applyPhase(model: RunModel, phase: PhaseName, state: 'begin' | 'end', seconds: number | undefined): void {
  if (model.progress?.phase === phase) model.progress = undefined;
  model.active = model.active.filter((known) => known !== phase);
  if (state === 'begin') {
    model.active.push(phase);
    return;
  }
  const total = model.phases.find((known) => known.phase === phase);
  if (total) total.seconds += seconds ?? 0;
  else model.phases.push({ phase, seconds: seconds ?? 0 });
}

function addWarning(model: RunModel, code: string, message: string, hint: string): void {
  const known = model.warnings.find((warning) => warning.code === code && warning.message === message);
  if (known) known.count++;
  else {
    const step = model.series.length === 0 ? 0 : model.series.last('step');
    model.warnings.push({ code, message, hint, count: 1, step });
  }
}

/** The log decides where it can; without a last event the host's list says whether a trainer still lives. */
export function stateOf(model: RunModel, listed: RunState | undefined): RunState {
  if (model.final) return model.final.type;
  if (listed === 'interrupted') return 'interrupted';
  return model.paused ? 'paused' : 'running';
}

/** The evaluation with the lowest validation loss; the earlier one when two are equal. That of the base model is none of the run's. */
export function bestEvaluation(model: RunModel): (EvaluationEvent & { readonly loss: number }) | undefined {
  let best: (EvaluationEvent & { readonly loss: number }) | undefined;
  for (const evaluation of model.evaluations)
    if (evaluation.step > 0 && isMeasured(evaluation) && (!best || evaluation.loss < best.loss)) best = evaluation;
  return best;
}

/** Evaluations since the best one; two or more mean that the run has stopped improving. */
export function evaluationsSinceBest(model: RunModel): number {
  const best = bestEvaluation(model);
  return best ? model.evaluations.filter((evaluation) => evaluation.step > best.step).length : 0;
}

export function evaluationAt(model: RunModel, step: number): EvaluationEvent | undefined {
  return model.evaluations.find((evaluation) => evaluation.step === step);
}

/** The last evaluation at or before a step. */
export function evaluationBefore(model: RunModel, step: number): EvaluationEvent | undefined {
  return model.evaluations.findLast((evaluation) => evaluation.step <= step);
}

/** First step whose loss was not a number. */
export function firstBadStep(model: RunModel): number | undefined {
  const at = model.series.column('loss').findIndex((loss) => Number.isNaN(loss));
  return at < 0 ? undefined : model.series.column('step')[at];
}

/** Checkpoints that are still on the disk: the newest ones, as many as the settings keep, and the best. */
export function keptCheckpoints(model: RunModel): CheckpointEvent[] {
  const limit = model.started?.settings['save_total_limit'];
  const newest = typeof limit === 'number' ? Math.max(0, model.checkpoints.length - limit) : 0;
  const bestIndex = model.checkpoints.findLastIndex((checkpoint) => checkpoint.best);
  return model.checkpoints.filter((_, index) => index >= newest || index === bestIndex).reverse();
}

/** Optimiser steps done. */
export function stepsDone(model: RunModel): number {
  const final = model.final && 'step' in model.final ? model.final.step : 0;
  return Math.max(final, model.series.length === 0 ? 0 : model.series.last('step'));
}

const ESTIMATES = 20;

/** Seconds until the last step, as a range: the ends of the run that the latest steps foretold. */
export function secondsLeft(model: RunModel): { readonly low: number; readonly high: number } | undefined {
  const { series } = model;
  if (series.length === 0 || model.final || model.paused) return undefined;
  const time = series.column('time');
  const left = series.column('secondsLeft');
  let low = Infinity;
  let high = -Infinity;
  for (let i = Math.max(model.continuedAt, series.length - ESTIMATES); i < series.length; i++) {
    const end = time[i]! + left[i]! * 1000;
    if (!Number.isFinite(end)) continue;
    low = Math.min(low, end);
    high = Math.max(high, end);
  }
  if (low > high) return undefined;
  const now = series.last('time');
  return { low: Math.max(0, low - now) / 1000, high: Math.max(0, high - now) / 1000 };
}

/** Seconds that the run has taken; a live one runs on with the clock (`now`, in milliseconds since 1970). */
export function elapsedSeconds(model: RunModel, live: boolean, now: number): number {
  if (!Number.isFinite(model.sessionStart)) return 0;
  const end = live ? Math.max(now, model.lastTime) : model.lastTime;
  return Math.max(0, model.earlierMs + end - model.sessionStart) / 1000;
}

function isMeasured(evaluation: EvaluationEvent): evaluation is EvaluationEvent & { readonly loss: number } {
  return evaluation.loss !== null && Number.isFinite(evaluation.loss);
}
