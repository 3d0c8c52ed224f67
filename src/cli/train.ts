/** `fine-tune train`: one run in the foreground. */
import { basename } from 'node:path';
import { Failure } from '../common/failure';
import type { WrittenSettings } from '../training/config-file';
import { crashFailure } from '../training/crash';
import { findNode, launchTrainer } from '../training/launcher';
import type { LaunchOptions } from '../training/launcher';
import type { FailedEvent, TrainerEvent } from '../training/protocol';
import { PROTOCOL_VERSION } from '../training/protocol';
import type { RunFolder } from '../training/run-folder';
import { createRunFolder, readEvents } from '../training/run-folder';
import type { Arguments, Command } from './command';
import { ensureModel } from './get-model';
import { preflightNotes } from './preflight-notes';
import { chartLines, endText, finalEvent, overfittingNote, resultLines, writeLossChart } from './run-report';
import { CONFIG_FLAGS, SETTING_FLAGS, checkedSettings, writtenSettings } from './setting-flags';
import { nameOf } from './settings-table';
import type { Terminal } from './terminal';
import { INTERRUPTED, styled } from './terminal';
import { noteText, trainView } from './train-view';

/** @param trainerPath the bundle of the trainer process */
export function trainCommand(trainerPath: string): Command {
  return {
    name: 'train',
    usage: '[--config FILE] [--model PATH] [--data FILE] [flags]',
    summary: 'Trains an adapter (or all weights) in the foreground and shows the loss.',
    operands: { least: 0, most: 0 },
    flags: [
      ...CONFIG_FLAGS,
      { name: 'download', help: 'Fetches a model that is named by its id and not there yet, without asking.' },
      { name: 'json', help: 'Prints the events, one JSON object a line, and nothing else.' },
      ...SETTING_FLAGS,
    ],
    notes: [
      'Ctrl-C finishes the step, saves and ends with code 130; a second Ctrl-C ends at once.',
      'Exit codes: 0 done, 1 failed, 2 unusable settings, 130 stopped.',
      '',
      preflightNotes(),
    ].join('\n'),
    run: (input, terminal) => failingAsEvent(input.has('json'), terminal, () => train(input, terminal, trainerPath)),
  };
}

async function train(input: Arguments, terminal: Terminal, trainerPath: string): Promise<number> {
  const written = writtenSettings(input, terminal.cwd);
  const json = input.has('json');
  const { model } = checkedSettings(written);
  if (!(await ensureModel(model, input.has('download'), terminal))) return INTERRUPTED;
  const { runFolder, events, code } = await runTrainer(written, terminal, trainerPath, json);
  if (!json) report(events, runFolder, terminal);
  return code;
}

export interface TrainerResult {
  readonly runFolder: RunFolder;
  readonly events: readonly TrainerEvent[];
  readonly code: number;
}

/**
 * Trains in the foreground and shows how it goes; the first Ctrl-C asks the trainer to stop, the second kills it.
 * @throws Failure when the settings are unusable or the trainer dies
 */
export async function runTrainer(
  written: WrittenSettings,
  terminal: Terminal,
  trainerPath: string,
  json: boolean,
): Promise<TrainerResult> {
  const settings = checkedSettings(written);
  const nodePath = await findNode();
  const runFolder = createRunFolder(
    settings.output_dir,
    settings.name ?? nameOf(settings.train_file),
    written,
    new Date(),
  );
  return await superviseTrainer({ nodePath, trainerPath, runFolder }, terminal, json);
}

/**
 * Starts a trainer for a run folder, or one that goes on there, and shows how it goes; as `runTrainer`.
 * @throws Failure when the trainer dies
 */
export async function superviseTrainer(
  launch: Pick<LaunchOptions, 'nodePath' | 'trainerPath' | 'runFolder' | 'resume'>,
  terminal: Terminal,
  json: boolean,
): Promise<TrainerResult> {
  const { runFolder } = launch;
  const quiet: Terminal = { ...terminal, err: () => undefined };
  const past = launch.resume ? readEvents(runFolder.path) : [];
  const view = trainView(json ? quiet : terminal, runFolder.path, Date.now, past);
  view.say(`Run folder: ${runFolder.path}`);

  const events: TrainerEvent[] = [];
  const trainer = launchTrainer({
    ...launch,
    attached: true,
    onEvent: (event) => {
      events.push(event);
      if (json) terminal.out(JSON.stringify(event));
      view.show(event);
    },
  });
  let interrupts = 0;
  const interrupt = (): void => {
    interrupts++;
    if (interrupts === 1) {
      trainer.send({ type: 'stop' });
      view.say('Stopping: the step is finished and saved. Press Ctrl-C again to end at once.');
    } else if (interrupts === 2) void trainer.kill();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const exit = await trainer.exited;
    view.end();
    const final = finalEvent(events);
    if (!final && interrupts < 2) throw crashFailure(exit, crashFacts(events, runFolder));
    const code = !final || final.type === 'stopped' ? INTERRUPTED : final.type === 'failed' ? final.exitCode : 0;
    return { runFolder, events, code };
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

export function report(events: readonly TrainerEvent[], folder: RunFolder, terminal: Terminal): void {
  const final = finalEvent(events);
  const chart = writeLossChart(folder, events);
  const lines = chartLines(events, terminal);
  if (lines.length > 0) terminal.out(['', ...lines, ''].join('\n'));
  if (!final) {
    const saved = events.findLast((event) => event.type === 'checkpoint');
    const next = saved ? `The last checkpoint is ${saved.path}\n${resumeText(folder)}` : 'Nothing was saved.';
    terminal.err(`Ended at once. ${next}\n`);
    return;
  }
  if (final.type === 'failed')
    return terminal.err(`${noteText(styled(terminal.color, 'red', 'error:'), final.message, final.hint)}\n`);
  const note = overfittingNote(events);
  terminal.out(
    [
      endText(final, events),
      ...(final.type === 'stopped' ? [resumeText(folder)] : []),
      ...(note ? [note] : []),
      ...resultLines(final, events, chart, folder, terminal.cwd),
    ].join('\n'),
  );
}

function resumeText(folder: RunFolder): string {
  return `"fine-tune resume ${basename(folder.path)}" goes on with the run.`;
}

function crashFacts(events: readonly TrainerEvent[], folder: RunFolder): Parameters<typeof crashFailure>[1] {
  let lastStep = 0;
  let peakMemoryBytes = 0;
  for (const event of events) {
    if (event.type !== 'metrics') continue;
    lastStep = event.step;
    peakMemoryBytes = Math.max(peakMemoryBytes, event.memoryBytes);
  }
  return { logFile: folder.logFile, lastStep, ...(peakMemoryBytes > 0 && { peakMemoryBytes }) };
}

/** With `--json`, a refusal is an event as well. @returns the exit code */
export async function failingAsEvent(json: boolean, terminal: Terminal, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!json || !(error instanceof Failure)) throw error;
    terminal.out(JSON.stringify(failedEvent(error)));
    return error.exitCode;
  }
}

/** The reader of `--json` learns of a failure before the first event in the same way as of a later one. */
function failedEvent(failure: Failure): FailedEvent {
  return {
    v: PROTOCOL_VERSION,
    time: new Date().toISOString(),
    type: 'failed',
    code: failure.code,
    message: failure.message,
    hint: failure.hint,
    exitCode: failure.exitCode,
  };
}
