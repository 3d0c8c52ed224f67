import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { nameOf } from '../cli/settings-table';
import { Failure } from '../common/failure';
import type { WrittenSettings } from '../training/config-file';
import { trainerBegan } from '../training/control';
import type { Trainer } from '../training/launcher';
import { requireResumable, type ResumeRequest } from '../training/resume';
import {
  createRunFolder,
  isLive,
  listRuns,
  openRunFolder,
  summarizeRun,
  type RunFolder,
  type RunSummary,
} from '../training/run-folder';
import type { Settings } from '../training/settings';
import { LiveRun, type Disposable, type LiveRunOptions } from './live-run';

export type Launch = (folder: RunFolder, resume?: ResumeRequest) => Trainer;

export interface RunsOptions {
  /** Finds a Node and starts a detached trainer for the folder. */
  readonly prepare: () => Promise<Launch>;
  /** Folders that hold run folders. */
  readonly outputFolders: () => readonly string[];
  readonly rememberOutputFolder: (folder: string) => void;
  readonly now: () => Date;
  readonly log: (message: string) => void;
}

/** How a run came to be followed: started here, found at work when the window opened, or begun elsewhere since. */
export type Origin = 'started' | 'found' | 'elsewhere';

/** A trainer that has just been started shows itself within this time. */
const NEW_MS = 20_000;

/** The runs of this workspace: those at work are followed, the others are read when someone asks. */
export class Runs implements Disposable {
  readonly #options: RunsOptions;
  readonly #live = new Map<string, LiveRun>();
  /** Runs whose log was read and said, or whose trainer's silence said, that they are over; with the sign of their trainer. */
  readonly #over = new Map<string, number>();
  readonly #resuming = new Set<string>();
  #known = '';
  readonly #onLive = new Set<(run: LiveRun, origin: Origin) => void>();
  readonly #onChange = new Set<() => void>();

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /** Runs at work, the newest last. */
  get live(): readonly LiveRun[] {
    return [...this.#live.values()].sort((a, b) => compareRuns(a.path, b.path));
  }

  /** Calls back when a run begins to be followed. */
  onLive(listener: (run: LiveRun, origin: Origin) => void): Disposable {
    this.#onLive.add(listener);
    return { dispose: () => this.#onLive.delete(listener) };
  }

  /** Calls back when a run appears, ends or changes its state. */
  onChange(listener: () => void): Disposable {
    this.#onChange.add(listener);
    return { dispose: () => this.#onChange.delete(listener) };
  }

  /** Starts a trainer. `written` is what the run folder keeps, `settings` the same, checked. */
  async start(written: WrittenSettings, settings: Settings): Promise<LiveRun> {
    const launch = await this.#options.prepare();
    const name = settings.name ?? nameOf(settings.train_file ?? '');
    const folder = createRunFolder(settings.output_dir, name, written, this.#options.now());
    this.#options.rememberOutputFolder(settings.output_dir);
    const trainer = launch(folder);
    this.#options.log(`Started ${folder.path} in process ${trainer.processId}.`);
    return this.#follow(folder.path, name, 'started', { exited: trainer.exited });
  }

  /**
   * Starts a trainer that goes on with a run in its folder.
   * @throws Failure as `requireResumable`
   */
  async resume(run: Pick<RunSummary, 'path' | 'name'>, request: ResumeRequest): Promise<LiveRun> {
    // A trainer shows itself a moment after its start; until then a second click must not start another one.
    if (this.#live.has(run.path) || this.#resuming.has(run.path))
      throw new Failure('run-in-use', `${run.name} is at work.`, 'Stop it, or wait for its end.', 2);
    this.#resuming.add(run.path);
    try {
      return await this.#resume(run, request);
    } finally {
      this.#resuming.delete(run.path);
    }
  }

  async #resume(run: Pick<RunSummary, 'path' | 'name'>, request: ResumeRequest): Promise<LiveRun> {
    // Asked again: the choice of a user may be older than what has happened since.
    await requireResumable(await summarizeRun(run.path), request);
    const launch = await this.#options.prepare();
    const began = this.#options.now().toISOString();
    const trainer = launch(openRunFolder(run.path), request);
    this.#options.log(`Resumed ${run.path} in process ${trainer.processId}.`);
    return this.#follow(run.path, run.name, 'started', { exited: trainer.exited, began });
  }

  /**
   * Looks into the output folders: follows every run whose trainer is at work and is not followed yet (and never
   * starts one), and tells listeners when runs have appeared or gone. Reads no log that it has read before.
   */
  async look(origin: Origin): Promise<void> {
    const places = (await Promise.all(this.#options.outputFolders().map((folder) => runPlaces(folder)))).flat();
    const known = places.map((place) => place.path).join('\n');
    if (known !== this.#known) this.#announce();
    this.#known = known;
    for (const { path: folder, sign } of places.sort((a, b) => compareRuns(a.path, b.path))) {
      if (sign === undefined || this.#live.has(folder) || this.#over.get(folder) === sign) continue;
      const run = await summarizeRun(folder);
      if (!isLive(run)) {
        this.#over.set(folder, sign);
        continue;
      }
      // Another call may have found it while this one was reading.
      if (this.#live.has(folder)) continue;
      this.#options.log(`Found the trainer of ${folder} at work.`);
      const began = trainerBegan(folder);
      this.#follow(folder, run.name, origin, began === undefined ? {} : { began });
    }
  }

  /** Every run, newest first. */
  async list(): Promise<RunSummary[]> {
    const lists = await Promise.all(this.#options.outputFolders().map((folder) => listRuns(folder)));
    return lists.flat().sort((a, b) => b.created.localeCompare(a.created));
  }

  /** Lets go of all runs; their trainers go on. */
  dispose(): void {
    for (const run of this.#live.values()) run.dispose();
    this.#live.clear();
  }

  #announce(): void {
    for (const listener of [...this.#onChange]) listener();
  }

  #follow(folder: string, name: string, origin: Origin, trainer: Pick<LiveRunOptions, 'exited' | 'began'>): LiveRun {
    const run = new LiveRun({
      path: folder,
      name,
      ...trainer,
      onLost: (reason) =>
        this.#options.log(`${folder}: the trainer is gone. ${reason instanceof Error ? reason.message : ''}`.trimEnd()),
    });
    this.#live.set(folder, run);
    let state = run.progress.state;
    run.onChange(() => {
      if (run.progress.state === state) return;
      state = run.progress.state;
      this.#announce();
    });
    void run.ended.then(({ state, step, final }) => {
      const why = final?.type === 'failed' ? `: ${final.code}: ${final.message} ${final.hint}` : '';
      this.#options.log(`${folder}: ${state} at step ${step}${why}`);
      this.#live.delete(folder);
      this.#announce();
    });
    for (const listener of [...this.#onLive]) listener(run, origin);
    this.#announce();
    return run;
  }
}

interface RunPlace {
  readonly path: string;
  /** Changes when a trainer begins; `undefined` where there is none: no process file, and not so new that it may come. */
  readonly sign: number | undefined;
}

async function runPlaces(outputFolder: string): Promise<RunPlace[]> {
  const names = await fs.readdir(outputFolder).catch(() => []);
  const modified = (...parts: string[]): Promise<number | undefined> =>
    fs.stat(path.join(outputFolder, ...parts)).then(
      (stats) => stats.mtimeMs,
      () => undefined,
    );
  const places = names.map(async (name): Promise<RunPlace[]> => {
    const created = await modified(name, 'run.json');
    if (created === undefined) return [];
    const begun = await modified(name, 'process.json');
    const mayCome = Date.now() - created < NEW_MS ? created : undefined;
    return [{ path: path.resolve(outputFolder, name), sign: begun ?? mayCome }];
  });
  return (await Promise.all(places)).flat();
}

/** Names of run folders begin with their time. */
function compareRuns(a: string, b: string): number {
  return path.basename(a).localeCompare(path.basename(b));
}
