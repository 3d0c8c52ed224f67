/** One export on the terminal: progress, Ctrl-C, and what was written. */
import { basename, relative, resolve } from 'node:path';
import { Failure } from '../common/failure';
import { fileSizeText } from '../common/file-size';
import { openSubjects } from '../evaluation/subject';
import { type ExportProgress, type ExportRequest, type ExportResult, exportModel } from '../export/export';
import type { Target } from '../export/export-types';
import { MAX_SHARD_BYTES } from '../export/merged';
import type { Arguments } from './command';
import { fileProgress } from './file-progress';
import { findSubject } from './find-subject';
import { numberFlag } from './number-flag';
import { outputDir } from './setting-flags';
import { CLEAR_LINE, INTERRUPTED, type Terminal, styled } from './terminal';

export async function runExport(to: Target, input: Arguments, terminal: Terminal): Promise<number> {
  const asJson = input.has('json');
  const tell = (event: object): void => terminal.out(JSON.stringify(event));
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    const request = requestOf(to, input, terminal);
    const given = await findSubject(input.operands[0]!, outputDir(input, terminal.cwd), terminal.cwd);
    const model = input.last('model');
    const subjects = openSubjects(given, { model, checkpoint: request.checkpoint });
    const live = liveProgress(request.folder, terminal);
    const toJson = jsonProgress(tell);
    const onProgress = (progress: ExportProgress): void => {
      live(progress);
      if (asJson) toJson(progress);
    };
    const result = await exportModel(subjects, request, { onProgress, signal: controller.signal });
    const failed = result.verification?.passed === false;
    if (asJson) tell({ type: 'exported', ...result, check: checkText(result), next: nextCommand(result, terminal) });
    else report(result, terminal);
    if (failed) terminal.err(`${styled(terminal.color, 'red', 'error:')} ${checkText(result)}\n`);
    return failed ? 1 : 0;
  } catch (error) {
    if (controller.signal.aborted) {
      if (asJson) tell({ type: 'stopped' });
      else terminal.err('Stopped. Nothing was written.\n');
      return INTERRUPTED;
    }
    if (asJson && error instanceof Failure) {
      const { code, message, hint, exitCode } = error;
      tell({ type: 'failed', code, message, hint, exitCode });
    }
    throw error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    if (terminal.live && !asJson) terminal.err(CLEAR_LINE);
  }
}

function requestOf(to: Target, input: Arguments, terminal: Terminal): ExportRequest {
  const output = input.last('output');
  if (output === undefined) throw new Failure('usage', 'The new folder is missing.', 'Write -o DIR.', 2);
  const checkpoint = input.has('checkpoint')
    ? numberFlag(input, 'checkpoint', 0, { least: 1, most: 1e9, whole: true })
    : undefined;
  return {
    to,
    folder: resolve(terminal.cwd, output),
    type: input.last('type'),
    force: input.has('force'),
    maxShardBytes: shardBytes(input.last('max-shard-size')),
    check: !input.has('no-check'),
    adapterApart: input.has('keep-adapter'),
    checkpoint,
  };
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/** In the spelling of Hugging Face: `500MB`, `2GiB`. */
function shardBytes(given: string | undefined): number {
  if (given === undefined) return MAX_SHARD_BYTES;
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([KMG]i?B)?$/i.exec(given.trim()) ?? [];
  const bytes = Number(number) * (UNITS[(unit ?? '').toUpperCase()] ?? NaN);
  if (bytes >= 1) return Math.floor(bytes);
  throw new Failure('usage', `--max-shard-size ${given} is no size.`, 'Write for example 5GB or 500MB.', 2);
}

/** One object for each percent at most. */
function jsonProgress(tell: (event: object) => void): (progress: ExportProgress) => void {
  let told = '';
  return ({ phase, doneBytes, totalBytes }) => {
    const percent = Math.floor((100 * doneBytes) / Math.max(1, totalBytes));
    if (told === `${phase} ${percent}`) return;
    told = `${phase} ${percent}`;
    tell({ type: 'progress', phase, percent });
  };
}

function liveProgress(folder: string, terminal: Terminal): (progress: ExportProgress) => void {
  const view = fileProgress(terminal);
  view.begin(folder);
  let checking = false;
  return ({ phase, doneBytes, totalBytes }) => {
    if (phase === 'write') view.show({ doneBytes, totalBytes });
    else if (!checking) {
      checking = true;
      view.end();
      if (terminal.live) terminal.err('Comparing with the trained model …');
    }
  };
}

function report(result: ExportResult, terminal: Terminal): void {
  const { folder, files, weights, verification, notes } = result;
  if (terminal.live) terminal.err(CLEAR_LINE);
  const width = Math.max(...files.map(({ name }) => name.length));
  terminal.out(
    [
      `${folder} (${weights}):`,
      ...files.map(({ name, bytes }) => `  ${name.padEnd(width)}  ${fileSizeText(bytes)}`),
      ...(verification?.passed === false ? [] : [checkText(result)]),
      ...notes.map((note) => `Note: ${note}`),
      `Next: ${nextCommand(result, terminal)}`,
    ].join('\n'),
  );
}

function checkText({ folder, verification, checkNote }: ExportResult): string {
  if (!verification) return `Not checked: ${checkNote ?? ''}.`;
  const { passed, by, source, texts, tokens, maxDifference, meanDifference, sameLikeliest, tolerance } = verification;
  const verdict = passed ? 'Checked:' : `The check failed: the model in ${folder} does not compute what was trained.`;
  const number = (value: number | null): string => (value === null ? 'no number' : value.toPrecision(2));
  return [
    `${verdict} ${tokens} tokens of ${texts} records (${source}), run by ${by}.`,
    `Log-probabilities differ by at most ${number(maxDifference)}, ${number(meanDifference)} on average (allowed: ${tolerance.max} and ${tolerance.mean});`,
    `the same token is the likeliest at ${(100 * sameLikeliest).toFixed(sameLikeliest === 1 ? 0 : 1)} % of the places.`,
    ...(checkNote === null ? [] : [`${checkNote}.`]),
  ].join(' ');
}

/** What one does with the files. */
function nextCommand({ to, folder }: ExportResult, { cwd }: Terminal): string {
  const place = relative(cwd, folder) || '.';
  const path = place.startsWith('..') ? folder : place;
  const shown = /\s/.test(path) && to !== 'peft' && to !== 'merged' ? `"${path}"` : path;
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-');
  switch (to) {
    case 'peft':
      return `PeftModel.from_pretrained(base, "${shown}")  # Python`;
    case 'merged':
      return `AutoModelForCausalLM.from_pretrained("${shown}")  # Python`;
    case 'gguf':
      return `llama-server -m ${shown}/model.gguf --jinja`;
    case 'gguf-lora':
      return `llama-server -m BASE.gguf --lora ${shown}/adapter.gguf --jinja`;
    case 'ollama':
      return `cd ${shown} && ollama create ${name} -f Modelfile && ollama run ${name}`;
  }
}
