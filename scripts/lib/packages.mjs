import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from './run.mjs';
import { ScriptFailure } from './say.mjs';

/**
 * Whether `folder/node_modules` holds exactly what `folder/package-lock.json` asks for. npm keeps a list of what it
 * installed; comparing the lists (not times) means that an install made by hand is not made again.
 * @param {string} folder
 */
export function packagesAreCurrent(folder) {
  const installed = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages ?? {};
  const want = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages ?? {};
  return Object.keys(want).every((path) => {
    if (path === '') return true;
    if (have[path]) return have[path].version === want[path].version;
    return want[path].optional === true || want[path].devOptional === true || want[path].peer === true;
  });
}

/**
 * `npm ci` without install scripts. onnxruntime-node's script fetches CUDA from a host of its own and fails the whole
 * install when that cannot be reached; nothing else here needs its script.
 * @param {string} folder
 * @param {readonly string[]} [command]
 */
export async function installPackages(folder, command = ['ci']) {
  const { code, output } = await npm([...command, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    capture: true,
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
  if (code === 0) return;
  if (code === 127) {
    throw new ScriptFailure('npm was not found.', 'Install Node with npm from https://nodejs.org and try again.');
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|network/.test(output)) {
    throw new ScriptFailure(
      `The npm registry cannot be reached, so the packages of ${folder} cannot be installed.\n${firstLines(output)}`,
      'Connect to the network, or point npm to a registry you can reach (npm config set registry URL), and try again.',
    );
  }
  throw new ScriptFailure(
    `npm ${command[0]} failed in ${folder} with code ${code}:\n${firstLines(output)}`,
    'Remove node_modules and try again; if it still fails, run it there to see all of its output.',
  );
}

/** npm names the cause first and its usage after. @param {string} output */
function firstLines(output) {
  return output.trim().split('\n').slice(0, 12).join('\n');
}
