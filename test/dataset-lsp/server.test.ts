import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type PublishDiagnosticsParams,
} from 'vscode-languageserver/node';
import { CONFIGURE, MOST_DIAGNOSTICS } from '../../src/dataset-lsp/protocol';

// The server as users run it: bundled, in a process of its own, over its standard streams.
let folder: string;
let process_: ChildProcess;
let connection: ProtocolConnection;
const published: PublishDiagnosticsParams[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dataset-lsp-'));
  const outfile = join(folder, 'server.js');
  const entry = fileURLToPath(new URL('../../src/dataset-lsp/server.ts', import.meta.url));
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
  });
  process_ = spawn(process.execPath, [outfile, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  connection = createProtocolConnection(
    new StreamMessageReader(process_.stdout!),
    new StreamMessageWriter(process_.stdin!),
  );
  connection.onNotification(PublishDiagnosticsNotification.type, (params) => void published.push(params));
  connection.listen();
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
    initializationOptions: { severities: { 'output-too-short': 'off' } },
  });
  await connection.sendNotification('initialized', {});
});
afterAll(async () => {
  await connection.sendRequest('shutdown');
  const exited = new Promise((resolve) => process_.once('exit', resolve));
  await connection.sendNotification('exit');
  expect(await exited).toBe(0);
  connection.dispose();
  rmSync(folder, { recursive: true });
});

const open = (uri: string, text: string, languageId = 'jsonl') =>
  connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId, version: 1, text } });

/** Waits for diagnostics of this version. */
async function diagnosticsOf(uri: string, version: number): Promise<PublishDiagnosticsParams> {
  const until = Date.now() + 15_000;
  for (;;) {
    const found = published.find((one) => one.uri === uri && one.version === version);
    if (found) return found;
    if (Date.now() > until) throw new Error(`No diagnostics for version ${version} of ${uri}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const good = '{"instruction": "Name a colour.", "output": "Green, for example."}\n';

describe('the language server', () => {
  it('publishes findings, follows edits, and clears when the file is closed', async () => {
    const uri = 'file:///data/train.jsonl';
    await open(uri, `${good}{"instruction": "Name a colour.", "output": 3}\n`);
    expect((await diagnosticsOf(uri, 1)).diagnostics).toMatchObject([
      {
        range: { start: { line: 1, character: 44 }, end: { line: 1, character: 45 } },
        severity: 1,
        source: 'fine-tune',
        code: 'wrong-type',
      },
    ]);
    await connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [
        { range: { start: { line: 1, character: 44 }, end: { line: 1, character: 45 } }, text: '"Three."' },
      ],
    });
    expect((await diagnosticsOf(uri, 2)).diagnostics).toEqual([]);
    await connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
    await expect.poll(() => published.at(-1)).toEqual({ uri, diagnostics: [] });
  });

  it('lints only the last of many quick edits', async () => {
    const uri = 'file:///data/typing.jsonl';
    await open(uri, '');
    await diagnosticsOf(uri, 1);
    const line = good.trim();
    for (let i = 0; i < line.length; i++)
      await connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version: i + 2 },
        contentChanges: [
          { range: { start: { line: 0, character: i }, end: { line: 0, character: i } }, text: line[i]! },
        ],
      });
    expect((await diagnosticsOf(uri, line.length + 1)).diagnostics).toEqual([]);
    expect(published.filter((one) => one.uri === uri).length).toBeLessThan(line.length / 2);
  });

  it('caps what it sends and says so', async () => {
    const uri = 'file:///data/many.jsonl';
    await open(
      uri,
      good + '{"instruction": "Short", "output": "Green, for example."}\n'.repeat(MOST_DIAGNOSTICS + 4) + 'broken\n',
    );
    const { diagnostics } = await diagnosticsOf(uri, 1);
    expect(diagnostics).toHaveLength(MOST_DIAGNOSTICS + 1);
    expect(diagnostics[0]!.code).toBe('json-syntax');
    expect(diagnostics.at(-1)!.message).toMatch(/^5 more findings are not shown here\./);
  });

  it('takes new severities and lints again', async () => {
    const uri = 'file:///data/short.jsonl';
    await open(uri, '{"instruction": "Name a colour.", "output": "Red"}\n');
    expect((await diagnosticsOf(uri, 1)).diagnostics).toEqual([]);
    published.length = 0;
    await connection.sendNotification(CONFIGURE, { severities: { 'output-too-short': 'error', nonsense: 'loud' } });
    expect((await diagnosticsOf(uri, 1)).diagnostics).toMatchObject([{ code: 'output-too-short', severity: 1 }]);
  });

  it('leaves logs of runs and other languages alone', async () => {
    await open('file:///w/.finetune/runs/a/events.jsonl', '{"v": 1}\n');
    await open('file:///w/data.json', '{"v": 1}\n', 'json');
    await open('file:///w/other.jsonl', '{"level": "info"}\n');
    expect((await diagnosticsOf('file:///w/other.jsonl', 1)).diagnostics).toMatchObject([
      { code: 'unknown-format', severity: 2 },
    ]);
    expect(published.some(({ uri }) => uri.includes('events') || uri.endsWith('.json'))).toBe(false);
  });
});
