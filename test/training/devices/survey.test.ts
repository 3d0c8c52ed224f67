import { describe, expect, it } from 'vitest';
import type { Gpu } from '../../../src/training/devices/gpu-parsers';
import { relativeError } from '../../../src/training/devices/measure';
import { type DeviceFacts, choose, judge, missingPart } from '../../../src/training/devices/survey';

const card = (driver: string | null): Gpu => ({
  name: 'NVIDIA L4',
  vendor: 'nvidia',
  driver,
  memoryBytes: 24e9,
  freeBytes: 24e9,
  utilization: 0,
});
const facts = (more: Partial<DeviceFacts> = {}): DeviceFacts => ({
  platform: 'linux',
  gpus: [card('580.95.05')],
  cudaProvider: true,
  graphicsDevice: true,
  vulkanLoader: true,
  ...more,
});
const measured = (flops: number, error: number | null = 1e-6) => ({
  measured: { flops, processorFlops: 100e9, error },
});

describe('what is missing', () => {
  it('of CUDA: the card, the driver, its age, the provider, in this order', () => {
    expect(missingPart('cuda', facts({ gpus: [], cudaProvider: false }))).toMatchObject({
      state: 'missing',
      text: 'no NVIDIA GPU was found',
    });
    expect(missingPart('cuda', facts({ gpus: [card(null)] }))?.hint).toMatch(/driver 580 or later/);
    expect(missingPart('cuda', facts({ gpus: [card('535.161.08')] }))).toMatchObject({
      text: 'the driver 535.161.08 of NVIDIA L4 is too old',
    });
    expect(missingPart('cuda', facts({ cudaProvider: false }))?.hint).toMatch(/^"fine-tune install-runtime".*729 MB/);
    expect(missingPart('cuda', facts())).toBeUndefined();
  });
  it('of WebGPU: on Linux a device, elsewhere nothing', () => {
    expect(missingPart('webgpu', facts({ graphicsDevice: false }))?.text).toBe('no GPU was found');
    expect(missingPart('webgpu', facts({ graphicsDevice: false, platform: 'win32' }))).toBeUndefined();
  });
});

describe('the verdict on a device', () => {
  it('is ready where it is clearly faster and right', () => {
    expect(judge('webgpu', measured(4e12), facts())).toMatchObject({
      state: 'ready',
      text: 'a matrix product ran at 4 TFLOP/s, on the processor at 100 GFLOP/s',
    });
    expect(judge('webgpu', measured(140e9), facts()).state).toBe('slow');
    expect(judge('webgpu', measured(151e9), facts()).state).toBe('ready');
  });
  it('is unusable where it is wrong, NaN included, or fails', () => {
    expect(judge('cuda', measured(4e12, 0.5), facts())).toMatchObject({
      state: 'unusable',
      text: 'its results are wrong by 50 %',
    });
    // As it comes out of the probe: NaN does not survive JSON.
    const broken = relativeError(Float32Array.of(1, NaN), Float32Array.of(1, 2));
    const answer = JSON.parse(JSON.stringify(measured(4e12, broken))) as ReturnType<typeof measured>;
    expect(judge('cuda', answer, facts())).toMatchObject({ state: 'unusable', text: 'its results are no numbers' });
    expect(relativeError(Float32Array.of(1), Float32Array.of(1, 2))).toBeNull();
    expect(relativeError(Float32Array.of(1, 2.5), Float32Array.of(1, 2))).toBe(0.25);
    expect(judge('webgpu', { failed: 'no adapter' }, facts({ vulkanLoader: false }))).toMatchObject({
      text: 'no adapter',
      hint: expect.stringContaining('libvulkan1') as string,
    });
  });
});

describe('what to do where CUDA fails', () => {
  const hint = (failed: string) => judge('cuda', { failed }, facts()).hint;
  it('is the driver, unless a library of CUDA is missing', () => {
    expect(hint('the library libcublas.so.13 is missing')).toMatch(/install-runtime/);
    expect(hint('the library libcuda.so.1 is missing')).toMatch(/driver 580/);
    expect(hint('ONNX Runtime says "CUDA failure 35: CUDA driver version is insufficient"')).toMatch(/driver 580/);
  });
});

describe('auto', () => {
  const cuda = judge('cuda', measured(40e12), facts());
  const webgpu = judge('webgpu', measured(9e12), facts());
  it('takes the fastest that works, and says how fast it is', () => {
    expect(choose([webgpu, cuda], facts().gpus)).toMatchObject({ device: 'cuda', reason: cuda.text });
    expect(choose([webgpu, judge('cuda', { failed: 'x' }, facts())], facts().gpus).device).toBe('webgpu');
  });
  it('takes the processor where the adapter is only software', () => {
    const choice = choose([judge('webgpu', measured(2e9), facts())], []);
    expect(choice.device).toBe('cpu');
    expect(choice.reason).toBe('webgpu: a matrix product ran at 2 GFLOP/s, on the processor at 100 GFLOP/s');
  });
  it('says what keeps a GPU that is there from being used', () => {
    const missing = missingPart('cuda', facts({ cudaProvider: false }))!;
    expect(choose([missing], facts().gpus)).toEqual({
      device: 'cpu',
      reason: 'cuda: NVIDIA L4 is there, the library that uses it is not',
      hint: missing.hint,
    });
    expect(choose([judge('webgpu', { failed: 'no adapter' }, facts())], []).hint).toBeUndefined();
    expect(choose([missingPart('webgpu', facts({ graphicsDevice: false }))!], [])).toEqual({
      device: 'cpu',
      reason: 'no GPU was found',
    });
  });
});
