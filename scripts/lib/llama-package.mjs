// The libraries of llama.cpp for one platform: a package of its own beside node-llama-cpp.
import { existsSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm, root, run } from './run.mjs';
import { ScriptFailure } from './say.mjs';

/** With the processor alone, and on Apple's with the GPU too. By platform and architecture of Node. @type {Record<string, string>} */
const packages = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
};

/** @param {import('./extension-folder.mjs').Platform} platform @returns {string | undefined} */
export function llamaPackageName({ platform, arch }) {
  const name = packages[`${platform}-${arch}`];
  return name && `@node-llama-cpp/${name}`;
}

/**
 * Where the package lies; npm installs only that of this machine, so another one is fetched into a temporary folder.
 * @param {import('./extension-folder.mjs').Platform} platform
 */
export async function fetchLlamaPackage(platform) {
  const name = llamaPackageName(platform);
  if (!name)
    throw new ScriptFailure(`There is no llama.cpp for ${platform.platform}-${platform.arch}.`, 'Name another target.');
  const installed = join(root, 'node_modules', name);
  if (existsSync(join(installed, 'bins'))) return installed;
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', 'node-llama-cpp', 'package.json'), 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'fine-tune-llama-'));
  const packed = await npm(['pack', `${name}@${version}`, '--loglevel=error'], { cwd: folder, capture: true });
  const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (packed.code !== 0 || !archive)
    throw new ScriptFailure(
      `${name} could not be fetched:\n${packed.output}`,
      'Connect to the npm registry and try again.',
    );
  const { code, output } = await run('tar', ['-xzf', archive], { cwd: folder, capture: true });
  if (code !== 0) throw new ScriptFailure(`${archive} could not be unpacked:\n${output}`, 'Try again.');
  return join(folder, 'package');
}
