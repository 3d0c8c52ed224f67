// How node-llama-cpp goes into one file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

const library = join(root, 'node_modules', 'node-llama-cpp');

/** @param {string} path @returns {Record<string, string>} */
const readJson = (path) => JSON.parse(readFileSync(join(library, path), 'utf8'));

/** What the library reads from files beside it, or starts as a process of its own, when it is not bundled. */
const replaced = {
  'getModuleVersion.js': `export async function getModuleVersion() { return ${JSON.stringify(readJson('package.json')['version'])}; }`,
  'binariesGithubRelease.js': `
    const release = ${JSON.stringify(readJson('llama/binariesGithubRelease.json')['release'])};
    export const getBinariesGithubRelease = async () => release;
    export const builtinLlamaCppRelease = release;
    export const defaultLlamaCppRelease = release;`,
  // The process that loads the binary is one that may crash.
  'testBindingBinary.js': 'export const testBindingBinary = async () => true;',
};

/** @type {import('esbuild').Plugin} */
const inOneFile = {
  name: 'node-llama-cpp in one file',
  setup(build) {
    const left = new Set(Object.keys(replaced));
    for (const [name, contents] of Object.entries(replaced))
      build.onLoad(
        { filter: new RegExp(`[\\\\/]node-llama-cpp[\\\\/]dist[\\\\/].*[\\\\/]${name.replace('.', '\\.')}$`) },
        () => {
          left.delete(name);
          return { contents, loader: 'js' };
        },
      );
    build.onEnd(() => {
      if (left.size === 0) return {};
      return {
        errors: [{ text: `node-llama-cpp no longer has ${[...left].join(', ')}; see scripts/lib/llama-bundle.mjs.` }],
      };
    });
  },
};

/** @satisfies {import('esbuild').BuildOptions} */
export const llamaOptions = {
  // The library awaits at its top level, which only a module may.
  format: /** @type {const} */ ('esm'),
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
  external: ['@node-llama-cpp/*', '@reflink/*'],
  minify: true,
  plugins: [inOneFile],
};
