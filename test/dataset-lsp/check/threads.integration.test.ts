import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeChatFile } from '../../../bench/lint-data';
import { checkFile } from '../../../src/dataset-lsp/check';
import { NO_LIMITS } from '../../../src/dataset-lsp/check/problem-list';
import { buildWorker, comparable, lintBytes, temporaryFolder } from './support';
import { appendFileSync, readFileSync } from 'node:fs';

let folder: ReturnType<typeof temporaryFolder>;
let workerPath: string;
let path: string;
beforeAll(async () => {
  folder = temporaryFolder();
  workerPath = await buildWorker(folder.path);
  path = join(folder.path, 'large.jsonl');
  writeChatFile(path, 14e6);
  appendFileSync(path, '\n{"messages": []}\r\n{"broken\n');
  appendFileSync(path, Buffer.from('{"messages": [{"role": "user", "content": "h\u00e9"}]}\n', 'latin1'));
});
afterAll(() => folder.remove());

it('says the same with threads, without, and of the text in memory', async () => {
  const progress: number[] = [];
  const options = { limits: NO_LIMITS };
  const threads = await checkFile(
    path,
    { ...options, workerPath, threads: 3 },
    { onProgress: ({ doneBytes }) => progress.push(doneBytes) },
  );
  expect(comparable(threads)).toEqual(comparable(await checkFile(path, options)));
  expect(comparable(threads)).toEqual(comparable(lintBytes(readFileSync(path))));
  expect(threads.summary.issueCounts).toMatchObject({ 'json-syntax': 1, 'empty-messages': 1, 'invalid-encoding': 1 });
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(progress.length).toBeGreaterThan(3);
});

it('counts the same tokens with threads', async () => {
  const tokens = { maxLength: 200 };
  const threads = await checkFile(path, { tokens, workerPath, threads: 2 });
  expect(comparable(threads)).toEqual(comparable(await checkFile(path, { tokens })));
  expect(threads.summary.totalTokens).toBeGreaterThan(1_000_000);
});

it('passes on the failure of a thread', async () => {
  const tokens = { maxLength: 200, model: join(folder.path, 'no-model') };
  await expect(checkFile(path, { tokens, workerPath, threads: 2 })).rejects.toMatchObject({ exitCode: 2 });
});

it('is given up when the caller says so', async () => {
  const controller = new AbortController();
  const checked = checkFile(
    path,
    { workerPath, threads: 2 },
    { signal: controller.signal, onProgress: () => controller.abort() },
  );
  await expect(checked).rejects.toThrow('aborted');
});

it.skipIf(process.platform === 'win32')('ends with code 130 at Ctrl-C', async () => {
  const cli = join(folder.path, 'dist', 'cli.js');
  await build({
    entryPoints: [fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))],
    outfile: cli,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: ['onnxruntime-node'],
    logLevel: 'error',
  });
  const child = spawn(process.execPath, [cli, 'check', path], { env: { ...process.env, FINE_TUNE_PROGRESS: '1' } });
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.once('data', () => child.kill('SIGINT'));
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(130);
  expect(out).toBe('');
});
