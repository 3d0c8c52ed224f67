// The kit: a real VS Code that runs without a desktop (code-server, which needs its own Node) and the packager, kept in
// test/workbench/node_modules. Installed once, when something first asks for it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages, packagesAreCurrent } from './packages.mjs';
import { npm, onPath, root } from './run.mjs';
import { ScriptFailure, step } from './say.mjs';

const folder = join(root, 'test', 'workbench');
const modules = join(folder, 'node_modules');
const server = join(modules, 'code-server', 'lib', 'vscode');
const stamp = join(modules, '.kit-complete');

/**
 * @typedef {object} Kit
 * @property {string} node the Node that code-server runs on
 * @property {string} codeServer its program
 */

/** Installs the kit where it is missing. Throws `ScriptFailure`. @returns {Promise<Kit>} */
export async function ensureKit() {
  const wanted = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    if (!packagesAreCurrent(folder)) await step('Installing the workbench kit (npm ci)', () => installPackages(folder));
    await step('Installing what its VS Code server needs', () => installPackages(server, ['install', '--omit=dev']));
    if (onPath('g++', 'c++') && onPath('make') && onPath('python3')) {
      await step('Building its logging library', () => buildLogging(kitNode()));
    }
    writeFileSync(stamp, wanted);
  }
  return { node: kitNode(), codeServer: join(modules, 'code-server', 'out', 'node', 'entry.js') };
}

/** The Node from the kit's packages, or this one if it is of the wanted version. */
function kitNode() {
  const packaged = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(packaged)) return packaged;
  if (process.versions.node.startsWith('24.')) return process.execPath;
  throw new ScriptFailure(
    `code-server needs Node 24, and there is no packaged one for ${process.platform} ${process.arch}.`,
    'Run this with Node 24.',
  );
}

/**
 * Of the native parts that code-server's own install script compiles for minutes, the server needs none to run. This
 * one makes output channels keep their text. Where it cannot be built the rest works all the same.
 * @param {string} node
 */
async function buildLogging(node) {
  // The headers come with the packaged Node; node-gyp would fetch them from nodejs.org.
  const headers = join(node, '..', '..');
  const env = existsSync(join(headers, 'include', 'node')) ? { npm_config_nodedir: headers } : {};
  await npm(['rebuild', '@vscode/spdlog', '@vscode/native-watchdog'], {
    cwd: server,
    node,
    capture: true,
    priority: 10,
    env,
  });
}
