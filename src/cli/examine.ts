/** What `fine-tune doctor` finds out about this machine. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { arch, freemem, release, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../common/failure';
import { readConfigFile } from '../training/config-file';
import { engineFolder } from '../training/devices/engine-folder';
import type { Gpu } from '../training/devices/gpu-parsers';
import { listGpus } from '../training/devices/gpus';
import { type DeviceLibrary, deviceLibraries } from '../training/devices/libraries';
import { type Processor, processor } from '../training/devices/processor';
import { type DeviceReport, type Survey, surveyDevices } from '../training/devices/survey';
import { ggufCacheBytes, ggufCacheFolder } from '../evaluation/generation/gguf-cache';
import { llamaPackage, missingLlama } from '../evaluation/generation/llama/installed';
import { probeLlama } from '../evaluation/generation/llama/probe';
import { findNode } from '../training/launcher';
import { SETTINGS } from '../training/settings';
import { memoryText } from './format';

export interface Finding {
  /** `absent`: training works without it. `missing`: it does not. */
  readonly state: 'ok' | 'absent' | 'missing';
  readonly what: string;
  readonly text: string;
  readonly hint?: string;
}

/** What `--json` prints. */
export interface MachineReport {
  readonly findings: readonly Finding[];
  readonly gpus: readonly Gpu[];
  readonly devices: readonly DeviceReport[];
  /** Without a usable runtime there is nothing to choose. */
  readonly choice: Survey['choice'] | null;
}

export async function examine(trainerPath: string, cwd: string, nodePath?: string): Promise<MachineReport> {
  const node = await findNode(nodePath).catch((error: unknown) => failureOf(error));
  const engine = await loadEngine();
  const usable = typeof node === 'string' && existsSync(trainerPath) && !('reason' in engine);
  const survey: Omit<Survey, 'choice'> & { readonly choice: Survey['choice'] | null } = usable
    ? await surveyDevices(engine.backends, { nodePath: node, trainerPath, runtimeVersion: engine.version, anew: true })
    : { gpus: await listGpus(), devices: [], choice: null };
  const findings: Finding[] = [
    typeof node === 'string'
      ? { state: 'ok', what: 'node', text: nodePath === undefined ? `${process.version} ${node}` : node }
      : { state: 'missing', what: 'node', text: node.message, hint: node.hint },
    { state: 'ok', what: 'system', text: `${process.platform} ${release()} ${arch()}` },
    { state: 'ok', what: 'processor', text: processorText(processor()) },
    { state: 'ok', what: 'memory', text: `${memoryText(totalmem())}, ${memoryText(freemem())} free` },
    await diskFinding(cwd),
    existsSync(trainerPath)
      ? { state: 'ok', what: 'trainer', text: trainerPath }
      : { state: 'missing', what: 'trainer', text: `${trainerPath} does not exist`, hint: 'Run "npm run build".' },
    'reason' in engine
      ? { state: 'missing', what: 'engine', text: engine.reason, hint: engine.hint }
      : { state: 'ok', what: 'engine', text: `onnxruntime-node ${engine.version}` },
    await llamaFinding(typeof node === 'string' ? node : undefined),
    ...cacheFinding(),
    ...deviceLibraries(engineFolder(trainerPath)).map(libraryFinding),
    ...gpuFindings(survey.gpus),
    ...survey.devices.map(deviceFinding),
  ];
  const { choice } = survey;
  if (choice) findings.push({ state: 'ok', what: 'device auto', text: `takes ${choice.device}: ${choice.reason}` });
  return { findings, ...survey };
}

/** `AMD EPYC, 2 cores, 4 threads, AVX2, AVX-512` */
export function processorText({ name, cores, threads, features }: Processor): string {
  return [
    name,
    `${cores} ${cores === 1 ? 'core' : 'cores'}`,
    `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    ...(features ?? ['instruction sets unknown']),
  ].join(', ');
}

/** What to do is said with the device that needs it. */
function libraryFinding({ name, path }: DeviceLibrary): Finding {
  return { state: path === null ? 'absent' : 'ok', what: name, text: path ?? 'not found' };
}

export function gpuFindings(gpus: readonly Gpu[]): Finding[] {
  if (gpus.length === 0) return [{ state: 'absent', what: 'GPU', text: 'none was found' }];
  return gpus.map((gpu) => ({ state: 'ok', what: 'GPU', text: gpuText(gpu) }));
}

/** `NVIDIA H100, driver 580.95.05, 79.6 GiB, 79.1 GiB free, 0 % busy` */
function gpuText({ name, driver, memoryBytes, freeBytes, utilization }: Gpu): string {
  return [
    name,
    `driver ${driver ?? 'unknown'}`,
    memoryBytes === null ? 'memory unknown' : memoryText(memoryBytes),
    ...(freeBytes === null ? [] : [`${memoryText(freeBytes)} free`]),
    ...(utilization === null ? [] : [`${Math.round(utilization * 100)} % busy`]),
  ].join(', ');
}

export function deviceFinding({ device, state, text, hint }: DeviceReport): Finding {
  const words = { ready: text, slow: `works, but slower: ${text}`, unusable: `does not work: ${text}`, missing: text };
  return {
    state: state === 'ready' || state === 'slow' ? 'ok' : 'absent',
    what: `device ${device}`,
    text: words[state],
    ...(hint !== undefined && { hint }),
  };
}

async function diskFinding(cwd: string): Promise<Finding> {
  const folder = outputFolder(cwd);
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  try {
    const { bavail, bsize } = await statfs(existing);
    return { state: 'ok', what: 'disk', text: `${memoryText(bavail * bsize)} free for ${folder}` };
  } catch {
    return { state: 'ok', what: 'disk', text: `free space for ${folder} unknown` };
  }
}

/** What writes answers in evaluation and chat; without it our own engine does, which is slower. */
async function llamaFinding(node: string | undefined): Promise<Finding> {
  const missing = missingLlama();
  const absent = (text: string): Finding => ({ state: 'absent', what: 'llama.cpp', text, hint: WITHOUT_LLAMA });
  if (missing !== undefined || node === undefined) return absent(missing ?? 'it needs Node');
  const { childPath, version } = llamaPackage();
  try {
    const device = await probeLlama(node, childPath);
    return { state: 'ok', what: 'llama.cpp', text: `node-llama-cpp ${version}, ${llamaDeviceText(device)}` };
  } catch (error) {
    return absent(`it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The packages with CUDA and Vulkan, up to half a gigabyte, are not part of the extension. */
function llamaDeviceText(device: string): string {
  return device === 'cpu' ? 'on the processor (it uses the GPU of Apple silicon only)' : device;
}

const WITHOUT_LLAMA = 'Evaluation and chat use onnxruntime instead, which is slower.';

/** Models that were written for llama.cpp. */
function cacheFinding(): Finding[] {
  const bytes = ggufCacheBytes();
  if (bytes === 0) return [];
  const text = `${memoryText(bytes)} of models in ${ggufCacheFolder()}, which may be removed`;
  return [{ state: 'ok', what: 'llama.cpp files', text }];
}

/** Where runs of this folder go. A configuration that cannot be read is the business of `train`. */
function outputFolder(cwd: string): string {
  const standard = resolve(cwd, SETTINGS.output_dir.default);
  const file = join(cwd, 'finetune.json');
  if (!existsSync(file)) return standard;
  try {
    const { output_dir } = readConfigFile(file);
    return typeof output_dir === 'string' ? resolve(cwd, output_dir) : standard;
  } catch {
    return standard;
  }
}

/** Loaded here and not at the top: on a system that it has no build for, the command must still say so. */
async function loadEngine(): Promise<
  | { readonly version: string; readonly backends: readonly string[] }
  | { readonly reason: string; readonly hint: string }
> {
  try {
    const { availableDevices, onnxRuntimeVersion } = await import('../training/engines/onnxruntime');
    return { version: onnxRuntimeVersion(), backends: availableDevices() };
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
    return {
      reason: `onnxruntime-node cannot be loaded on ${process.platform} ${process.arch}: ${reason}`,
      hint: 'Run "npm ci". It has builds for Linux and Windows on x64 and arm64, and for Macs with Apple silicon.',
    };
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}
