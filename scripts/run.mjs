// Runs a TypeScript script: node scripts/run.mjs scripts/sample/x.ts [arguments …]
// The script is bundled (packages stay external) next to node_modules so that those packages are found, and its
// exit code is passed on.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined) {
  console.error('usage: node scripts/run.mjs SCRIPT.ts [arguments …]');
  process.exit(2);
}

const folder = await mkdtemp(path.join(root, 'node_modules', '.run-'));
try {
  const outfile = path.join(folder, 'script.mjs');
  await build({
    entryPoints: [path.resolve(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  process.exitCode = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--enable-source-maps', outfile, ...rest], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
