import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Gpu } from '../../../src/training/devices/gpu-parsers';
import { monitorDevice, usedGpu } from '../../../src/training/devices/monitor';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const gpu = (more: Partial<Gpu>): Gpu => ({
  name: 'x',
  vendor: 'nvidia',
  driver: '1',
  memoryBytes: 100,
  freeBytes: 70,
  utilization: 0.5,
  ...more,
});

it('asks at the start and every ten seconds, and keeps the last answer', async () => {
  const list = vi.fn(async () => [gpu({}), gpu({ freeBytes: 0 })]);
  const monitor = monitorDevice('cuda', list);
  expect(monitor.latest()).toEqual({});
  await vi.advanceTimersByTimeAsync(1);
  expect(monitor.latest()).toEqual({ deviceMemoryBytes: 30, deviceUtilization: 0.5 });
  list.mockResolvedValue([gpu({ freeBytes: 10, utilization: null })]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(monitor.latest()).toEqual({ deviceMemoryBytes: 90 });
  expect(list).toHaveBeenCalledTimes(2);
  monitor.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(list).toHaveBeenCalledTimes(2);
});

it('does not ask for the processor, and gives up where nothing can be read', async () => {
  const list = vi.fn(async () => []);
  monitorDevice('cpu', list);
  monitorDevice('webgpu', list);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(list).toHaveBeenCalledTimes(1);
});

it('reads the card that CUDA uses, or none where that is not certain', () => {
  const [a, b] = [gpu({ freeBytes: 1 }), gpu({ freeBytes: 2 })];
  const other = gpu({ name: 'y' });
  expect(usedGpu([other], { CUDA_VISIBLE_DEVICES: '3' })).toBe(other);
  expect(usedGpu([a, b], {})).toBe(a);
  expect(usedGpu([a, b], { CUDA_VISIBLE_DEVICES: '1,0' })).toBe(b);
  expect(usedGpu([a, b], { CUDA_VISIBLE_DEVICES: 'GPU-6d3f' })).toBeUndefined();
  expect(usedGpu([a, other], {})).toBeUndefined();
  expect(usedGpu([a, other], { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: '1' })).toBe(other);
  expect(usedGpu([gpu({ vendor: 'amd' }), gpu({ vendor: 'amd' })], {})).toBeUndefined();
});
