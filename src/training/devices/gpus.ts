/** The GPUs of this machine, from the tools that each system has. A tool that is missing or hangs says nothing. */
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import {
  type Gpu,
  NVIDIA_FIELDS,
  parseDrmCard,
  parseNvidiaSmi,
  parseSystemProfiler,
  parseVideoControllers,
} from './gpu-parsers';

const TOOL_MS = 10_000;
const VIDEO_CONTROLLERS =
  'Get-CimInstance Win32_VideoController | Select-Object Name, DriverVersion, AdapterRAM | ConvertTo-Json -Compress';

/** NVIDIA's first, as the tool numbers them. */
export async function listGpus(): Promise<Gpu[]> {
  const [nvidia, others] = await Promise.all([nvidiaGpus(), otherGpus()]);
  // The system's own list has NVIDIA's cards too, with less to say of each.
  return nvidia.length > 0 ? [...nvidia, ...others.filter(({ vendor }) => vendor !== 'nvidia')] : others;
}

export async function nvidiaGpus(): Promise<Gpu[]> {
  return parseNvidiaSmi(
    await output(windowsTool('nvidia-smi.exe') ?? 'nvidia-smi', [
      `--query-gpu=${NVIDIA_FIELDS}`,
      '--format=csv,noheader,nounits',
    ]),
  );
}

async function otherGpus(): Promise<Gpu[]> {
  if (process.platform === 'linux') return drmGpus();
  if (process.platform === 'darwin')
    return parseSystemProfiler(await output('system_profiler', ['SPDisplaysDataType', '-json']));
  if (process.platform === 'win32')
    return parseVideoControllers(
      await output(windowsTool('WindowsPowerShell', 'v1.0', 'powershell.exe') ?? '', [
        '-NoProfile',
        '-NonInteractive',
        '-Command',
        VIDEO_CONTROLLERS,
      ]),
    );
  return [];
}

const DRM = '/sys/class/drm';
const DRM_FILES = ['vendor', 'device', 'product_name', 'mem_info_vram_total', 'mem_info_vram_used', 'gpu_busy_percent'];

/** Cards that the Linux kernel drives. */
export function drmGpus(root = DRM): Gpu[] {
  let cards: string[];
  try {
    cards = readdirSync(root).filter((name) => /^card\d+$/.test(name));
  } catch {
    return [];
  }
  return cards.flatMap((card) => {
    const folder = join(root, card, 'device');
    const files = Object.fromEntries(DRM_FILES.map((name) => [name, read(join(folder, name))]));
    return parseDrmCard({ ...files, driver_version: driverVersion(folder) }) ?? [];
  });
}

/** Most drivers are part of the kernel and have its version, under their own name. */
function driverVersion(folder: string): string | undefined {
  try {
    const driver = basename(readlinkSync(join(folder, 'driver')));
    return read(join('/sys/module', driver, 'version'))?.trim() ?? `${driver} of the kernel`;
  } catch {
    return undefined;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** By its full path: a bare name would first be looked for in the working folder, which anyone may have filled. */
function windowsTool(...path: string[]): string | undefined {
  if (process.platform !== 'win32') return undefined;
  return join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', ...path);
}

async function output(tool: string, args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(tool, args, { timeout: TOOL_MS, windowsHide: true })).stdout;
  } catch {
    return '';
  }
}
