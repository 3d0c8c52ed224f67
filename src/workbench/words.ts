import { PHASES } from '../cli/phases';
import { isLive, type RunProgress } from './progress';

/** One line for the notification: the phase before the first step, then "step 12 of 300 · loss 1.230 · 3 min left". */
export function progressText(progress: RunProgress): string {
  const parts: string[] = [];
  if (progress.step > 0) {
    parts.push(stepText(progress));
    if (progress.loss !== undefined) parts.push(`loss ${lossText(progress.loss)}`);
    if (progress.state === 'paused') return [...parts, 'paused'].join(' · ');
    const aside = progress.phase !== undefined && progress.phase !== 'train';
    if (aside) parts.push(phaseText(progress).toLowerCase());
    else if (progress.secondsLeft !== undefined) parts.push(`about ${durationText(progress.secondsLeft)} left`);
    return parts.join(' · ');
  }
  return progress.state === 'paused' ? 'paused before the first step' : phaseText(progress);
}

function phaseText(progress: RunProgress): string {
  const text = progress.phase ? PHASES[progress.phase] : 'Starting the trainer';
  const { part } = progress;
  if (!part || part.total <= 0) return text;
  return `${text}: ${countText(part.done)} of ${countText(part.total)} ${part.unit}`.trimEnd();
}

function stepText(progress: RunProgress): string {
  const total = progress.totalSteps > 0 ? ` of ${countText(progress.totalSteps)}` : '';
  return `step ${countText(progress.step)}${total}`;
}

/** Icon and shortest text for the status bar, with an icon name of VS Code's set. */
export function statusText(progress: RunProgress): string {
  const loss = progress.loss === undefined ? '' : ` · ${lossText(progress.loss)}`;
  const total = progress.totalSteps > 0 ? `/${countText(progress.totalSteps)}` : '';
  const steps = `${countText(progress.step)}${total}${loss}`;
  switch (progress.state) {
    case 'starting':
      return `$(loading~spin) ${progress.phase ? PHASES[progress.phase] : 'Starting the trainer'}`;
    case 'training':
      return `$(graph-line) ${steps}`;
    case 'pausing':
      return `$(loading~spin) Pausing ${steps}`;
    case 'paused':
      return `$(debug-pause) Paused ${steps}`;
    case 'stopping':
      return `$(loading~spin) Stopping ${steps}`;
    case 'completed':
      return `$(pass) ${steps}`;
    case 'stopped':
      return `$(debug-stop) Stopped ${steps}`;
    case 'failed':
      return '$(error) Training failed';
    case 'interrupted':
      return `$(debug-disconnect) Interrupted ${steps}`;
    default:
      return progress.state satisfies never;
  }
}

/** The same in words, for the tooltip and for screen readers. */
export function statusDetail(progress: RunProgress): string {
  const lines = [`${progress.name}: ${stateText(progress)}`];
  if (progress.validationLoss !== undefined) lines.push(`Validation loss ${lossText(progress.validationLoss)}`);
  if (progress.checkpoint) lines.push(`Saved at step ${countText(progress.checkpoint.step)}`);
  return lines.join('\n');
}

function stateText(progress: RunProgress): string {
  if (progress.state === 'stopping') return 'stopping after this step';
  if (progress.state === 'pausing') return 'pausing after this step';
  if (progress.state === 'paused') return `paused at ${stepText(progress)}`;
  if (isLive(progress)) return progressText(progress);
  const loss = progress.loss === undefined ? '' : `, loss ${lossText(progress.loss)}`;
  return progress.state === 'failed'
    ? `failed at ${stepText(progress)}`
    : `${progress.state} at ${stepText(progress)}${loss}`;
}

export interface Ending {
  readonly kind: 'information' | 'error';
  readonly message: string;
  /** Folder that is worth opening. */
  readonly kept: string | undefined;
}

/**
 * What to tell when a run has ended. `shorten` takes what the user knows out of paths in a text.
 * `interrupted` means the trainer is gone without a word: killed, out of memory, or a power cut.
 */
export function endingOf(progress: RunProgress, shorten: (text: string) => string): Ending {
  const ending = longEndingOf(progress);
  return { ...ending, message: shorten(ending.message) };
}

function longEndingOf(progress: RunProgress): Ending {
  const { final, name, checkpoint } = progress;
  switch (final?.type) {
    case 'completed': {
      const { loss, validationLoss, bestStep } = final.metrics;
      const facts = [
        `${countText(final.step)} ${final.step === 1 ? 'step' : 'steps'} in ${durationText(final.seconds)}`,
      ];
      if (loss !== null) facts.push(`loss ${lossText(loss)}`);
      if (validationLoss !== null)
        facts.push(
          `validation loss ${lossText(validationLoss)}${bestStep === null ? '' : ` (best at step ${countText(bestStep)})`}`,
        );
      return { kind: 'information', message: `Trained ${name}: ${facts.join(', ')}.`, kept: final.adapter };
    }
    case 'stopped': {
      const kept = final.checkpoint ?? final.adapter ?? undefined;
      const where = kept === undefined ? 'Nothing was saved yet.' : `The checkpoint is kept in ${kept}.`;
      return {
        kind: 'information',
        message: `Stopped ${name} after step ${countText(final.step)}. ${where}`,
        kept,
      };
    }
    case 'failed':
      return {
        kind: 'error',
        message: sentences(`Training ${name} failed: ${beginning(final.message)}`, final.hint),
        kept: checkpoint?.path,
      };
    default: {
      const kept = checkpoint
        ? `The checkpoint of step ${countText(checkpoint.step)} is kept.`
        : 'There was no checkpoint yet.';
      const when = progress.step > 0 ? `at ${stepText(progress)}` : 'before the first step';
      const reason = progress.lost
        ? [`Training ${name} failed: ${progress.lost.message}`, kept, progress.lost.hint]
        : [`The trainer of ${name} is gone without a last word ${when}`, kept, 'The log may say why'];
      const message = sentences(...reason);
      return { kind: 'error', message, kept: checkpoint?.path };
    }
  }
}

/** Of a message with a list, the first item: a notification has no room for more, and no line breaks. */
function beginning(message: string): string {
  const [title = '', first, ...others] = message.split('\n');
  return first === undefined ? title : `${title} ${first}${others.length > 0 ? ' …' : ''}`;
}

/** Joins texts into sentences, adding the full stops that are missing. */
export function sentences(...texts: readonly string[]): string {
  return texts
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => (/[.!?:…]$/.test(text) ? text : `${text}.`))
    .join(' ');
}

/** `1.230`, with a true minus sign. */
export function lossText(loss: number): string {
  return loss.toFixed(3).replace('-', '−');
}

/** `1,056`. */
export function countText(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `1e−4`, `0.1`, `16`. */
export function numberText(value: number): string {
  const small = value !== 0 && Math.abs(value) < 0.001;
  return (small ? value.toExponential() : value.toLocaleString('en-US', { maximumFractionDigits: 6 })).replace(
    '-',
    '−',
  );
}

/** `40 s`, `13 min`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  if (seconds < 59.5) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}
