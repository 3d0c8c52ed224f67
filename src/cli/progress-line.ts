/** One line about the work in progress. Both the live line and the plain one come from here. */
import type { MetricsEvent, ProgressEvent } from '../training/protocol';
import { countText, durationText, lossText, memoryText, rewardTexts } from './format';
import { PHASES } from './phases';

export interface LiveState {
  readonly metrics: MetricsEvent;
  readonly totalSteps: number;
  /** Smoothed; `null` when the last loss was no number. */
  readonly loss: number | null;
  readonly validationLoss?: number | null;
}

const BAR_WIDTH = 24;

/**
 * `[########------]  84/150  loss 1.832  val 1.901  450 tokens/s  512 MiB  about 13 min left`. What does not fit
 * into `columns` is left out from the right, the bar shrinks last.
 */
export function liveLine(state: LiveState, columns: number, unicode: boolean): string {
  const { metrics, totalSteps } = state;
  const head = `${countText(metrics.step)}/${countText(totalSteps)}`;
  const parts = [
    `loss ${lossText(state.loss)}`,
    ...(state.validationLoss === undefined ? [] : [`val ${lossText(state.validationLoss)}`]),
    ...rewardTexts(metrics.rewards),
    `${durationText(metrics.secondsLeft)} left`,
    `${countText(metrics.tokensPerSecond)} tokens/s`,
    memoryText(metrics.memoryBytes),
  ];
  return fit(metrics.step / totalSteps, [head, ...parts], columns, unicode);
}

/** A phase that counts something: `[###---]  Tokenizing the data  300/800 records  2.0 s left`. */
export function phaseLine(event: ProgressEvent, columns: number, unicode: boolean): string {
  const parts = [
    PHASES[event.phase],
    `${countText(event.done)}/${countText(event.total)} ${event.unit}`,
    ...(event.secondsLeft === undefined ? [] : [`${durationText(event.secondsLeft)} left`]),
  ];
  return fit(event.done / event.total, parts, columns, unicode);
}

/** For logs: `step 10/150  epoch 0.20  loss 1.832  learning rate 9.3e-5  450 tokens/s  512 MiB  13 min left`. */
export function plainLine(state: LiveState): string {
  const { metrics } = state;
  return [
    `step ${String(metrics.step).padStart(String(state.totalSteps).length)}/${state.totalSteps}`,
    `epoch ${metrics.epoch.toFixed(2)}`,
    `loss ${lossText(state.loss)}`,
    ...rewardTexts(metrics.rewards),
    `learning rate ${metrics.learningRate === 0 ? '0' : metrics.learningRate.toExponential(1)}`,
    `${countText(metrics.tokensPerSecond)} tokens/s`,
    memoryText(metrics.memoryBytes),
    `${durationText(metrics.secondsLeft)} left`,
  ].join('  ');
}

function fit(share: number, parts: readonly string[], columns: number, unicode: boolean): string {
  // The last column stays free: some terminals break the line there.
  const room = columns - 1;
  let text = parts[0] ?? '';
  for (const part of parts.slice(1)) {
    if (text.length + 2 + part.length > room) break;
    text += `  ${part}`;
  }
  const barRoom = Math.min(BAR_WIDTH, room - text.length - 4);
  return barRoom < 6 ? text.slice(0, room) : `${bar(share, barRoom, unicode)}  ${text}`;
}

function bar(share: number, width: number, unicode: boolean): string {
  const full = Math.round(Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)) * width);
  const [done, open] = unicode ? ['█', '░'] : ['#', '-'];
  return `[${done.repeat(full)}${open.repeat(width - full)}]`;
}
