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

/** @param list the GPUs, the one that is used first; `listed` asks the tools of this system */
export function monitorDevice(device: string, list: () => Promise<readonly Gpu[]> = listed): DeviceMonitor {
  let use: DeviceUse = {};
  if (device === 'cpu') return { latest: () => use, stop: () => undefined };
  const poll = async (): Promise<void> => {
    const [gpu] = await list();
    use = gpu ? useOf(gpu) : {};
    // A tool that has nothing to say now will not find its tongue during the run.
    if (Object.keys(use).length === 0) clearInterval(timer);
  };
  const timer = setInterval(() => void poll(), POLL_MS);
  timer.unref();
  void poll();
  return { latest: () => use, stop: () => clearInterval(timer) };
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
