/**
 * Speed and memory of `fine-tune check` on a large chat file, and side by side of its peers in Python: json.loads with
 * the checks of OpenAI's cookbook, and Hugging Face's tokenizers for the token counts.
 *
 *   npm run bench:lint -- --peer .venv/bin/python --model DIR
 *
 * Every measurement is a process of its own; ours and the peers' take turns (`--rounds`), so that a change in the
 * machine's load meets both. With a model, both must count the same number of tokens.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkFile } from '../src/dataset-lsp/check';
import type { TokenCounting } from '../src/dataset-lsp/check/job';
import { writeChatFile } from './lint-data';

const USAGE = `Usage: npm run bench:lint -- [options]
  --size MB       size of the file (100)
  --file FILE     another file, which must be chat records for the peers
  --threads N     threads of our check (one for each processor)
  --rounds N      turns of all sides (3)
  --peer PYTHON   a Python; with the package tokenizers, and --model, for the peer that counts tokens
  --model DIR     folder with tokenizer.json and a ChatML template; without it tokens are counted by the default vocabulary
  --json          print the measurements as JSON`;

interface Measurement {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly records: number;
  readonly tokens?: number;
  readonly findings?: number;
}

// `Bundles` of the command line lie side by side, too; bench/run.mjs puts the thread's beside this one.
const WORKER = join(__dirname, 'check-worker.js');
const MAX_LENGTH = 2048;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '100' },
      file: { type: 'string' },
      threads: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      peer: { type: 'string' },
      model: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      measure: { type: 'string' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 2;
  }
  const file = values.file ?? chatFile(Number(values.size));
  const threads = values.threads === undefined ? undefined : Number(values.threads);
  if (values.measure !== undefined) {
    const model = values.model === undefined ? {} : { model: values.model };
    const tokens = values.measure === 'tokens' ? { maxLength: MAX_LENGTH, ...model } : undefined;
    console.log(JSON.stringify(await measure(file, tokens, threads)));
    return 0;
  }
  const own = (kind: 'rules' | 'tokens'): Measurement =>
    runJson(process.execPath, [__filename, ...process.argv.slice(2), '--file', file, '--measure', kind]);
  const python = (script: string, ...rest: readonly string[]): Measurement =>
    runJson(values.peer!, [join(__dirname, '../../bench/lint', script), file, ...rest]);
  const tokenizer = values.model === undefined ? undefined : join(values.model, 'tokenizer.json');
  const sides = {
    'our rules': () => own('rules'),
    ...(values.peer ? { 'json.loads + cookbook': () => python('peer.py') } : {}),
    'our rules + tokens': () => own('tokens'),
    ...(values.peer && tokenizer ? { 'HF tokenizers, counts only': () => python('peer_tokens.py', tokenizer) } : {}),
  };
  const measured = new Map<string, Measurement[]>();
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [name, side] of Object.entries(sides)) measured.set(name, [...(measured.get(name) ?? []), side()]);
  const bytes = statSync(file).size;
  report(bytes, measured, values.json);
  return 0;
}

/** Generated once for each size. */
function chatFile(megabytes: number): string {
  const folder = join(tmpdir(), 'fine-tune-bench');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `chat-${megabytes}.jsonl`);
  if (!existsSync(path)) writeChatFile(path, megabytes * 1e6);
  return path;
}

async function measure(path: string, tokens: TokenCounting | undefined, threads?: number): Promise<Measurement> {
  const started = performance.now();
  const { summary } = await checkFile(path, { tokens, threads, workerPath: WORKER });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage();
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    records: summary.totalExamples,
    findings: Object.values(summary.issueCounts).reduce((sum, count) => sum + count, 0),
    ...(summary.totalTokens === undefined ? {} : { tokens: summary.totalTokens }),
  };
}

function runJson(command: string, args: readonly string[]): Measurement {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  return JSON.parse(stdout) as Measurement;
}

function report(bytes: number, measured: ReadonlyMap<string, readonly Measurement[]>, json: boolean): void {
  const best = new Map(
    [...measured].map(([name, all]) => [name, all.reduce((a, b) => (b.seconds < a.seconds ? b : a))]),
  );
  const counts = [...best.values()].flatMap(({ tokens }) => (tokens === undefined ? [] : [tokens]));
  const same = best.has('HF tokenizers, counts only') ? new Set(counts).size === 1 : undefined;
  if (json) {
    console.log(
      JSON.stringify(
        { bytes, load: loadavg(), sameTokens: same, measured: Object.fromEntries(measured) },
        undefined,
        2,
      ),
    );
    return;
  }
  const records = best.get('our rules')!.records;
  console.log(
    `${(bytes / 1e6).toFixed(0)} MB, ${records.toLocaleString('en-US')} records; ${cpus().length} processors, load ${loadavg()[0]!.toFixed(1)}; best of ${[...measured.values()][0]!.length}`,
  );
  const row = (cells: readonly string[]): string =>
    `${cells[0]!.padEnd(28)}${cells
      .slice(1)
      .map((cell) => cell.padStart(12))
      .join('')}`;
  console.log(row(['', 'MB/s', 'MB/CPU s', 'peak MB', 'findings']));
  for (const [name, { seconds, cpuSeconds, peakBytes, findings }] of best)
    console.log(
      row([
        name,
        (bytes / 1e6 / seconds).toFixed(1),
        (bytes / 1e6 / cpuSeconds).toFixed(1),
        (peakBytes / 1e6).toFixed(0),
        findings === undefined ? '' : findings.toLocaleString('en-US'),
      ]),
    );
  ratio(best, 'our rules', 'json.loads + cookbook');
  ratio(best, 'our rules + tokens', 'HF tokenizers, counts only');
  if (same !== undefined)
    console.log(same ? 'Both count the same tokens.' : `The token counts differ: ${counts.join(' and ')}.`);
}

function ratio(best: ReadonlyMap<string, Measurement>, ours: string, peer: string): void {
  const [a, b] = [best.get(ours), best.get(peer)];
  if (!a || !b) return;
  const wall = (b.seconds / a.seconds).toFixed(2);
  console.log(
    `${ours} against ${peer}: ${wall}× the speed, ${(b.cpuSeconds / a.cpuSeconds).toFixed(2)}× for each CPU second`,
  );
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
