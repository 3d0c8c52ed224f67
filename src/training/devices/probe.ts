/**
 * Host side of a probe. It runs in a process of its own, since a broken driver can abort the process, end it with
 * code 0, or hang. What it found is kept for a week, a failure for an hour (another program may have filled the GPU),
 * or until the machine, a driver or the runtime changes.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import type { Device } from '../engines/onnxruntime';
import type { Gpu } from './gpu-parsers';
import { runtimeIsInstalled, withGpuRuntime } from './gpu-runtime';
import type { Measurement } from './measure';
import { userFolder } from './user-folder';

export type ProbeOutcome = { readonly measured: Measurement } | { readonly failed: string };

export interface ProbeOptions {
  /** A real Node, and the trainer's bundle, which is asked with `--probe`. */
  readonly nodePath: string;
  readonly trainerPath: string;
  readonly runtimeVersion: string;
  readonly gpus: readonly Gpu[];
  /** Asks the device again, whatever is known from before. */
  readonly anew?: boolean;
  readonly now?: number;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;
const HOUR_MS = 3600 * 1000;
const WEEK_MS = 7 * 24 * HOUR_MS;
/** More would be machines that share a home, each with its GPUs. */
const MOST_KEPT = 32;
/** Marks the line of the answer among what drivers print. */
export const PROBE_ANSWER = 'probe-answer ';

export async function probeDevice(device: Device, options: ProbeOptions): Promise<ProbeOutcome> {
  const { now = Date.now(), anew = false } = options;
  const key = keyOf(device, options);
  const known = readKept().filter(
    ({ time, outcome }) => time <= now && now - time < ('failed' in outcome ? HOUR_MS : WEEK_MS),
  );
  const kept = known.find((each) => each.key === key);
  if (kept && !anew) return kept.outcome;
  const outcome = await ask(device, options);
  keep([{ key, time: now, outcome }, ...known.filter((each) => each.key !== key)].slice(0, MOST_KEPT));
  return outcome;
}

async function ask(device: Device, options: ProbeOptions): Promise<ProbeOutcome> {
  const { nodePath, trainerPath, timeoutMs = TIMEOUT_MS } = options;
  return await new Promise((resolve) => {
    execFile(
      nodePath,
      [trainerPath, '--probe', device],
      { env: withGpuRuntime(process.env), timeout: timeoutMs, killSignal: 'SIGKILL', windowsHide: true },
      (error, stdout, stderr) => {
        const answer = parseAnswer(stdout, stderr);
        if (answer) resolve(answer);
        else if (error?.killed) resolve({ failed: `it gave no answer in ${timeoutMs / 1000} seconds` });
        else if (error?.signal) resolve({ failed: `its driver ended the process (${error.signal})` });
        else resolve({ failed: `its driver ended the process (code ${error?.code ?? 0})` });
      },
    );
  });
}

/** Which library a provider lacks stands only in what the runtime prints. */
export function parseAnswer(output: string, printed: string): ProbeOutcome | undefined {
  const line = output.split('\n').find((each) => each.startsWith(PROBE_ANSWER));
  if (line === undefined) return undefined;
  try {
    const outcome = JSON.parse(line.slice(PROBE_ANSWER.length)) as ProbeOutcome;
    const library = /with error: ([^\s:]+): cannot open shared object file/.exec(printed)?.[1];
    return 'failed' in outcome && library !== undefined ? { failed: `the library ${library} is missing` } : outcome;
  } catch {
    return undefined;
  }
}

/** Everything that changes what a device can do here. */
function keyOf(device: Device, { runtimeVersion, gpus }: ProbeOptions): string {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES, CUDA_VISIBLE_DEVICES } = process.env;
  return JSON.stringify([
    device,
    runtimeVersion,
    process.version,
    `${process.platform} ${release()} ${process.arch}`,
    `${cpus().length} × ${cpus()[0]?.model ?? ''}`,
    gpus.map(({ name, driver }) => [name, driver]),
    runtimeIsInstalled(),
    [VK_ICD_FILENAMES ?? null, VK_DRIVER_FILES ?? null, CUDA_VISIBLE_DEVICES ?? null],
  ]);
}

interface Kept {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly outcome: ProbeOutcome;
}

function keptFile(): string {
  return join(userFolder(), 'devices.json');
}

function readKept(): readonly Kept[] {
  try {
    const content = JSON.parse(readFileSync(keptFile(), 'utf8')) as { readonly probes?: readonly Kept[] };
    return Array.isArray(content.probes) ? content.probes : [];
  } catch {
    return [];
  }
}

/** Only saves time: that it cannot be written is no failure. */
function keep(probes: readonly Kept[]): void {
  const partial = `${keptFile()}.${process.pid}`;
  try {
    mkdirSync(userFolder(), { recursive: true });
    writeFileSync(partial, JSON.stringify({ probes }));
    renameSync(partial, keptFile());
  } catch {
    return;
  }
}
