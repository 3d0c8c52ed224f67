import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ProbeOptions, parseAnswer, probeDevice } from '../../../src/training/devices/probe';
import { temporaryFolder } from '../fake-run';

const folder = temporaryFolder();
afterAll(() => folder.remove());
let count = 0;
beforeEach(() => {
  const cache = join(folder.path, `cache-${++count}`);
  for (const name of ['XDG_CACHE_HOME', 'LOCALAPPDATA', 'HOME']) vi.stubEnv(name, cache);
});

const ANSWER = 'probe-answer {"measured":{"flops":5,"processorFlops":1,"error":0}}';
/** A trainer that does what the script says and counts its starts. */
function trainer(script: string): { options: ProbeOptions; starts: () => number } {
  const path = join(folder.path, `trainer-${count}.js`);
  const log = `${path}.log`;
  writeFileSync(log, '');
  writeFileSync(path, `require('fs').appendFileSync(${JSON.stringify(log)}, '.');\n${script}`);
  return {
    options: { nodePath: process.execPath, trainerPath: path, runtimeVersion: '1', gpus: [], now: 1e12 },
    starts: () => readFileSync(log, 'utf8').length,
  };
}

describe('a probe', () => {
  it('finds the answer among what drivers print', async () => {
    const { options } = trainer(`console.log('vulkan: hello');console.log(${JSON.stringify(ANSWER)});`);
    expect(await probeDevice('webgpu', options)).toEqual({ measured: { flops: 5, processorFlops: 1, error: 0 } });
  });
  it('outlives a driver that ends the process with code 0, aborts it, or hangs', async () => {
    expect(await probeDevice('webgpu', trainer('process.exit(0)').options)).toEqual({
      failed: 'its driver ended the process (code 0)',
    });
    const aborts = trainer('process.abort()').options;
    expect(await probeDevice('cuda', { ...aborts, anew: true })).toEqual({
      failed: expect.stringContaining('its driver ended the process') as string,
    });
    const hangs = { ...trainer('setInterval(() => {}, 1000)').options, timeoutMs: 300, anew: true };
    expect(await probeDevice('webgpu', hangs)).toEqual({ failed: 'it gave no answer in 0.3 seconds' });
  });
  it('names the library that is missing', () => {
    const printed =
      'provider_bridge_ort.cc:1988 Failed to load library /x/libonnxruntime_providers_cuda.so with error: libcudart.so.13: cannot open shared object file: No such file or directory';
    expect(parseAnswer('probe-answer {"failed":"Failed to load shared library"}', printed)).toEqual({
      failed: 'the library libcudart.so.13 is missing',
    });
  });
});

describe('what is known from before', () => {
  it('is used for a week, and not for another driver, device or runtime', async () => {
    const { options, starts } = trainer(`console.log(${JSON.stringify(ANSWER)});`);
    const ask = (more: Partial<ProbeOptions> = {}) => probeDevice('webgpu', { ...options, ...more });
    await ask();
    await ask({ now: 1e12 + 6 * 24 * 3600e3 });
    expect(starts()).toBe(1);
    await ask({ now: 1e12 + 8 * 24 * 3600e3 });
    expect(starts()).toBe(2);
    await ask({ now: 1e12 + 8 * 24 * 3600e3, runtimeVersion: '2' });
    const gpu = {
      name: 'A',
      vendor: 'amd',
      driver: '1',
      memoryBytes: null,
      freeBytes: null,
      utilization: null,
    } as const;
    await ask({ now: 1e12 + 8 * 24 * 3600e3, gpus: [gpu] });
    await probeDevice('cuda', { ...options, now: 1e12 + 8 * 24 * 3600e3 });
    expect(starts()).toBe(5);
    await ask({ now: 1e12 + 8 * 24 * 3600e3, anew: true });
    expect(starts()).toBe(6);
  });
  it('is a failure for an hour only: another program may have filled the GPU', async () => {
    const { options, starts } = trainer('process.exit(1)');
    await probeDevice('cuda', options);
    await probeDevice('cuda', { ...options, now: 1e12 + 59 * 60e3 });
    expect(starts()).toBe(1);
    await probeDevice('cuda', { ...options, now: 1e12 + 61 * 60e3 });
    expect(starts()).toBe(2);
  });
  it('is asked again where the file is damaged', async () => {
    const { options, starts } = trainer(`console.log(${JSON.stringify(ANSWER)});`);
    await probeDevice('webgpu', options);
    const { userFolder } = await import('../../../src/training/devices/user-folder');
    writeFileSync(join(userFolder(), 'devices.json'), '{"probes":');
    await probeDevice('webgpu', options);
    expect(starts()).toBe(2);
  });
});
