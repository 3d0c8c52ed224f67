import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { llamaPackageName } from './llama-package.mjs';
import { root } from './run.mjs';

/** Everything the installed extension consists of. */
const contents = [
  'README.md',
  'LICENSE',
  'NOTICE.md',
  'CHANGELOG.md',
  // What a finding's code links to, and the help of the command line.
  'docs/rules.md',
  'docs/preflight.md',
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
 * @param {string} [llama] folder of the libraries of llama.cpp for it; those that npm has installed, where it is this machine
 */
export function stageExtension(target, { platform, arch }, llama) {
  mkdirSync(target, { recursive: true });
  /** The libraries of other systems are left out: they are most of the package. @param {string} path */
  const isWanted = (path) => {
    const [, otherPlatform, otherArch] = /napi-v\d+[\\/](\w+)(?:[\\/](\w+))?/.exec(path) ?? [];
    if (otherPlatform) return otherPlatform === platform && (!otherArch || otherArch === arch);
    return !/\.map$|\.d\.ts$|[\\/]\.(finetune|complete)$|[\\/]dist[\\/]bench$/.test(path);
  };
  for (const path of contents) {
    if (existsSync(join(root, path)))
      cpSync(join(root, path), join(target, path), { recursive: true, filter: isWanted });
  }
  // The bundles hold all other dependencies, and what onnxruntime-node's install script needs is not needed again. The
  // packager lists the dependencies and refuses those that are not there.
  const { private: _private, ...manifest } = readManifest(root);
  const llamaName = llamaPackageName({ platform, arch }) ?? '';
  const llamaFrom = llama ?? join(root, 'node_modules', llamaName);
  const hasLlama = existsSync(join(llamaFrom, 'bins'));
  if (hasLlama) {
    manifest.dependencies[llamaName] = readManifest(llamaFrom).version;
    cpSync(llamaFrom, join(target, 'node_modules', llamaName), { recursive: true, filter: isWanted });
  }
  writeManifest(target, manifest, ['onnxruntime-node', ...(hasLlama ? [llamaName] : [])]);
  const runtime = join('node_modules', 'onnxruntime-node');
  writeManifest(join(target, runtime), readManifest(join(root, runtime)), ['onnxruntime-common']);
}

/**
 * Installs the built extension for this machine into an extensions folder, without packaging it.
 * @param {string} extensions
 */
export function installUnpacked(extensions) {
  const { publisher, name, version } = readManifest(root);
  stageExtension(join(extensions, `${publisher}.${name}-${version}`), process);
}

/** @param {string} folder @returns {Record<string, any>} */
function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** @param {string} folder @param {Record<string, any>} manifest @param {readonly string[]} kept dependencies */
function writeManifest(folder, manifest, kept) {
  const { scripts: _scripts, devDependencies: _development, ...rest } = manifest;
  const dependencies = Object.fromEntries(kept.map((name) => [name, rest.dependencies[name]]));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...rest, dependencies }, undefined, 2));
}

/**
 * Copies the sample into a folder of the user's own, so that training there changes nothing in the project.
 * @param {string} target
 */
export function copySample(target) {
  cpSync(join(root, 'media', 'sample'), target, { recursive: true, filter: (path) => basename(path) !== '.finetune' });
}
