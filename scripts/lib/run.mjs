import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] the project's root unless given
 * @property {Record<string, string | undefined>} [env] added to this process's environment
 * @property {boolean} [capture] keep the output instead of showing it
 * @property {number} [priority] niceness, 0 (normal) to 19
 */

/**
 * Runs a program without a shell and waits for its end. Never throws for an exit code; one that could not be
 * started has code 127, one ended by a signal 128.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{ code: number, output: string }>} output is what it wrote to both streams, if captured
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: options.capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
      windowsHide: true,
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 127, output: output + error.message }));
    child.on('close', (code) => resolve({ code: code ?? 128, output }));
    if (options.priority && child.pid) {
      try {
        setPriority(child.pid, options.priority);
      } catch {
        // It has ended already, or the system does not let us: it only runs less politely.
      }
    }
  });
}

/**
 * Runs npm with this Node (or `node`), without a shell: on Windows `npm` is a batch file that only a shell can start.
 * @param {readonly string[]} args
 * @param {RunOptions & { node?: string }} [options]
 */
export function npm(args, options = {}) {
  const node = options.node ?? process.execPath;
  const cli = npmCli();
  // First on PATH, so that the install scripts of packages get the same Node.
  const path = dirname(node) + delimiter + (process.env.PATH ?? '');
  const withPath = { ...options, env: { PATH: path, ...options.env } };
  return cli ? run(node, [cli, ...args], withPath) : run('npm', args, withPath);
}

/** Where npm's own program is, or undefined to take `npm` from PATH. */
function npmCli() {
  const beside = dirname(process.execPath);
  const candidates = [
    process.env.npm_execpath ?? '',
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  return candidates.find((file) => basename(file) === 'npm-cli.js' && existsSync(file));
}

/**
 * The first of these programs that is on PATH, as an absolute path.
 * @param {readonly string[]} names
 */
export function onPath(...names) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const file = join(folder, name);
      if (folder && existsSync(file)) return file;
    }
  }
  return undefined;
}
