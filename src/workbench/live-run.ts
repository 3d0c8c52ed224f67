import { Failure } from '../common/failure';
import { attach, probe } from '../training/control';
import { crashFailure } from '../training/crash';
import type { TrainerExit } from '../training/launcher';
import { isFinal, type TrainerCommand } from '../training/protocol';
import { runFolderAt, watchEvents } from '../training/run-folder';
import { advance, isLive, newProgress, type RunProgress } from './progress';

export interface Disposable {
  dispose(): void;
}

export interface LiveRunOptions {
  readonly path: string;
  readonly name: string;
  /** When this host started the trainer itself: how it ended. Others are asked for a sign of life now and then. */
  readonly exited?: Promise<TrainerExit>;
  /** When its trainer began, ISO 8601: a last event before that is the end of an earlier one, after which the run was resumed. */
  readonly began?: string;
  /** Milliseconds between two such questions. */
  readonly probeMs?: number;
  /** Told when the trainer is gone without a last event; a `Failure`, an unexpected error, or `undefined` if nothing is known. */
  readonly onLost?: (reason: unknown) => void;
}

/** Listeners hear of every step, but not more often than this. */
const QUIET_MS = 200;
/** From the end of the process until its last event must have been read. */
const LAST_WORDS_MS = 1000;
const PROBE_MS = 5000;
/** A trainer that has just been started shows itself within this time. */
const STARTING_MS = 20_000;
const STOP_RETRY_MS = 500;

/** A run whose trainer is at work, followed through its log, whoever started it. Ends by itself with the run. */
export class LiveRun implements Disposable {
  readonly path: string;
  /** Settles with the last progress when the run has ended; never rejects. Stays open when the run is only let go. */
  readonly ended: Promise<RunProgress>;
  #progress: RunProgress;
  #settle: (progress: RunProgress) => void = () => undefined;
  #announced = 0;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;
  #heard = false;
  readonly #listeners = new Set<() => void>();
  readonly #watch: Disposable;
  readonly #options: LiveRunOptions;

  constructor(options: LiveRunOptions) {
    this.path = options.path;
    this.#options = options;
    this.#progress = newProgress(options.name);
    this.ended = new Promise((settle) => (this.#settle = settle));
    this.#watch = watchEvents(options.path, (events) => {
      this.#heard = true;
      const { began = '' } = options;
      const present = events.filter((event) => !isFinal(event) || event.time >= began);
      if (present.length > 0) this.#set(present.reduce(advance, this.#progress));
    });
    if (options.exited)
      options.exited.then(
        (exit) => this.#afterExit(exit),
        (error: unknown) => this.#lose(error),
      );
    else void this.#watchOverProcess(options.probeMs ?? PROBE_MS);
  }

  get progress(): RunProgress {
    return this.#progress;
  }

  /** Calls back after changes: at once when the state changes, else a few times a second. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  /** Asks the trainer to finish its step, save and end. Resolves when it has the request, or is gone. */
  async stop(): Promise<void> {
    if (!this.#working()) return;
    this.#set({ ...this.#progress, state: 'stopping' });
    await this.#send({ type: 'stop' });
  }

  /** Asks the trainer to finish its step, save and wait. */
  async pause(): Promise<void> {
    const { state } = this.#progress;
    if (state !== 'starting' && state !== 'training') return;
    this.#set({ ...this.#progress, state: 'pausing' });
    await this.#send({ type: 'pause' });
  }

  /** Ends a pause, or takes back the request for one. */
  async continue(): Promise<void> {
    const { state, step } = this.#progress;
    if (state !== 'pausing' && state !== 'paused') return;
    // The trainer says when a pause is over, but nothing about a request that it has not followed yet.
    if (state === 'pausing') this.#set({ ...this.#progress, state: step > 0 ? 'training' : 'starting' });
    await this.#send({ type: 'continue' });
  }

  async #send(command: TrainerCommand): Promise<void> {
    // A trainer that has just been started opens its socket a moment later.
    while (this.#working()) {
      const connection = await attach(this.path);
      if (connection) {
        await connection.send(command);
        connection.close();
        return;
      }
      await delay(STOP_RETRY_MS);
    }
  }

  /** Lets go of the run; its trainer goes on. */
  dispose(): void {
    this.#disposed = true;
    this.#watch.dispose();
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #working(): boolean {
    return !this.#disposed && isLive(this.#progress);
  }

  #set(next: RunProgress): void {
    if (!this.#working()) return;
    const changed = next.state !== this.#progress.state;
    this.#progress = next;
    if (changed) this.#announce();
    else
      this.#timer ??= setTimeout(() => this.#announce(), Math.max(0, this.#announced + QUIET_MS - performance.now()));
    if (isLive(next)) return;
    this.#settle(next);
    this.dispose();
  }

  #announce(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#announced = performance.now();
    for (const listener of [...this.#listeners]) listener();
  }

  async #afterExit(exit: TrainerExit): Promise<void> {
    await delay(LAST_WORDS_MS);
    if (!this.#working()) return;
    const { step, peakMemoryBytes } = this.#progress;
    const { logFile } = runFolderAt(this.path);
    this.#lose(crashFailure(exit, { logFile, lastStep: step, peakMemoryBytes }));
  }

  async #watchOverProcess(everyMs: number): Promise<void> {
    const began = performance.now();
    while (this.#working()) {
      await delay(everyMs);
      if (!this.#working() || (await probe(this.path)) !== 'dead') continue;
      if (!this.#heard && performance.now() - began < STARTING_MS) continue;
      await delay(LAST_WORDS_MS);
      this.#lose(undefined);
    }
  }

  #lose(reason: unknown): void {
    if (!this.#working()) return;
    this.#options.onLost?.(reason);
    const lost = reason instanceof Failure ? reason : undefined;
    this.#set({ ...this.#progress, state: 'interrupted', phase: undefined, part: undefined, lost });
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds).unref());
}
