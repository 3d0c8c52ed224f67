/**
 * Training throughput and peak memory of this trainer, and side by side of its peer: PyTorch + transformers + PEFT.
 *
 *   npm run bench:train -- --labelled 0.4 --peer .venv/bin/python
 *
 * Both get the same base weights, tokens, labels and settings, each in processes of its own, in turns (`--rounds`), so
 * that a change in the machine's load meets both. The loss of the first step must agree, or they did not do the same work.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { physicalCores } from '../src/training/cores';
import { measureSteps, median } from './training-steps';
import {
  type Measurement,
  SHAPE_NAMES,
  type TrainingTask,
  batchesJson,
  randomBase,
  taskExamples,
} from './training-task';

const USAGE = `Usage: npm run bench:train -- [options]
  --shape NAME       ${SHAPE_NAMES.join(', ')} (default smollm2-135m)
  --method NAME      lora or qlora (default lora)
  --memory LAYOUT    fast or low (default fast); --peer-option=--checkpointing is the peer's way
  --precision TYPE   float32, bfloat16 or float16: how the frozen matrices are kept (default float32)
  --targets WHICH    qv or all-linear (default qv)
  --r N              rank (8)
  --batch-size N     rows of a batch (1)
  --tokens N         tokens of a row (512)
  --labelled SHARE   trained share of a row (1)
  --warmup N         steps that are not measured (2)
  --steps N          steps that are measured, per round (8)
  --rounds N         turns of both sides (1)
  --threads N        processor threads (all physical cores)
  --peer PYTHON      a Python with bench/peft/requirements.txt; without it only this trainer is measured
  --peer-option X    passed on to bench/peft/train.py, e.g. --peer-option=--precision=bf16; may be repeated
  --cache DIR        where the random base is kept
  --json             print the measurements as JSON`;

const FIRST_LOSS_TOLERANCE = 1e-4;

async function main(): Promise<number> {
  const options = parse();
  if (!options) {
    console.log(USAGE);
    return 2;
  }
  const { task, base } = options;
  if (options.measureOnly) {
    console.log(JSON.stringify(await measureSteps(task, base)));
    return 0;
  }
  const config = JSON.parse(readFileSync(join(base, 'config.json'), 'utf8')) as { vocab_size: number };
  const batches = join(base, 'batches.json');
  writeFileSync(batches, batchesJson(task, taskExamples(task, config.vocab_size)));
  const ours: Measurement[] = [];
  const peers: Measurement[] = [];
  for (let round = 0; round < options.rounds; round++) {
    ours.push(measureIn(process.execPath, [__filename, ...process.argv.slice(2), '--measure']));
    if (options.peer !== undefined)
      peers.push(
        measureIn(options.peer, [
          join(__dirname, '..', '..', 'bench', 'peft', 'train.py'),
          ...['--base', base, '--batches', batches, '--targets', task.targets],
          ...['--method', task.method, '--r', `${task.r}`, '--warmup', `${task.warmup}`, '--steps', `${task.steps}`],
          ...['--threads', `${task.threads}`, '--seed', `${task.seed}`, ...options.peerOptions],
        ]),
      );
  }
  const ourRow = summary('fine-tune', task, ours);
  const rows = peers.length > 0 ? [ourRow, summary('PyTorch + PEFT', task, peers)] : [ourRow];
  if (options.json) console.log(JSON.stringify({ task, load: loadavg()[0], ours, peers }));
  else print(task, rows);
  const [a, b] = [ours[0]!.losses[0]!, peers[0]?.losses[0]];
  // Lower precision is a choice of the peer's options; then only the order of magnitude can agree.
  const tolerance = options.peerOptions.some((option) => option.includes('bf16')) ? 1e-2 : FIRST_LOSS_TOLERANCE;
  if (b !== undefined && !(Math.abs(a - b) <= tolerance * b)) {
    console.error(`The first losses differ (${a} and ${b}): the two sides did not do the same work.`);
    return 1;
  }
  return 0;
}

function parse() {
  const { values } = parseArgs({
    options: {
      shape: { type: 'string', default: 'smollm2-135m' },
      method: { type: 'string', default: 'lora' },
      memory: { type: 'string', default: 'fast' },
      precision: { type: 'string', default: 'float32' },
      targets: { type: 'string', default: 'qv' },
      r: { type: 'string', default: '8' },
      'batch-size': { type: 'string', default: '1' },
      tokens: { type: 'string', default: '512' },
      labelled: { type: 'string', default: '1' },
      warmup: { type: 'string', default: '2' },
      steps: { type: 'string', default: '8' },
      rounds: { type: 'string', default: '1' },
      threads: { type: 'string', default: `${physicalCores()}` },
      peer: { type: 'string' },
      'peer-option': { type: 'string', multiple: true, default: [] },
      cache: { type: 'string', default: join(tmpdir(), 'fine-tune-bench') },
      json: { type: 'boolean', default: false },
      measure: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const memory = (['fast', 'low'] as const).find((name) => name === values.memory);
  const precision = (['float32', 'bfloat16', 'float16'] as const).find((name) => name === values.precision);
  if (!memory || !precision) return undefined;
  const task: TrainingTask = {
    shape: values.shape,
    method: values.method,
    memory,
    precision,
    targets: values.targets,
    r: Number(values.r),
    batchSize: Number(values['batch-size']),
    tokens: Number(values.tokens),
    labelled: Number(values.labelled),
    warmup: Number(values.warmup),
    steps: Number(values.steps),
    threads: Number(values.threads),
    seed: 1,
  };
  const counts = [task.r, task.batchSize, task.tokens, task.steps, task.threads, Number(values.rounds)];
  const valid =
    SHAPE_NAMES.includes(task.shape) &&
    ['lora', 'qlora'].includes(task.method) &&
    ['qv', 'all-linear'].includes(task.targets) &&
    counts.every((n) => Number.isInteger(n) && n > 0) &&
    Number.isInteger(task.warmup) &&
    task.warmup >= 0 &&
    task.labelled > 0 &&
    task.labelled <= 1;
  if (values.help || !valid) return undefined;
  mkdirSync(values.cache, { recursive: true });
  return {
    task,
    base: randomBase(values.cache, task.shape),
    rounds: Number(values.rounds),
    peer: values.peer,
    peerOptions: values['peer-option'],
    json: values.json,
    measureOnly: values.measure,
  };
}

/** Runs a program that prints one measurement as its last line. */
function measureIn(program: string, args: readonly string[]): Measurement {
  const { stdout, stderr, status, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${stderr.slice(-3000)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Measurement;
}

interface Row {
  readonly name: string;
  readonly tokensPerSecond: number;
  readonly peakMegabytes: number;
}

/** Median over the steps of all rounds; the largest peak. */
function summary(name: string, task: TrainingTask, rounds: readonly Measurement[]): Row {
  return {
    name,
    tokensPerSecond: (task.batchSize * task.tokens) / median(rounds.flatMap((round) => round.stepSeconds)),
    peakMegabytes: Math.max(...rounds.map((round) => round.peakMemoryBytes)) / 1e6,
  };
}

function print(task: TrainingTask, rows: readonly Row[]): void {
  const { shape, method, memory, precision, targets, r, batchSize, tokens, labelled, threads } = task;
  console.log(
    `${shape}, ${method === 'qlora' ? 'QLoRA' : 'LoRA'} r ${r} on ${targets}, ${batchSize} × ${tokens} tokens, ${labelled * 100} % labelled, memory ${memory}, ${precision}, ` +
      `${threads} threads of ${cpus()[0]?.model.trim() ?? 'this processor'}, load ${loadavg()[0]!.toFixed(1)}`,
  );
  console.log('| | tokens/s | peak MB |\n| --- | ---: | ---: |');
  for (const row of rows)
    console.log(`| ${row.name} | ${row.tokensPerSecond.toFixed(0)} | ${row.peakMegabytes.toFixed(0)} |`);
  if (loadavg()[0]! > task.threads + 1) console.log('Other programs keep this machine busy: these figures say little.');
  const [ours, peer] = rows;
  if (ours && peer)
    console.log(
      `${(ours.tokensPerSecond / peer.tokensPerSecond).toFixed(2)}× the speed, ` +
        `${(ours.peakMegabytes / peer.peakMegabytes).toFixed(2)}× the memory`,
    );
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
