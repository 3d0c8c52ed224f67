import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScriptFailure } from './say.mjs';

/**
 * @typedef {object} CodeServerOptions
 * @property {import('./kit.mjs').Kit} kit
 * @property {string} home an empty folder for user data, extensions, configuration and the log
 * @property {string} workspace the folder to open
 * @property {Record<string, unknown>} [settings] user settings
 * @property {string} [password] without one, everybody on this machine who finds the port gets in
 */

/**
 * @typedef {object} CodeServer
 * @property {string} url opens the workspace
 * @property {string} extensions copy extensions into it before the first window is opened
 * @property {string} settingsFile written to, a running window takes the change
 * @property {Promise<void>} ended
 * @property {() => Promise<void>} stop
 */

const START_MS = 60_000;

/**
 * Starts a VS Code server on a free port of the loopback interface. Throws `ScriptFailure` when it does not listen.
 * @param {CodeServerOptions} options
 * @returns {Promise<CodeServer>}
 */
export async function startCodeServer({ kit, home, workspace, settings = {}, password }) {
  const extensions = join(home, 'extensions');
  const userData = join(home, 'user-data');
  const settingsFile = join(userData, 'User', 'settings.json');
  const config = join(home, 'config.yaml');
  mkdirSync(extensions, { recursive: true });
  mkdirSync(join(userData, 'User'), { recursive: true });
  writeFileSync(settingsFile, JSON.stringify(settings, undefined, 2));
  // Without a file of our own it reads and writes one in the user's home.
  writeFileSync(config, '');

  const args = [
    ...['--config', config, '--bind-addr', '127.0.0.1:0', '--auth', password ? 'password' : 'none'],
    ...['--user-data-dir', userData, '--extensions-dir', extensions],
    ...[
      '--disable-telemetry',
      '--disable-update-check',
      '--disable-workspace-trust',
      '--disable-getting-started-override',
    ],
    workspace,
  ];
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env };
  if (password) env.PASSWORD = password;
  // Set inside a terminal of VS Code, they make code-server open the folder in that window and end.
  delete env.VSCODE_IPC_HOOK_CLI;
  delete env.CODE_SERVER_PARENT_PID;
  delete env.PORT;
  const child = spawn(kit.node, [kit.codeServer, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });

  const log = join(home, 'code-server.log');
  let output = '';
  const address = new Promise((/** @type {(url: string) => void} */ resolve) => {
    const read = (/** @type {Buffer} */ chunk) => {
      appendFileSync(log, chunk);
      output += chunk;
      const found = /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(output);
      if (found?.[1]) resolve(found[1]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
  });
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
  const timeout = new Promise((resolve) => setTimeout(resolve, START_MS).unref());
  const origin = await Promise.race([address, ended, timeout]);
  const stop = async () => {
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(hard);
  };
  if (typeof origin !== 'string') {
    await stop();
    throw new ScriptFailure(
      `code-server did not start; its log is ${log}:\n${output.slice(-2000)}`,
      'Remove test/workbench/node_modules and try again.',
    );
  }
  return { url: `${origin}/?folder=${encodeURIComponent(workspace)}`, extensions, settingsFile, ended, stop };
}
