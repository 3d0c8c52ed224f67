import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

/** Everything the installed extension consists of. */
const contents = [
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'dist',
  'media',
  ...['package.json', 'dist', 'bin'].map((part) => `node_modules/onnxruntime-node/${part}`),
  ...['package.json', 'dist/cjs'].map((part) => `node_modules/onnxruntime-common/${part}`),
];

/**
 * @typedef {object} Platform
 * @property {string} platform as `process.platform`
 * @property {string} arch as `process.arch`
 */

/**
 * Writes the built extension for one platform into a folder, exactly as it is packaged and installed.
 * @param {string} target
 * @param {Platform} platform
 */
export function stageExtension(target, { platform, arch }) {
  mkdirSync(target, { recursive: true });
  /** The libraries of other systems are left out: they are most of the package. @param {string} path */
  const isWanted = (path) => {
    const [, otherPlatform, otherArch] = /napi-v\d+[\\/](\w+)(?:[\\/](\w+))?/.exec(path) ?? [];
    if (otherPlatform) return otherPlatform === platform && (!otherArch || otherArch === arch);
    return !path.endsWith('.map');
  };
  for (const path of contents) {
    if (existsSync(join(root, path)))
      cpSync(join(root, path), join(target, path), { recursive: true, filter: isWanted });
  }
  // The bundles hold all other dependencies; what remains says so, for whoever resolves or lists them.
  const { scripts: _scripts, devDependencies: _dev, private: _private, ...manifest } = readManifest();
  manifest.dependencies = { 'onnxruntime-node': manifest.dependencies['onnxruntime-node'] };
  writeFileSync(join(target, 'package.json'), JSON.stringify(manifest, undefined, 2));
}

/**
 * Installs the built extension for this machine into an extensions folder, without packaging it.
 * @param {string} extensions
 */
export function installUnpacked(extensions) {
  const { publisher, name, version } = readManifest();
  stageExtension(join(extensions, `${publisher}.${name}-${version}`), process);
}

/** @returns {Record<string, any>} */
function readManifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

/**
 * Copies the sample into a folder of the user's own, so that training there changes nothing in the project.
 * @param {string} target
 */
export function copySample(target) {
  mkdirSync(target, { recursive: true });
  const sample = join(root, 'media', 'sample');
  for (const name of readdirSync(sample)) cpSync(join(sample, name), join(target, name), { recursive: true });
}
