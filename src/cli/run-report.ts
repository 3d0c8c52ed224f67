/** What is said about a run when it is over, or looked at later. */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { lossCurve } from '../training/loss-curve';
import { lossSvg } from '../training/loss-svg';
import type { Rewards, TrainerEvent } from '../training/protocol';
import { isFinal } from '../training/protocol';
import type { FinalEvent, RunFolder } from '../training/run-folder';
import { answersText } from './answers-text';
import { countText, durationText, lossText, memoryText, rewardTexts } from './format';
import { lossChart } from './loss-chart';
import type { Terminal } from './terminal';

/** The loss chart of the run for this terminal; no lines when no step was made. */
export function chartLines(events: readonly TrainerEvent[], terminal: Terminal): string[] {
  const width = Math.max(20, Math.min(60, terminal.columns() - 16));
  return lossChart(lossCurve(events), terminal.unicode, { width, height: 12 });
}

/** Writes `loss.svg` into the run folder; `undefined` when there is nothing to draw or no place for it. */
export function writeLossChart(folder: RunFolder, events: readonly TrainerEvent[]): string | undefined {
  if (!events.some((event) => event.type === 'metrics')) return undefined;
  const path = join(folder.path, 'loss.svg');
  try {
    writeFileSync(path, lossSvg(events));
    return path;
  } catch {
    return undefined;
  }
}

/** One paragraph: how the run ended and with which numbers. */
export function endText(final: FinalEvent, events: readonly TrainerEvent[]): string {
  const best = lossCurve(events).best;
  switch (final.type) {
    case 'completed': {
      const parts = [`loss ${lossText(final.metrics.loss)}`];
      if (best) parts.push(`best validation loss ${lossText(best.loss)} at step ${countText(best.step)}`);
      parts.push(...rewardTexts(rewardsAt(events, best?.step)));
      parts.push(`${countText(final.metrics.trainedTokens)} trained tokens`);
      if (final.metrics.peakMemoryBytes > 0)
        parts.push(`peak memory ${memoryText(final.metrics.peakMemoryBytes)}${estimatedText(events)}`);
      const kept = final.metrics.bestStep;
      const from = kept !== null && kept !== final.step ? ` Kept are the weights of step ${countText(kept)}.` : '';
      const early = final.stoppedEarly ? ' Stopped early, since the validation loss did not improve any more.' : '';
      return `Trained ${countText(final.step)} ${final.step === 1 ? 'step' : 'steps'} in ${durationText(final.seconds)}: ${parts.join(', ')}.${early}${from}${answersSentence(events)}`;
    }
    case 'stopped':
      return `Stopped after step ${countText(final.step)}.${final.checkpoint ? ` The checkpoint is kept: ${final.checkpoint}` : ''}`;
    case 'failed':
      return `${final.message}\n${final.hint}`;
    default:
      return final satisfies never;
  }
}

/** What the last answers were worth, beside those of the base model. */
function answersSentence(events: readonly TrainerEvent[]): string {
  const evaluations = events.filter((event) => event.type === 'evaluation');
  const last = evaluations.findLast(({ metrics }) => metrics);
  if (!last) return '';
  const before = last.step === 0 ? undefined : evaluations.findLast(({ step }) => step === 0)?.metrics;
  return ` At step ${countText(last.step)} of ${answersText(last, before)}.`;
}

/** What was expected, beside what was measured. */
function estimatedText(events: readonly TrainerEvent[]): string {
  const estimate = events.findLast((event) => event.type === 'started')?.memoryEstimate;
  if (!estimate) return '';
  return ` (${memoryText(Object.values(estimate).reduce((sum, bytes) => sum + bytes, 0))} were estimated)`;
}

/** Paths of what was made, and what can be done with it. */
export function resultLines(
  final: FinalEvent,
  events: readonly TrainerEvent[],
  chart: string | undefined,
  folder: RunFolder,
  cwd: string,
): string[] {
  const lines: string[] = [];
  const adapter = final.type === 'failed' ? null : final.adapter;
  const method = events.findLast((event) => event.type === 'started')?.settings['method'];
  const full = method === 'full';
  if (adapter) lines.push(`${full ? 'Model:  ' : 'Adapter:'}  ${adapter}`);
  if (chart) lines.push(`Chart:    ${chart}`);
  lines.push(`Run:      ${folder.path}`);
  if (adapter) {
    const near = relative(cwd, folder.path);
    const short = near !== '' && !near.startsWith('..') && near.length < folder.path.length ? near : folder.path;
    lines.push(
      '',
      full
        ? 'The folder of the model is what Hugging Face transformers reads: AutoModelForCausalLM.from_pretrained(FOLDER).'
        : 'The folder of the adapter is what Hugging Face PEFT reads: PeftModel.from_pretrained(base, FOLDER).',
      ...(method === 'qlora' ? ['It was trained on the base in 4 bits; its README.md says how to load that.'] : []),
      `"fine-tune show ${short}" shows the run again, "fine-tune runs" compares it with the others.`,
    );
  }
  return lines;
}

/** When the validation loss rose again after its best point, says so with the numbers. */
export function overfittingNote(events: readonly TrainerEvent[]): string | undefined {
  const { best, validation } = lossCurve(events);
  const last = validation.at(-1);
  if (!best || !last || validation.length < 3 || last.step === best.step || last.loss < best.loss * 1.02)
    return undefined;
  return `The validation loss rose from ${lossText(best.loss)} at step ${countText(best.step)} to ${lossText(last.loss)} at the end: fewer epochs, or more data, may do better.`;
}

export function finalEvent(events: readonly TrainerEvent[]): FinalEvent | undefined {
  const last = events.at(-1);
  return last && isFinal(last) ? last : undefined;
}

/** Of preference training: those of the evaluation of a step, or without one of the last step. */
function rewardsAt(events: readonly TrainerEvent[], step: number | undefined): Rewards | undefined {
  const last = events.findLast((event) =>
    step === undefined ? event.type === 'metrics' : event.type === 'evaluation' && event.step === step,
  );
  return last && 'rewards' in last ? last.rewards : undefined;
}
