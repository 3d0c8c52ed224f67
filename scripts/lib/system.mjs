import { existsSync } from 'node:fs';
import { onPath, run } from './run.mjs';
import { ScriptFailure, step } from './say.mjs';

/** The SwiftShader device of Debian's chromium package: Vulkan without a GPU. */
const softwareDevice = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** What the tests need from Debian: a browser with a font to write in, and Vulkan's loader. */
const debianPackages = ['chromium', 'libvulkan1', 'fonts-dejavu-core'];

/** A Chromium of the system, or undefined. */
export function findChromium() {
  return onPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');
}

/**
 * The environment in which WebGPU runs on the processor, where the system has the software device; empty otherwise.
 * A device that the user has chosen is left alone.
 * @returns {Record<string, string>}
 */
export function softwareVulkan() {
  if (process.env.VK_ICD_FILENAMES || !existsSync(softwareDevice)) return {};
  return { VK_ICD_FILENAMES: softwareDevice };
}

/**
 * Sees to it that Chromium is there, installing it on Debian and Ubuntu when this is root.
 * @returns {Promise<string>} the browser; throws `ScriptFailure` where none can be had
 */
export async function ensureChromium() {
  const have = findChromium();
  if (have) return have;
  const apt = onPath('apt-get');
  if (apt && process.getuid?.() === 0) {
    await step(`Installing ${debianPackages.join(', ')} (apt-get)`, () => aptInstall(apt, debianPackages));
    const installed = findChromium();
    if (installed) return installed;
  }
  throw new ScriptFailure(
    'No Chromium was found on PATH (chromium, chromium-browser, google-chrome).',
    `Install one, on Debian with: apt-get install -y ${debianPackages.join(' ')}`,
  );
}

/** @param {string} apt @param {readonly string[]} packages */
async function aptInstall(apt, packages) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  let result = await run(apt, install, { capture: true, env });
  if (result.code !== 0) {
    // On a bare machine the package lists are missing or old.
    await run(apt, ['update', '-q'], { capture: true, env });
    result = await run(apt, install, { capture: true, env });
  }
  if (result.code === 0) return;
  throw new ScriptFailure(
    `apt-get install failed with code ${result.code}:\n${result.output.trimEnd().split('\n').slice(-8).join('\n')}`,
    'Install these packages by hand and try again.',
  );
}
