import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect } from 'vitest';
import {
  createProtocolConnection,
  PublishDiagnosticsNotification,
  StreamMessageReader,
  StreamMessageWriter,
  type InitializeResult,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
} from 'vscode-languageserver/node';
import { SUMMARY_CHANGED, type DatasetServerOptions, type DatasetSummary } from '../../src/dataset-lsp/protocol';

export interface ServerProcess {
  readonly connection: ProtocolConnection;
  readonly initialized: InitializeResult;
  readonly published: PublishDiagnosticsParams[];
  readonly summaries: DatasetSummary[];
  /** Requests of the server to the editor, by method. */
  readonly asked: string[];
  open(uri: string, text: string, languageId?: string): Promise<void>;
  change(uri: string, version: number, ...changes: readonly Change[]): Promise<void>;
  /** The first diagnostics of this version. */
  diagnosticsOf(uri: string, version: number): Promise<PublishDiagnosticsParams>;
  /** The last diagnostics, once all checks are done. */
  settled(uri: string, version: number): Promise<PublishDiagnosticsParams>;
  stop(): Promise<void>;
}

/** Replaces text between two positions, each a line and a character. */
type Change = readonly [from: readonly [number, number], to: readonly [number, number], text: string];

/** The server as users run it: bundled, in a process of its own, over its standard streams. */
export async function startServer(options: DatasetServerOptions = {}): Promise<ServerProcess> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  // Two folders below the root, as `dist` is one: the default vocabulary is found from there.
  const folder = mkdtempSync(join(root, 'node_modules', '.dataset-lsp-'));
  const outfile = join(folder, 'server.js');
  await build({
    entryPoints: [join(root, 'src/dataset-lsp/server.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: ['onnxruntime-node'],
  });
  const child = spawn(process.execPath, [outfile, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const published: PublishDiagnosticsParams[] = [];
  const summaries: DatasetSummary[] = [];
  const asked: string[] = [];
  connection.onNotification(PublishDiagnosticsNotification.type, (params) => void published.push(params));
  connection.onNotification(SUMMARY_CHANGED, (summary: DatasetSummary) => void summaries.push(summary));
  for (const method of ['workspace/codeLens/refresh', 'workspace/inlayHint/refresh'])
    connection.onRequest(method, () => (asked.push(method), null));
  connection.listen();
  const initialized = await connection.sendRequest<InitializeResult>('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: { workspace: { codeLens: { refreshSupport: true }, inlayHint: { refreshSupport: true } } },
    initializationOptions: options,
  });
  await connection.sendNotification('initialized', {});

  const find = (uri: string, version: number) => published.find((one) => one.uri === uri && one.version === version);
  return {
    connection,
    initialized,
    published,
    summaries,
    asked,
    open: (uri, text, languageId = 'jsonl') =>
      connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId, version: 1, text } }),
    change: (uri, version, ...changes) =>
      connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: changes.map(([from, to, text]) => ({
          range: {
            start: { line: from[0], character: from[1] },
            end: { line: to[0], character: to[1] },
          },
          text,
        })),
      }),
    diagnosticsOf: async (uri, version) => {
      await until(() => find(uri, version) !== undefined, `no diagnostics for version ${version} of ${uri}`);
      return find(uri, version)!;
    },
    settled: async (uri, version) => {
      const isReady = (one: DatasetSummary): boolean =>
        one.uri === uri && one.version === version && one.state === 'ready';
      await until(() => summaries.some(isReady), `version ${version} of ${uri} is never done`);
      return published.findLast((one) => one.uri === uri)!;
    },
    stop: async () => {
      const hung = setTimeout(() => child.kill('SIGKILL'), 5000);
      await connection.sendRequest('shutdown');
      const exited = new Promise((resolve) => child.once('exit', resolve));
      await connection.sendNotification('exit');
      expect(await exited).toBe(0);
      clearTimeout(hung);
      connection.dispose();
      rmSync(folder, { recursive: true });
    },
  };
}

async function until(isDone: () => boolean, otherwise: string): Promise<void> {
  const end = Date.now() + 15_000;
  while (!isDone()) {
    if (Date.now() > end) throw new Error(`After 15 seconds ${otherwise}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
