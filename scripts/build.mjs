// Bundles src/ into dist/. `--partial` builds what can be built and leaves out the rest.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { llamaOptions } from './lib/llama-bundle.mjs';
import { root } from './lib/run.mjs';
import { main, ScriptFailure, step } from './lib/say.mjs';

/** @type {esbuild.BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  sourcemap: true,
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
};

/** What runs in Node or in the extension host. A bundler cannot carry the native library of onnxruntime-node. */
const node = /** @satisfies {esbuild.BuildOptions} */ ({
  ...common,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode', 'onnxruntime-node'],
  // Some dependencies ship UMD as `main`, whose inner require() calls esbuild cannot follow.
  mainFields: ['module', 'main'],
});

/** What runs in a webview. The icon font lies beside the style sheet, where the page's policy lets it load from the extension. */
const page = /** @satisfies {esbuild.BuildOptions} */ ({
  ...common,
  minify: true,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  loader: { '.ttf': 'file' },
  assetNames: '[name]',
});
const pages = {
  dashboard: 'src/webview/app/main.ts',
  preview: 'src/webview/app/preview/main.ts',
  statistics: 'src/webview/app/statistics/main.ts',
  evaluation: 'src/webview/app/evaluation/main.ts',
  chat: 'src/webview/app/chat/main.ts',
};

/** @param {{ partial?: boolean }} [options] */
export async function build({ partial = false } = {}) {
  /** @param {esbuild.BuildOptions} options @param {string} entry @param {string} outfile */
  const bundle = async (options, entry, outfile) => {
    if (!existsSync(join(root, entry))) {
      if (partial) return;
      throw new ScriptFailure(
        `${entry} does not exist.`,
        'The bundles and their entries are listed in scripts/build.mjs.',
      );
    }
    try {
      await esbuild.build({ ...options, entryPoints: [entry], outfile });
    } catch {
      // esbuild has printed where and why.
      if (!partial)
        throw new ScriptFailure(`${outfile} could not be built.`, 'Correct the errors above and try again.');
    }
  };
  const stamp = join(root, 'dist', '.complete');
  mkdirSync(join(root, 'dist'), { recursive: true });
  rmSync(stamp, { force: true });
  // The language client is four fifths of the extension; it is a file of its own, loaded with the first dataset.
  await bundle(
    { ...node, external: [...node.external, './dataset-lsp/client'], supported: { 'dynamic-import': false } },
    'src/extension.ts',
    'dist/extension.js',
  );
  await bundle(node, 'src/dataset-lsp/client.ts', 'dist/dataset-lsp/client.js');
  await bundle(node, 'src/dataset-lsp/server.ts', 'dist/dataset-lsp.js');
  await bundle(node, 'src/dataset-lsp/check/worker.ts', 'dist/check-worker.js');
  await bundle(node, 'src/training/main.ts', 'dist/trainer.js');
  await bundle({ ...node, ...llamaOptions }, 'src/evaluation/generation/llama/main.ts', 'dist/llama.mjs');
  await bundle({ ...node, banner: { js: '#!/usr/bin/env node' } }, 'src/cli.ts', 'dist/cli.js');
  for (const [name, entry] of Object.entries(pages)) await bundle(page, entry, `dist/${name}.js`);
  if (!partial) writeFileSync(stamp, '');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(() => step('Building dist/', () => build({ partial: process.argv.includes('--partial') })));
}
