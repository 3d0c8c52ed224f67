// The first step of every other script: on a fresh clone with only Node and npm, installs and builds what is missing.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installPackages, packagesAreCurrent } from './lib/packages.mjs';
import { root } from './lib/run.mjs';
import { main, ScriptFailure, step } from './lib/say.mjs';

/** Checks Node, installs the packages and builds `dist/`, each only where needed. Throws `ScriptFailure`. */
export async function setUp() {
  checkNode();
  if (!packagesAreCurrent(root)) await step('Installing packages (npm ci)', () => installPackages(root));
  if (!buildIsCurrent()) {
    await step('Building dist/', async () => {
      // Imported late: it needs esbuild, which may have been installed a moment ago.
      const { build } = await import('./build.mjs');
      await build();
    });
  }
}

function checkNode() {
  const wanted = /** @type {string} */ (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node);
  const [major = 0, minor = 0] = wanted
    .replace(/[^\d.]/g, '')
    .split('.')
    .map(Number);
  const [haveMajor = 0, haveMinor = 0] = process.versions.node.split('.').map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  throw new ScriptFailure(
    `This is Node ${process.versions.node}; Fine-tune needs Node ${major}.${minor} or later.`,
    'Install a current Node from https://nodejs.org and try again.',
  );
}

function buildIsCurrent() {
  const stamp = join(root, 'dist', '.complete');
  if (!existsSync(stamp)) return false;
  const sources = ['src', 'media', 'scripts/build.mjs', 'scripts/lib/llama-bundle.mjs', 'package-lock.json'].map(
    (path) => join(root, path),
  );
  return Math.max(...sources.map(newest)) <= statSync(stamp).mtimeMs;
}

/** The latest change at or below a path; folders count too, since a removed file changes only its folder. @param {string} path @returns {number} */
function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main(setUp);
