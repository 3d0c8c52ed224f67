/** How busy the GPU is while a run trains on it: asked in the background, never waited for. */
import type { MetricRecord } from '../protocol';
import { type Gpu } from './gpu-parsers';
import { drmGpus, nvidiaGpus } from './gpus';

export type DeviceUse = Pick<MetricRecord, 'deviceMemoryBytes' | 'deviceUtilization'>;

export interface DeviceMonitor {
  /** What was read last; nothing before the first answer, and where nothing can be read. */
  latest(): DeviceUse;
  stop(): void;
}

const POLL_MS = 10_000;

/** @param list the GPUs of which the run uses one; `listed` asks the tools of this system */
export function monitorDevice(device: string, list: () => Promise<readonly Gpu[]> = listed): DeviceMonitor {
  let use: DeviceUse = {};
  if (device === 'cpu') return { latest: () => use, stop: () => undefined };
  const poll = async (): Promise<void> => {
    const gpu = usedGpu(await list());
    use = gpu ? useOf(gpu) : {};
    // A tool that has nothing to say now will have nothing to say later.
    if (Object.keys(use).length === 0) clearInterval(timer);
  };
  const timer = setInterval(() => void poll(), POLL_MS);
  timer.unref();
  void poll();
  return { latest: () => use, stop: () => clearInterval(timer) };
}

/**
 * `undefined` where it is not certain which one that is. CUDA counts the fastest card first and the tool goes by the slot,
 * so only equal cards have the same number in both.
 */
export function usedGpu(
  gpus: readonly Gpu[],
  { CUDA_VISIBLE_DEVICES: visible, CUDA_DEVICE_ORDER: order }: NodeJS.ProcessEnv = process.env,
): Gpu | undefined {
  if (gpus.length <= 1) return gpus[0];
  const sameOrder = order === 'PCI_BUS_ID' || gpus.every(({ name }) => name === gpus[0]?.name);
  if (gpus[0]?.vendor !== 'nvidia' || !sameOrder) return undefined;
  return gpus[Number((visible ?? '0').split(',')[0])];
}

/** The memory is that of all programs on the card: few drivers tell it by process. */
function useOf({ memoryBytes, freeBytes, utilization }: Gpu): DeviceUse {
  return {
    ...(memoryBytes !== null && freeBytes !== null && { deviceMemoryBytes: memoryBytes - freeBytes }),
    ...(utilization !== null && { deviceUtilization: utilization }),
  };
}

/** Without the slow tools of other systems, which tell no use. */
async function listed(): Promise<readonly Gpu[]> {
  const nvidia = await nvidiaGpus();
  return nvidia.length > 0 ? nvidia : drmGpus();
}
