// Bundles bench/<name>.ts and runs it with the remaining arguments: `node bench/run.mjs train --help`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { root, run } from '../scripts/lib/run.mjs';
import { main, ScriptFailure } from '../scripts/lib/say.mjs';

await main(async () => {
  const [name, ...args] = process.argv.slice(2);
  const entry = join(root, 'bench', `${name}.ts`);
  if (!name || !existsSync(entry))
    throw new ScriptFailure('Usage: node bench/run.mjs NAME [ARGUMENT…]', 'NAME is a benchmark: bench/NAME.ts.');
  const bundle = join(root, 'dist', 'bench', `${name}.js`);
  /** @type {esbuild.BuildOptions} */
  const options = {
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: true,
    mainFields: ['module', 'main'],
    external: ['onnxruntime-node'],
    logLevel: 'warning',
  };
  await esbuild.build({ ...options, entryPoints: [entry], outfile: bundle });
  if (name === 'lint') {
    const worker = { entryPoints: [join(root, 'src/dataset-lsp/check/worker.ts')] };
    await esbuild.build({ ...options, ...worker, outfile: join(root, 'dist', 'bench', 'check-worker.js') });
  }
  const { code } = await run(process.execPath, ['--enable-source-maps', bundle, ...args]);
  return code;
});
