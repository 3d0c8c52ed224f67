/**
 * Work on whole files runs in the extension's own command line, as a process of its own: the extension host stays free,
 * a large file cannot exhaust its memory, and cancelling is a signal.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Failure } from '../common/failure';
import { parseProgress, PROGRESS_VARIABLE } from '../cli/progress-line-protocol';

/** Code of the `Failure` when the user has cancelled the work. */
export const CANCELLED = 'cancelled';

export interface CliOptions {
  /** `dist/cli.js` of this extension. */
  readonly cliPath: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** A Node for what Electron cannot load: the engines. Default: the executable that runs this. */
  readonly nodePath?: string;
  /** Told of each line of the output as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface CliResult {
  /** 0, or 1: the work was done and found something. */
  readonly code: 0 | 1;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command to its end. Throws a `Failure` with the command's own words for exit code 2, and one of code
 * `cancelled` when the signal was given.
 */
export async function runCli(options: CliOptions): Promise<CliResult> {
  const child = spawn(options.nodePath ?? process.execPath, [options.cliPath, ...options.args], {
    cwd: options.cwd,
    // In a desktop VS Code the executable is Electron, which this makes a Node.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NO_COLOR: '1', [PROGRESS_VARIABLE]: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const stop = (): void => void child.kill('SIGTERM');
  options.signal?.addEventListener('abort', stop, { once: true });
  if (options.signal?.aborted) stop();
  const out: Buffer[] = [];
  let err = '';
  let rest = '';
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
  const { onLine } = options;
  if (onLine) createInterface({ input: child.stdout }).on('line', onLine);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const progress = parseProgress(line);
      if (progress) options.onProgress?.(progress.done, progress.total);
      else err += `${line}\n`;
    }
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => options.signal?.removeEventListener('abort', stop));
  err += rest;
  // What was done before the signal came is done.
  if (code === 0 || code === 1) return { code, out: Buffer.concat(out).toString('utf8'), err };
  if (options.signal?.aborted) throw new Failure(CANCELLED, 'Cancelled. Nothing was changed.', '', 1);
  throw new Failure(
    'command-failed',
    err.trim().replace(/^error: /, '') || `"fine-tune ${options.args[0] ?? ''}" ended with ${code ?? 'a signal'}.`,
    '',
    2,
  );
}
