/**
 * How long an edit of a large open file takes until its findings are there: the real language server, over its
 * standard streams, as an editor would use it.
 *
 *   node bench/run.mjs typing --megabytes 50
 *
 * Characters are typed at random places, first while the file is still being checked, then with everything done; in
 * between come pauses as long as a person's, in which the server begins to compare all records again. Needs `npm run build`.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  createProtocolConnection,
  PublishDiagnosticsNotification,
  StreamMessageReader,
  StreamMessageWriter,
  type ProtocolConnection,
} from 'vscode-languageserver/node';
import { createRandom, type Random } from '../src/common/random';
import { FORMAT_RECORD, SUMMARY_CHANGED, type DatasetSummary } from '../src/dataset-lsp/protocol';

const USAGE = `Usage: node bench/run.mjs typing [options]
  --megabytes N   size of the file (50)
  --keys N        characters that are typed in each part (200)
  --server FILE   the bundled server (dist/dataset-lsp.js)
  --json          print the figures as JSON`;

const WANTED_P95_MS = 50;

interface Part {
  readonly name: string;
  readonly milliseconds: readonly number[];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      megabytes: { type: 'string', default: '50' },
      keys: { type: 'string', default: '200' },
      server: { type: 'string', default: join(__dirname, '..', 'dataset-lsp.js') },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [megabytes, keys] = [Number(values.megabytes), Number(values.keys)];
  if (values.help || !(megabytes > 0) || !(keys > 0)) {
    console.log(USAGE);
    return 2;
  }
  if (!existsSync(values.server)) {
    console.error(`${values.server} does not exist. Run "npm run build" first.`);
    return 2;
  }
  const random = createRandom(1);
  const lines = makeLines(megabytes * 1e6, random);
  const editor = await openEditor(values.server);
  const opened = performance.now();
  await editor.open(lines);
  const first = performance.now() - opened;
  const parts: Part[] = [
    { name: 'key press while the file is still checked', milliseconds: await editor.type(keys, random) },
  ];
  await editor.ready();
  const ready = performance.now() - opened;
  const memory = editor.memory();
  parts.push({ name: 'key press', milliseconds: await editor.type(keys, random) });
  await editor.ready();
  const slowest = await editor.slowestAnswer(async () => {
    await editor.type(20, random);
    await editor.ready();
  });
  const pasted = makeLines(1500 * 1000, random).slice(0, 1000);
  const paste: number[] = [];
  const undo: number[] = [];
  for (let i = 0; i < 5; i++) {
    const at = random.integer(lines.length);
    paste.push(await editor.edit([at, 0], [at, 0], `${pasted.join('\n')}\n`));
    undo.push(await editor.edit([at, 0], [at + pasted.length, 0], ''));
  }
  parts.push({ name: 'paste of 1,000 lines', milliseconds: paste }, { name: 'undo of it', milliseconds: undo });
  const peak = editor.memory();
  await editor.close();
  const figures = { megabytes, lines: lines.length, load: loadavg()[0]!, first, ready, slowest, memory, peak, parts };
  if (values.json) console.log(JSON.stringify(figures));
  else print(figures);
  return percentile(parts[1]!.milliseconds, 0.95) <= WANTED_P95_MS ? 0 : 1;
}

/** Chat records of about 1.5 KB; one in fifty comes again with a few other words. */
function makeLines(bytes: number, random: Random): string[] {
  const words = Array.from({ length: 4000 }, () => {
    let word = '';
    for (let i = 2 + random.integer(8); i > 0; i--) word += 'etaoinshrdlucmfwypvbgk'[random.integer(22)]!;
    return word;
  });
  const sentence = (n: number): string => {
    const said = Array.from({ length: n }, () => words[random.integer(words.length)]!).join(' ');
    return `${said[0]!.toUpperCase()}${said.slice(1)}.`;
  };
  const text = (sentences: number): string =>
    Array.from({ length: sentences }, () => sentence(6 + random.integer(9))).join(' ');
  const lines: string[] = [];
  for (let size = 0; size < bytes; size += lines.at(-1)!.length + 1) {
    const again = lines.length > 100 && random.next() < 0.02;
    lines.push(
      again
        ? lines[random.integer(lines.length)]!.replace(/[a-z]{5,} /, 'another ')
        : JSON.stringify({
            messages: [
              { role: 'user', content: text(4) },
              { role: 'assistant', content: text(9) },
              { role: 'user', content: text(1) },
              { role: 'assistant', content: text(6) },
            ],
          }),
    );
  }
  return lines;
}

async function openEditor(server: string) {
  const child = spawn(process.execPath, [server, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection: ProtocolConnection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const uri = 'file:///data/train.jsonl';
  let version = 0;
  let told: ((version: number) => void) | undefined;
  let summary: DatasetSummary | undefined;
  let rows: string[] = [];
  connection.onNotification(PublishDiagnosticsNotification.type, (params) => told?.(params.version ?? 0));
  connection.onNotification(SUMMARY_CHANGED, (changed: DatasetSummary) => void (summary = changed));
  connection.listen();
  await connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
  await connection.sendNotification('initialized', {});

  const findingsOf = (wanted: number): Promise<void> =>
    new Promise((resolve) => (told = (one) => (one >= wanted ? resolve() : undefined)));
  const edit = async (
    from: readonly [number, number],
    to: readonly [number, number],
    text: string,
  ): Promise<number> => {
    const told = findingsOf(++version);
    const started = performance.now();
    const range = {
      start: { line: from[0], character: from[1] },
      end: { line: to[0], character: to[1] },
    };
    await connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ range, text }],
    });
    await told;
    return performance.now() - started;
  };
  return {
    edit,
    open: async (lines: readonly string[]): Promise<void> => {
      rows = [...lines];
      const told = findingsOf(++version);
      const text = `${lines.join('\n')}\n`;
      await connection.sendNotification('textDocument/didOpen', {
        textDocument: { uri, languageId: 'jsonl', version, text },
      });
      await told;
    },
    /** Types single characters, most of them inside texts, some of which break the record and are taken back. */
    type: async (count: number, random: Random): Promise<number[]> => {
      const times: number[] = [];
      while (times.length < count) {
        const line = random.integer(rows.length);
        const at = 1 + random.integer(rows[line]!.length - 1);
        const key = random.next() < 0.1 ? '"' : 'abcde fghij'[random.integer(11)]!;
        times.push(await edit([line, at], [line, at], key));
        if (key === '"') times.push(await edit([line, at], [line, at + 1], ''));
        else rows[line] = rows[line]!.slice(0, at) + key + rows[line]!.slice(at);
        await pause(random.next() < 0.1 ? 400 : 20 + random.integer(60));
      }
      return times;
    },
    ready: async (): Promise<void> => {
      await pause(50);
      while (summary?.state !== 'ready' || summary.version < version) await pause(20);
    },
    /** The longest that a small request had to wait while something else was done. */
    slowestAnswer: async (work: () => Promise<void>): Promise<number> => {
      let done = false;
      let slowest = 0;
      const asking = (async () => {
        while (!done) {
          const started = performance.now();
          await connection.sendRequest(FORMAT_RECORD, { uri, line: 0 });
          slowest = Math.max(slowest, performance.now() - started);
          await pause(5);
        }
      })();
      await work();
      done = true;
      await asking;
      return slowest;
    },
    /** Resident memory of the server in MB; `undefined` where the system does not say. */
    memory: (): number | undefined => {
      try {
        const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
        return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
      } catch {
        return undefined;
      }
    },
    close: async (): Promise<void> => {
      await connection.sendRequest('shutdown');
      await connection.sendNotification('exit');
      connection.dispose();
    },
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}

function print(figures: {
  readonly megabytes: number;
  readonly lines: number;
  readonly load: number;
  readonly first: number;
  readonly ready: number;
  readonly slowest: number;
  readonly memory: number | undefined;
  readonly peak: number | undefined;
  readonly parts: readonly Part[];
}): void {
  const { megabytes, lines, load, first, ready, slowest, memory, peak, parts } = figures;
  console.log(`${megabytes} MB, ${lines.toLocaleString('en-US')} records, load ${load.toFixed(1)}`);
  console.log(
    `First findings after ${first.toFixed(0)} ms, everything (duplicates, tokens) after ${ready.toFixed(0)} ms.`,
  );
  console.log(`While all records are compared and counted, a small request waits ${slowest.toFixed(0)} ms at most.`);
  if (memory !== undefined && peak !== undefined)
    console.log(
      `Memory of the server: ${memory.toFixed(0)} MB when all is done, ${peak.toFixed(0)} MB after the edits.`,
    );
  console.log('| edit until its findings, ms | p50 | p95 | most |\n| --- | ---: | ---: | ---: |');
  for (const { name, milliseconds } of parts) {
    const figure = (share: number): string => percentile(milliseconds, share).toFixed(1);
    console.log(`| ${name} | ${figure(0.5)} | ${figure(0.95)} | ${figure(1)} |`);
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
