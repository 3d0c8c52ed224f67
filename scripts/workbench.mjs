// `npm run workbench`: the sample in a real VS Code with the extension in it: the user's own, else the one of the test kit.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startCodeServer } from './lib/code-server.mjs';
import { copySample, installUnpacked } from './lib/extension-folder.mjs';
import { ensureKit } from './lib/kit.mjs';
import { onPath, root, run } from './lib/run.mjs';
import { main, ScriptFailure } from './lib/say.mjs';
import { setUp } from './setup.mjs';

await main(async () => {
  await setUp();
  const home = mkdtempSync(join(tmpdir(), 'fine-tune-workbench-'));
  const workspace = join(home, 'sample');
  copySample(workspace);
  console.log(`The sample was copied to ${workspace}`);
  const code = desktopCode();
  return code ? openDesktop(code, workspace) : openInBrowser(home, workspace);
});

/** The user's VS Code. In a remote terminal `code` is another program, which cannot load an extension from a folder. */
function desktopCode() {
  if (process.env.VSCODE_IPC_HOOK_CLI) return undefined;
  const found = onPath('code', 'code-insiders');
  // On Windows `code` is a script for a shell; the program lies one folder above it.
  return found && process.platform === 'win32' ? join(dirname(found), '..', 'Code.exe') : found;
}

/** @param {string} code @param {string} workspace */
async function openDesktop(code, workspace) {
  console.log(`Opening it with ${code}`);
  const { code: exit } = await run(code, ['--new-window', `--extensionDevelopmentPath=${root}`, workspace]);
  if (exit !== 0)
    throw new ScriptFailure(`${code} ended with code ${exit}.`, 'Start it once by hand to see what it says.');
}

/** @param {string} home @param {string} workspace */
async function openInBrowser(home, workspace) {
  console.log('There is no `code` on PATH; a VS Code for the browser is used instead.');
  const kit = await ensureKit();
  installUnpacked(join(home, 'extensions'));
  // It offers a terminal, so a port without a password would be an open door for everybody on this machine.
  const password = randomBytes(12).toString('base64url');
  const settings = { 'chat.disableAIFeatures': true, 'workbench.startupEditor': 'none' };
  const server = await startCodeServer({ kit, home, workspace, settings, password });
  console.log(`\nOpen     ${server.url}\nPassword ${password}\n\nCtrl-C ends it.`);
  const opener = { darwin: 'open', win32: 'explorer', linux: process.env.DISPLAY ? 'xdg-open' : '' }[
    String(process.platform)
  ];
  if (opener) spawn(opener, [server.url], { stdio: 'ignore', detached: true }).on('error', () => {});
  process.once('SIGINT', () => void server.stop());
  process.once('SIGTERM', () => void server.stop());
  await server.ended;
}
