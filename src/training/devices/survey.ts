/** Which devices this machine can train on, how fast they are, and which is the best: `device: auto`. */
import { existsSync, readdirSync } from 'node:fs';
import type { Device } from '../engines/onnxruntime';
import { engineFolder } from './engine-folder';
import type { Gpu } from './gpu-parsers';
import { OLDEST_DRIVER } from './gpu-runtime';
import { listGpus } from './gpus';
import { downloadBytes } from './install-runtime';
import { cudaProvider, vulkanLoader } from './libraries';
import type { Measurement } from './measure';
import { type ProbeOptions, type ProbeOutcome, probeDevice } from './probe';

export interface DeviceReport {
  readonly device: Device;
  /** `slow`: it works, but the processor is faster. `unusable`: it is there and does not work. */
  readonly state: 'ready' | 'slow' | 'unusable' | 'missing';
  readonly text: string;
  readonly hint?: string;
  readonly measured?: Measurement;
}
export interface DeviceChoice {
  readonly device: Device;
  /** In words, after "DEVICE: ". */
  readonly reason: string;
  /** A GPU is there that cannot be used: what to do. */
  readonly hint?: string;
}
export interface Survey {
  readonly gpus: readonly Gpu[];
  /** Best first; the processor is the last one, where it can be used. */
  readonly devices: readonly DeviceReport[];
  readonly choice: DeviceChoice;
}

/** What can be seen without starting anything. */
export interface DeviceFacts {
  readonly platform: NodeJS.Platform;
  readonly gpus: readonly Gpu[];
  /** The CUDA provider is in the user's folder, or beside the engine. */
  readonly cudaProvider: boolean;
  /** The kernel shows a GPU, or a driver is named in the environment. */
  readonly graphicsDevice: boolean;
  readonly vulkanLoader: boolean;
}

/** Training is more than products: a GPU must win clearly. */
const CLEARLY_FASTER = 1.5;
/** Reduced precision of GPUs (TF32) stays below; wrong results do not. */
const LARGEST_ERROR = 1e-2;
const DRIVER_HINT = `Install NVIDIA's driver ${OLDEST_DRIVER} or later from https://www.nvidia.com/drivers.`;
const GPU_DEVICES = ['cuda', 'dml', 'webgpu'] as const;
type GpuDevice = (typeof GPU_DEVICES)[number];

/** @param backends what the runtime was built with */
export async function surveyDevices(backends: readonly string[], options: Omit<ProbeOptions, 'gpus'>): Promise<Survey> {
  const gpus = await listGpus();
  const devices: DeviceReport[] = [];
  // One after the other: two at work on one GPU would slow each other.
  for (const device of GPU_DEVICES.filter((name) => backends.includes(name)))
    devices.push(await deviceReport(device, { ...options, gpus }));
  devices.sort((a, b) => speed(b) - speed(a));
  return { gpus, devices: [...devices, CPU], choice: choose(devices, gpus) };
}

export async function deviceReport(device: GpuDevice, options: ProbeOptions): Promise<DeviceReport> {
  const facts = lookAround(options.gpus, engineFolder(options.trainerPath));
  return missingPart(device, facts) ?? judge(device, await probeDevice(device, options), facts);
}

const CPU: DeviceReport = { device: 'cpu', state: 'ready', text: 'ready' };

export function choose(devices: readonly DeviceReport[], gpus: readonly Gpu[]): DeviceChoice {
  const ready = devices.filter(({ state }) => state === 'ready').sort((a, b) => speed(b) - speed(a));
  if (ready[0]) return { device: ready[0].device, reason: ready[0].text };
  const there = devices.filter(({ state }) => state !== 'missing' || gpus.length > 0);
  if (there.length === 0) return { device: 'cpu', reason: 'no GPU was found' };
  const reason = there.map(({ device, text }) => `${device}: ${text}`).join('; ');
  // Without a GPU that is known, what fails is the screen of a virtual machine or the like.
  const hint = gpus.length > 0 ? there.find((each) => each.hint !== undefined)?.hint : undefined;
  return { device: 'cpu', reason, ...(hint !== undefined && { hint }) };
}

/** What must be added before the device is worth a try. */
export function missingPart(device: GpuDevice, facts: DeviceFacts): DeviceReport | undefined {
  const missing = (text: string, hint?: string): DeviceReport => ({
    device,
    state: 'missing',
    text,
    ...(hint !== undefined && { hint }),
  });
  if (device === 'cuda') {
    const card = facts.gpus.find(({ vendor }) => vendor === 'nvidia');
    if (!card) return missing('no NVIDIA GPU was found');
    const version = Number.parseInt(card.driver ?? '', 10);
    if (Number.isNaN(version)) return missing(`${card.name} is there, NVIDIA's driver is not`, DRIVER_HINT);
    if (version < OLDEST_DRIVER) return missing(`the driver ${card.driver} of ${card.name} is too old`, DRIVER_HINT);
    if (!facts.cudaProvider)
      return missing(
        `${card.name} is there, the library that uses it is not`,
        `"fine-tune install-runtime" fetches it (${Math.round(downloadBytes() / 1e6)} MB); in VS Code "Fine-tune: Install GPU Runtime".`,
      );
  }
  if (device === 'webgpu' && facts.platform === 'linux' && !facts.graphicsDevice) return missing('no GPU was found');
  return undefined;
}

export function judge(device: Device, outcome: ProbeOutcome, facts: DeviceFacts): DeviceReport {
  if ('failed' in outcome)
    return { device, state: 'unusable', text: outcome.failed, hint: failureHint(device, outcome.failed, facts) };
  const { measured } = outcome;
  const compared = `a matrix product ran at ${speedText(measured.flops)}, on the processor at ${speedText(measured.processorFlops)}`;
  if (measured.error === null || measured.error > LARGEST_ERROR)
    return {
      device,
      state: 'unusable',
      text:
        measured.error === null
          ? 'its results are no numbers'
          : `its results are wrong by ${(measured.error * 100).toPrecision(2)} %`,
      hint: 'Update the driver of the GPU.',
      measured,
    };
  const faster = measured.flops >= CLEARLY_FASTER * measured.processorFlops;
  return { device, state: faster ? 'ready' : 'slow', text: compared, measured };
}

function failureHint(device: Device, failed: string, { platform, vulkanLoader }: DeviceFacts): string {
  if (device === 'webgpu' && platform === 'linux' && !vulkanLoader)
    return 'Install the Vulkan loader: libvulkan1 (Debian, Ubuntu) or vulkan-loader (Fedora, Arch).';
  if (device === 'webgpu' && platform === 'linux')
    return 'It needs a Vulkan driver: mesa-vulkan-drivers for AMD and Intel, NVIDIA’s own driver for NVIDIA.';
  // libcuda is the driver's own; the other libraries are CUDA's.
  if (device === 'cuda' && /library (?!libcuda\.)/.test(failed))
    return '"fine-tune install-runtime" fetches all that CUDA needs besides the driver.';
  if (device === 'cuda') return DRIVER_HINT;
  return 'Update the driver of the GPU.';
}

function lookAround(gpus: readonly Gpu[], engine: string | undefined): DeviceFacts {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  return {
    platform: process.platform,
    gpus,
    cudaProvider: cudaProvider(engine) !== null,
    graphicsDevice:
      gpus.length > 0 ||
      Boolean(VK_ICD_FILENAMES ?? VK_DRIVER_FILES) ||
      // WSL shows the GPUs of Windows there.
      existsSync('/dev/dxg') ||
      namesIn('/dev/dri').some((name) => name.startsWith('render')),
    vulkanLoader: vulkanLoader() !== null,
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function speed({ measured }: DeviceReport): number {
  return measured?.flops ?? 0;
}

/** `280 GFLOP/s` */
function speedText(flops: number): string {
  const [unit, name] = flops >= 1e12 ? [1e12, 'TFLOP/s'] : [1e9, 'GFLOP/s'];
  return `${Number((flops / unit).toPrecision(2))} ${name}`;
}
