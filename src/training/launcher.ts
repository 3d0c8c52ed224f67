/** Host side of a trainer process: find a Node, start the child, talk to it, end it. */
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Failure } from '../common/failure';
import { attach, onLines } from './control';
import { withGpuRuntime } from './devices/gpu-runtime';
import { killTree } from './kill-tree';
import type { TrainerCommand, TrainerEvent } from './protocol';
import { parseEvent } from './protocol';
import type { ResumeRequest } from './resume';
import type { RunFolder } from './run-folder';

export interface LaunchOptions {
  /** A real Node binary, see `findNode`. */
  readonly nodePath: string;
  readonly trainerPath: string;
  readonly runFolder: RunFolder;
  /** The trainer stops when this process ends. Otherwise it goes on, and its events are only in the run folder. */
  readonly attached: boolean;
  /** Attached only: every event as it comes. Others watch the run folder. */
  readonly onEvent?: (event: TrainerEvent) => void;
  /** The run has begun before and goes on. */
  readonly resume?: ResumeRequest | undefined;
}

export interface TrainerExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of `trainer.log`, at most 20 lines; empty when the trainer wrote nothing. */
  readonly logTail: string;
}

export interface Trainer {
  readonly processId: number;
  /** Settles after the last event was handed over. Rejects with a Failure when the process could not be started. */
  readonly exited: Promise<TrainerExit>;
  send(command: TrainerCommand): void;
  /** Ends the trainer and everything it started at once; resolves when it is gone. */
  kill(): Promise<void>;
}

const OLDEST_NODE = [20, 19] as const;
/** A grandchild that inherited standard output must not keep us waiting for its end. */
const DRAIN_MS = 2000;
const LOG_TAIL_LINES = 20;

export function launchTrainer(options: LaunchOptions): Trainer {
  const { runFolder, attached, resume } = options;
  const log = openSync(runFolder.logFile, 'a');
  const flags = [...(attached ? ['--attached'] : []), ...(resume ? ['--resume', JSON.stringify(resume)] : [])];
  const child = spawn(options.nodePath, [options.trainerPath, runFolder.path, ...flags], {
    cwd: runFolder.path,
    env: withGpuRuntime(trainerEnvironment(process.env)),
    // A process group of its own: the terminal's Ctrl-C reaches the host alone, and the tree can be ended as one.
    detached: true,
    windowsHide: true,
    stdio: [attached ? 'pipe' : 'ignore', attached ? 'pipe' : 'ignore', log],
  });
  closeSync(log);
  if (!attached) child.unref();
  if (child.stdout) {
    onLines(child.stdout, (line) => {
      const event = parseEvent(line);
      if (event) options.onEvent?.(event);
    });
  }
  // A trainer that ends while we write to it is reported by its exit.
  child.stdin?.on('error', () => undefined);

  let gone = false;
  const exited = new Promise<TrainerExit>((done, failed) => {
    child.once('error', (error) => {
      gone = true;
      failed(
        new Failure(
          'trainer-not-started',
          `The trainer could not be started with ${options.nodePath}: ${error.message}.`,
          'Check the path of Node; "fine-tune doctor" shows what was found.',
          2,
        ),
      );
    });
    child.once('exit', (code, signal) => {
      gone = true;
      const settle = (): void => done({ code, signal, logTail: readLogTail(runFolder) });
      const timer = setTimeout(settle, DRAIN_MS);
      child.once('close', () => {
        clearTimeout(timer);
        settle();
      });
    });
  });
  exited.catch(() => undefined);

  return {
    processId: child.pid ?? 0,
    exited,
    send: (command) => {
      if (gone) return;
      if (child.stdin) child.stdin.write(`${JSON.stringify(command)}\n`);
      else void sendThroughSocket(runFolder.path, command);
    },
    kill: async () => {
      if (!gone && child.pid !== undefined) await killTree(child.pid);
      await exited.catch(() => undefined);
    },
  };
}

/** The end of `trainer.log`: what a crashed trainer, or the library in it, had to say. */
export function readLogTail(runFolder: RunFolder): string {
  try {
    return readFileSync(runFolder.logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  } catch {
    return '';
  }
}

/**
 * A real Node binary of version 20.19 or later: the one that the user names, the running one, or the one on PATH.
 * Electron's own is refused: its allocator aborts on the large blocks that training needs.
 * @throws Failure `node-not-found` or `node-unusable` (exit code 2)
 */
export async function findNode(setting?: string): Promise<string> {
  if (setting) {
    const problem = await nodeProblem(setting);
    if (problem === undefined) return setting;
    throw new Failure(
      'node-unusable',
      `The Node that is set, ${setting}, cannot be used: ${problem}.`,
      `Name a Node ${OLDEST_NODE.join('.')} or later from https://nodejs.org, or remove the setting.`,
      2,
    );
  }
  if (!process.versions['electron'] && versionIsEnough(process.versions.node)) return process.execPath;
  const problem = await nodeProblem('node');
  if (problem === undefined) return 'node';
  throw new Failure(
    'node-not-found',
    `Training needs Node ${OLDEST_NODE.join('.')} or later, and the one on PATH cannot be used: ${problem}.`,
    'Install it from https://nodejs.org and reload the window, or name its path in the settings.',
    2,
  );
}

async function nodeProblem(path: string): Promise<string | undefined> {
  try {
    const script = 'console.log(JSON.stringify([process.versions.node, process.versions.electron || ""]))';
    const { stdout } = await promisify(execFile)(path, ['-e', script], {
      env: trainerEnvironment(process.env),
      timeout: 15_000,
      windowsHide: true,
    });
    const [version = '', electron = ''] = JSON.parse(stdout) as string[];
    if (electron !== '') return `it is Electron ${electron}`;
    return versionIsEnough(version) ? undefined : `its version is ${version}`;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return 'it does not exist';
    if (code === 'EACCES') return 'it may not be executed';
    return 'it does not answer like Node';
  }
}

function versionIsEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

/** Without what VS Code puts there for its own processes: a debugger of the extension must not catch the trainer. */
function trainerEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const underVscode = Object.keys(environment).some((name) => name.startsWith('VSCODE_'));
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !/^(VSCODE_|ELECTRON_)/.test(name) && !(underVscode && name === 'NODE_OPTIONS'),
    ),
  );
}

async function sendThroughSocket(path: string, command: TrainerCommand): Promise<void> {
  const connection = await attach(path);
  await connection?.send(command).catch(() => undefined);
  connection?.close();
}
