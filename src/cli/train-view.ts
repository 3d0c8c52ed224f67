/** Shows a run on the terminal while it happens: events in, text out. */
import { basename, relative } from 'node:path';
import { SMOOTHING, lossCurve } from '../training/loss-curve';
import type { EvaluationEvent, MetricsEvent, PhaseName, StartedEvent, TrainerEvent } from '../training/protocol';
import { countText, durationText, lossText, rewardTexts, shortCountText, wrap } from './format';
import { answersText } from './answers-text';
import { PHASES } from './phases';
import { liveLine, phaseLine, plainLine } from './progress-line';
import { settingRows, settingsTable } from './settings-table';
import type { Terminal } from './terminal';
import { CLEAR_LINE, styled } from './terminal';

export interface TrainView {
  show(event: TrainerEvent): void;
  /** A line of our own, above the live one. */
  say(text: string): void;
  /** Removes the live line; nothing is shown afterwards. */
  end(): void;
}

/** The live line is not redrawn more often than this. */
const REDRAW_MS = 80;
/** These report themselves by what they made. */
const QUIET_PHASES: ReadonlySet<PhaseName> = new Set(['evaluate', 'save', 'train']);

/** @param past what the log of a run that is resumed says already: the mean goes on from there */
export function trainView(
  terminal: Terminal,
  runPath: string,
  now: () => number = Date.now,
  past: readonly TrainerEvent[] = [],
): TrainView {
  let live = '';
  let drawnAt = -Infinity;
  let ended = false;
  let started: StartedEvent | undefined;
  let validationLoss: number | null | undefined;
  let mean = 0;
  let weight = 0;
  const paint = (style: Parameters<typeof styled>[1], text: string): string => styled(terminal.color, style, text);

  const say = (text: string): void => terminal.err(`${live === '' ? '' : CLEAR_LINE}${text}\n${live}`);
  const draw = (line: string, force = false): void => {
    if (!terminal.live || (!force && now() - drawnAt < REDRAW_MS)) return;
    drawnAt = now();
    live = line;
    terminal.err(CLEAR_LINE + line);
  };
  const clear = (): void => {
    if (live !== '') terminal.err(CLEAR_LINE);
    live = '';
  };

  const average = (loss: number | null): void => {
    if (loss === null) return;
    mean = SMOOTHING * mean + (1 - SMOOTHING) * loss;
    weight = SMOOTHING * weight + (1 - SMOOTHING);
  };
  const showStarted = (event: StartedEvent): void => {
    started = event;
    const before = lossCurve(event.resumedFrom === undefined ? [] : [...past, event]);
    for (const { loss } of before.train) average(loss);
    validationLoss = before.validation.at(-1)?.loss;
    const table = settingsTable(settingRows(event.settings, event), terminal.columns(), (cell) => paint('bold', cell));
    const validation =
      event.validationExamples > 0 ? `${countText(event.validationExamples)} for validation` : 'none for validation';
    say(
      [
        '',
        ...table,
        '',
        `${countText(event.trainExamples)} records to train on, ${validation}; ${countText(event.totalSteps)} steps, ${countText(event.stepsPerEpoch)} an epoch${paddingText(event)}`,
        `${shortCountText(event.trainableParameters)} weights are trained, the base has ${shortCountText(event.baseParameters)}; ${event.engine} on ${event.device}`,
        ...(event.deviceReason === undefined ? [] : [`device ${event.device} was chosen: ${event.deviceReason}`]),
        ...(event.memoryReason === undefined
          ? []
          : [`memory ${String(event.settings['memory'])} was chosen: ${event.memoryReason}`]),
        ...(event.resumedFrom === undefined ? [] : [resumedText(event.resumedFrom)]),
        '',
      ].join('\n'),
    );
  };
  const showMetrics = (event: MetricsEvent): void => {
    average(event.loss);
    const totalSteps = started?.totalSteps ?? event.step;
    const state = {
      metrics: event,
      totalSteps,
      loss: event.loss === null ? null : mean / weight,
      ...(validationLoss !== undefined && { validationLoss }),
    };
    const last = event.step === totalSteps;
    if (terminal.live) draw(liveLine(state, terminal.columns(), terminal.unicode), last);
    else if (event.step === (started?.resumedFrom ?? 0) + 1 || last || event.step % loggingSteps(started) === 0)
      say(plainLine(state));
  };
  const showEvaluation = (event: EvaluationEvent): void => {
    validationLoss = event.loss;
    const best = event.best ? `  ${paint('green', 'best so far')}` : '';
    const perplexity = event.perplexity === null ? '' : `  perplexity ${event.perplexity.toFixed(2)}`;
    const rewards = rewardTexts(event.rewards).map((text) => `  ${text}`);
    const accuracy = `  ${(100 * event.tokenAccuracy).toFixed(1)} % of the ${event.rewards ? 'chosen ' : ''}tokens right`;
    const loss = `validation loss ${lossText(event.loss)}`;
    const step = `step ${countText(event.step)}  `;
    const answers = answersText(event);
    say(`${step}${loss}${perplexity}${rewards.join('')}${accuracy}${best}`);
    if (answers !== undefined) say(`${' '.repeat(step.length)}${answers}`);
  };

  const show = (event: TrainerEvent): void => {
    switch (event.type) {
      case 'started':
        return showStarted(event);
      case 'phase':
        if (event.state === 'begin') return draw(`${PHASES[event.phase]} ${terminal.unicode ? '…' : '...'}`, true);
        if (!QUIET_PHASES.has(event.phase)) {
          clear();
          say(`${PHASES[event.phase]}: ${durationText(event.seconds ?? 0)}`);
        }
        return;
      case 'progress':
        return draw(phaseLine(event, terminal.columns(), terminal.unicode), event.done === event.total);
      case 'metrics':
        return showMetrics(event);
      case 'evaluation':
        return showEvaluation(event);
      case 'checkpoint':
        return say(`step ${countText(event.step)}  saved ${relative(runPath, event.path) || event.path}`);
      case 'warning':
        return say(noteText(paint('yellow', 'warning:'), event.message, event.hint));
      case 'paused':
        clear();
        return say(
          `step ${countText(event.step)}  paused: "fine-tune continue ${basename(runPath)}" goes on, Ctrl-C stops the run`,
        );
      case 'continued':
        return say(`step ${countText(event.step)}  goes on`);
      case 'completed':
      case 'stopped':
      case 'failed':
        return clear();
      case 'evaluated':
        return;
      default:
        event satisfies never;
    }
  };
  return {
    show: (event) => {
      if (!ended) show(event);
    },
    say: (text) => {
      if (!ended) say(text);
    },
    end: () => {
      if (!ended) clear();
      ended = true;
    },
  };
}

/** A message with what to do about it, wrapped and indented. */
export function noteText(label: string, message: string, hint?: string): string {
  const [first = '', ...rest] = message.split('\n').flatMap((line) => wrap(line, 90));
  const more = [...rest, ...(hint ? wrap(hint, 90) : [])];
  return [`${label} ${first}`, ...more.map((line) => `  ${line}`)].join('\n');
}

/** Without packing, records of like length share a batch. */
function paddingText({ paddingShare: share }: StartedEvent): string {
  return share === undefined ? '' : `; ${(100 * share).toFixed(share < 0.1 ? 1 : 0)} % of the batches is padding`;
}

function resumedText(step: number): string {
  return step === 0 ? 'there is no checkpoint: the run begins again' : `the run goes on after step ${countText(step)}`;
}

function loggingSteps(started: StartedEvent | undefined): number {
  const value = started?.settings['logging_steps'];
  return typeof value === 'number' && value > 0 ? value : 10;
}
