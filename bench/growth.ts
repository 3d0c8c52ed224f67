/**
 * How the cost of training grows with the length of the records and the depth of the model, as a table and a plot.
 *
 *   npm run bench:growth -- --memory fast,low --plot docs/growth.svg
 *
 * Each point is a run of bench/train.ts in a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { growthSvg } from './growth-svg';
import type { Measurement } from './training-task';

/** One setting of the memory mode over one axis. */
export interface Series {
  readonly memory: string;
  readonly points: readonly Point[];
}
export interface Point {
  /** Tokens of a record, or layers. */
  readonly x: number;
  readonly tokensPerSecond: number;
  readonly peakMegabytes: number;
}

const LENGTHS = [256, 512, 1024, 2048, 4096];
const DEPTHS = [
  { layers: 30, shape: 'smollm2-135m' },
  { layers: 60, shape: 'smollm2-135m-2x-deep' },
  { layers: 120, shape: 'smollm2-135m-4x-deep' },
];
const DEPTH_TOKENS = 512;

function main(): void {
  const { values } = parseArgs({
    options: {
      memory: { type: 'string', default: 'fast,low' },
      steps: { type: 'string', default: '3' },
      plot: { type: 'string' },
    },
  });
  const modes = values.memory.split(',');
  const point = (x: number, shape: string, tokens: number, memory: string): Point => {
    const flags = ['--shape', shape, '--tokens', `${tokens}`, '--memory', memory, '--steps', values.steps];
    const [measured] = train([...flags, '--warmup', '1', '--json']).ours;
    const { tokensPerSecond, peakMemoryBytes } = measured!;
    const made = { x, tokensPerSecond, peakMegabytes: peakMemoryBytes / 1e6 };
    console.error(`${shape} ${tokens} ${memory}: ${row([made])}`);
    return made;
  };
  const lengths = modes.map((memory): Series => ({
    memory,
    points: LENGTHS.map((length) => point(length, 'smollm2-135m', length, memory)),
  }));
  const depths = modes.map((memory): Series => ({
    memory,
    points: DEPTHS.map(({ layers, shape }) => point(layers, shape, DEPTH_TOKENS, memory)),
  }));
  console.log(`SmolLM2-135M's shape, LoRA r 8 on q and v, one record a batch, load ${loadavg()[0]!.toFixed(1)}.\n`);
  printTable('tokens of a record', lengths);
  printTable(`layers, ${DEPTH_TOKENS} tokens`, depths);
  if (values.plot !== undefined)
    writeFileSync(
      values.plot,
      growthSvg([
        { label: 'tokens of a record', series: lengths },
        { label: `layers (${DEPTH_TOKENS} tokens)`, series: depths },
      ]),
    );
}

function train(flags: readonly string[]): { readonly ours: readonly Measurement[] } {
  const script = join(__dirname, '..', '..', 'bench', 'run.mjs');
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, 'train', ...flags], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`bench/train ended with ${status}:\n${stderr.slice(-3000)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as { ours: Measurement[] };
}

function printTable(label: string, all: readonly Series[]): void {
  console.log(`| ${label} | ${all.map(({ memory }) => `${memory}: tokens/s | peak MB`).join(' | ')} |`);
  console.log(`| ---: |${all.map(() => ' ---: | ---: |').join('')}`);
  for (const [i, { x }] of all[0]!.points.entries())
    console.log(`| ${x} | ${row(all.map(({ points }) => points[i]!))} |`);
  console.log('');
}

function row(points: readonly Point[]): string {
  return points.map((p) => `${p.tokensPerSecond.toFixed(0)} | ${p.peakMegabytes.toFixed(0)}`).join(' | ');
}

main();
