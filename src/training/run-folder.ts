/**
 * A run is a folder. This file creates it, reads it, follows it and says in what state it is. It is long because the
 * log's two traps, torn lines and chunked reading, are handled by writer, reader and follower together.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Failure } from '../common/failure';
import { probe, trainerBegan } from './control';
import type { CompletedEvent, FailedEvent, StoppedEvent, TrainerEvent } from './protocol';
import { isFinal, parseEvent } from './protocol';
import { writeFailure } from './weights/files';

export interface RunFolder {
  /** Absolute. */
  readonly path: string;
  readonly eventsFile: string;
  /** Standard error of the trainer. */
  readonly logFile: string;
  readonly checkpoints: string;
  readonly adapter: string;
}

/** Content of `run.json`. The host writes the first five fields, the trainer adds the others. */
export interface RunFile {
  readonly version: 1;
  readonly name: string;
  /** ISO 8601. */
  readonly created: string;
  /** Secret of the control socket; the reason why the file is readable by its owner only. */
  readonly token: string;
  /** Settings as they were given, with absolute paths; defaults are not in it. */
  readonly requested: Readonly<Record<string, unknown>>;
  /** `ResolvedSettings`: every default as a number. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly versions?: Readonly<Record<string, string>>;
  readonly hashes?: Readonly<Record<string, string>>;
  readonly model?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Where it runs and, where it was chosen for the user, why. */
  readonly device?: { readonly name: string; readonly reason: string | null };
  /** What the preflight would have refused, had the setting `force` not named it. */
  readonly forced?: readonly { readonly code: string; readonly message: string }[];
}

export type RunState = 'running' | 'paused' | 'completed' | 'stopped' | 'failed' | 'interrupted';
/** Whether a trainer is at work, or waits. */
export function isLive({ state }: Pick<RunSummary, 'state'>): boolean {
  return state === 'running' || state === 'paused';
}

export type FinalEvent = CompletedEvent | StoppedEvent | FailedEvent;

export interface RunSummary {
  readonly path: string;
  readonly name: string;
  /** ISO 8601. */
  readonly created: string;
  readonly state: RunState;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly lastStep: number;
  /** 0 until the trainer knows it. */
  readonly totalSteps: number;
  readonly lastLoss: number | null;
  readonly bestValidationLoss?: number;
  readonly final?: FinalEvent;
}

/** A trainer needs this long at most from the creation of its folder to its first sign of life. */
const STARTING_MS = 20_000;
const CHUNK_BYTES = 1 << 20;
const POLL_MS = 150;

/**
 * Makes `<outputDir>/YYYYMMDD-HHMMSS-<slug>/` (local time; `-2`, `-3` … when taken) with its `run.json`.
 * A new `outputDir` also gets a `.gitignore`: checkpoints do not belong into a repository.
 * @throws Failure `output-unwritable` (exit code 2)
 */
export function createRunFolder(
  outputDir: string,
  name: string,
  requested: Readonly<Record<string, unknown>>,
  now: Date,
): RunFolder {
  const root = resolve(outputDir);
  try {
    if (!existsSync(root)) {
      mkdirSync(root, { recursive: true });
      writeFileSync(join(root, '.gitignore'), '*\n');
    }
    const path = makeUniqueFolder(join(root, `${stamp(now)}-${slug(name)}`));
    const folder = runFolderAt(path);
    writeRunFile(folder, {
      version: 1,
      name,
      created: now.toISOString(),
      token: randomBytes(32).toString('hex'),
      requested,
    });
    return folder;
  } catch (error) {
    throw new Failure(
      'output-unwritable',
      `The run folder cannot be created in ${root}: ${reason(error)}.`,
      'Set output_dir to a folder that you may write to and that has free space.',
      2,
    );
  }
}

/**
 * Opens an existing run by its path.
 * @throws Failure `not-a-run` (exit code 2)
 */
export function openRunFolder(path: string): RunFolder & { readonly run: RunFile } {
  const folder = runFolderAt(path);
  const run = readRunFile(folder);
  if (run) return { ...folder, run };
  throw new Failure(
    'not-a-run',
    `${folder.path} is not the folder of a run: it has no readable run.json.`,
    'Name a run folder; "fine-tune runs" lists them.',
    2,
  );
}

/**
 * Merges `changes` into `run.json`; a reader sees the old file or the new one, never half of it.
 * @throws Failure `disk-full` or `write-failed`
 */
export function updateRunFile(folder: RunFolder, changes: Partial<RunFile>): void {
  const run = { ...openRunFolder(folder.path).run, ...changes };
  try {
    writeRunFile(folder, run);
  } catch (error) {
    throw writeFailure(error, join(folder.path, 'run.json'), 0);
  }
}

/**
 * Appends one event as one line. A line that a killed process left unfinished is closed first.
 * @throws Failure `disk-full` or `log-unwritable`; the log then ends with the last whole line.
 */
export function appendEvent(folder: RunFolder, event: TrainerEvent): void {
  const line = `${JSON.stringify(event)}\n`;
  let file: number | undefined;
  try {
    file = openSync(folder.eventsFile, 'a+');
    const size = fstatSync(file).size;
    const bytes = Buffer.from(endsInsideLine(file, size) ? `\n${line}` : line);
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
    } catch (error) {
      tryTruncate(file, size);
      throw error;
    }
  } catch (error) {
    const full = ['ENOSPC', 'EDQUOT'].includes(codeOf(error));
    throw new Failure(
      full ? 'disk-full' : 'log-unwritable',
      `The event log ${folder.eventsFile} cannot be written: ${reason(error)}.`,
      full
        ? 'Free some space on that disk, or set output_dir to another one, and start again.'
        : 'Check that the run folder still exists and that you may write to it.',
    );
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Every run below `outputDir`, newest first. Folders that are no runs are left out, damaged ones are shown as far as they can be read. */
export async function listRuns(outputDir: string): Promise<RunSummary[]> {
  let names: string[];
  try {
    names = readdirSync(outputDir);
  } catch {
    return [];
  }
  const paths = names
    .map((name) => join(resolve(outputDir), name))
    .filter((path) => existsSync(join(path, 'run.json')));
  const runs = await Promise.all(paths.map(summarizeRun));
  return runs.sort((a, b) => b.created.localeCompare(a.created) || b.path.localeCompare(a.path));
}

/** What the log of one run says, and whether its trainer is alive. `path` is the run folder. */
export async function summarizeRun(path: string): Promise<RunSummary> {
  const folder = runFolderAt(path);
  const run = readRunFile(folder);
  // Asked before the log is read: a trainer writes its last event first and lets go of its socket afterwards.
  const trainer = await probe(folder.path);
  const began = trainer === 'dead' ? undefined : trainerBegan(folder.path);
  const log = scanLog(folder);
  // The last word of a trainer before this one: the run was resumed, and nothing has been said since.
  const final = began !== undefined && log.final && log.final.time < began ? undefined : log.final;
  const created = run?.created ?? statSync(folder.path).mtime.toISOString();
  const settings = run?.settings ?? log.settings;
  const starting = log.empty && Date.now() - Date.parse(created) < STARTING_MS;
  const alive = trainer !== 'dead' || starting;
  return {
    path: folder.path,
    name: run?.name ?? basename(folder.path).replace(/^\d{8}-\d{6}-/, ''),
    created,
    state: final?.type ?? (!alive ? 'interrupted' : log.paused ? 'paused' : 'running'),
    lastStep: log.lastStep,
    totalSteps: log.totalSteps,
    lastLoss: log.lastLoss,
    ...(settings && { settings }),
    ...(log.bestValidationLoss !== undefined && { bestValidationLoss: log.bestValidationLoss }),
    ...(final && { final }),
  };
}

/** Every event of the run in this folder, in order; torn lines are left out. No log yet gives no events. */
export function readEvents(path: string): TrainerEvent[] {
  return readLog(runFolderAt(path)).flatMap((line) => parseEvent(line) ?? []);
}

/**
 * Hands over every event so far in chunks, then each new one as it is written. The log may not exist yet.
 * The file is polled: change notifications are missing on network drives and limited in number on Linux.
 */
export function watchEvents(path: string, onEvents: (events: TrainerEvent[]) => void): { dispose(): void } {
  const { eventsFile } = runFolderAt(path);
  let disposed = false;
  let timer: NodeJS.Timeout | undefined;
  let offset = 0;
  let chunkBytes = CHUNK_BYTES;
  const step = (): void => {
    if (disposed) return;
    const chunk = readChunk(eventsFile, offset, chunkBytes);
    const end = chunk.lastIndexOf(10) + 1;
    if (end > 0) {
      offset += end;
      const events = splitLines(chunk.toString('utf8', 0, end)).flatMap((line) => parseEvent(line) ?? []);
      if (events.length > 0) onEvents(events);
    }
    // One line longer than a chunk: take a larger bite. Otherwise a torn last line is read again until it is whole.
    if (end === 0 && chunk.length === chunkBytes) chunkBytes *= 2;
    timer = setTimeout(step, chunk.length === chunkBytes || end > 0 ? 0 : POLL_MS);
  };
  timer = setTimeout(step, 0);
  return {
    dispose: () => {
      disposed = true;
      clearTimeout(timer);
    },
  };
}

/** The paths of a run folder, whether or not it exists. */
export function runFolderAt(path: string): RunFolder {
  const root = resolve(path);
  return {
    path: root,
    eventsFile: join(root, 'events.jsonl'),
    logFile: join(root, 'trainer.log'),
    checkpoints: join(root, 'checkpoints'),
    adapter: join(root, 'adapter'),
  };
}

function makeUniqueFolder(wanted: string): string {
  for (let n = 1; ; n++) {
    const path = n === 1 ? wanted : `${wanted}-${n}`;
    try {
      mkdirSync(path);
      return path;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || n >= 1000) throw error;
    }
  }
}

function stamp(now: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${date}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}

function slug(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-');
  return plain.slice(0, 40).replaceAll(/^-+|-+$/g, '') || 'run';
}

function readRunFile(folder: RunFolder): RunFile | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder.path, 'run.json'), 'utf8'));
    const run = value as RunFile;
    return typeof run === 'object' && run !== null && typeof run.token === 'string' && typeof run.created === 'string'
      ? { ...run, requested: run.requested ?? {} }
      : undefined;
  } catch {
    return undefined;
  }
}

function writeRunFile(folder: RunFolder, run: RunFile): void {
  const path = join(folder.path, 'run.json');
  const draft = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, `${JSON.stringify(run, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

interface LogFacts {
  empty: boolean;
  settings?: Readonly<Record<string, unknown>>;
  lastStep: number;
  totalSteps: number;
  lastLoss: number | null;
  bestValidationLoss?: number;
  /** The last of these events is a pause. */
  paused: boolean;
  final?: FinalEvent;
}

/** Parses only the lines that matter: a long run has 100,000 metric records, of which the last one is asked for. */
function scanLog(folder: RunFolder): LogFacts {
  const lines = readLog(folder);
  const facts: LogFacts = { empty: lines.length === 0, lastStep: 0, totalSteps: 0, lastLoss: null, paused: false };
  let lastMetrics = -1;
  let evaluations: { readonly step: number; readonly loss: number }[] = [];
  const read = (line: string): void => {
    const event = parseEvent(line);
    // It comes after the last word of a trainer, and changes nothing that is asked for here.
    if (!event || event.type === 'evaluated') return;
    // A resumed run goes on in the same log.
    if (!isFinal(event)) delete facts.final;
    if (event.type === 'paused') facts.paused = true;
    else if (event.type === 'continued') facts.paused = false;
    else if (event.type === 'started') {
      facts.paused = false;
      facts.settings = event.settings;
      facts.totalSteps = event.totalSteps;
      const { resumedFrom } = event;
      if (resumedFrom === undefined) return;
      evaluations = evaluations.filter(({ step }) => step <= resumedFrom);
      const last = lastMetrics < 0 ? undefined : parseEvent(lines[lastMetrics]!);
      if (last?.type !== 'metrics' || last.step <= resumedFrom) return;
      lastMetrics = findMetrics(lines, lastMetrics, resumedFrom);
    } else if (event.type === 'metrics') {
      facts.lastStep = event.step;
      facts.lastLoss = event.loss;
    } else if (event.type === 'evaluation' && event.loss !== null && event.step > 0) {
      evaluations.push({ step: event.step, loss: event.loss });
    } else if (isFinal(event)) facts.final = event;
  };
  for (const [index, line] of lines.entries()) {
    if (line.includes('"type":"metrics"') && line.endsWith('}')) lastMetrics = index;
    else read(line);
  }
  const final = facts.final;
  if (lastMetrics >= 0) read(lines[lastMetrics]!);
  if (final) facts.final = final;
  if (evaluations.length > 0) facts.bestValidationLoss = Math.min(...evaluations.map(({ loss }) => loss));
  return facts;
}

/** The newest line of metrics of this step at or before `from`; -1 where there is none. Resuming is rare, so it may look back. */
function findMetrics(lines: readonly string[], from: number, step: number): number {
  for (let at = from; at >= 0; at--)
    if (lines[at]!.includes(`"step":${step},`) && parseEvent(lines[at]!)?.type === 'metrics') return at;
  return -1;
}

function readLog(folder: RunFolder): string[] {
  try {
    return splitLines(readFileSync(folder.eventsFile, 'utf8'));
  } catch {
    return [];
  }
}

function splitLines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function readChunk(path: string, offset: number, length: number): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const available = Math.min(length, fstatSync(file).size - offset);
    if (available <= 0) return Buffer.alloc(0);
    const buffer = Buffer.allocUnsafe(available);
    return buffer.subarray(0, readSync(file, buffer, 0, available, offset));
  } catch {
    return Buffer.alloc(0);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function endsInsideLine(file: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 10;
}

function tryTruncate(file: number, size: number): void {
  try {
    ftruncateSync(file, size);
  } catch {
    // A torn last line is tolerated by every reader.
  }
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'your disk quota is used up',
  EFBIG: 'it grows beyond what its file system, or a limit of this session (ulimit -f), allows',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file of that name is in the way',
  ENOENT: 'a folder of the path does not exist',
  ENAMETOOLONG: 'the path is too long',
};

function reason(error: unknown): string {
  return REASONS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
}
