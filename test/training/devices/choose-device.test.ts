import { expect, it, vi } from 'vitest';
import { chooseDevice } from '../../../src/training/devices/choose-device';
import type { DeviceChoice, DeviceReport } from '../../../src/training/devices/survey';

const auto = { engine: 'onnxruntime', device: 'auto' } as const;
const none: DeviceChoice = { device: 'cpu', reason: 'no GPU was found' };
const webgpu: DeviceReport = { device: 'webgpu', state: 'slow', text: '1 GFLOP/s' };
const cuda = (state: DeviceReport['state']): DeviceReport => ({ device: 'cuda', state, text: state });
const look = (devices: DeviceReport[] = [], choice = none) => vi.fn(async () => ({ devices, choice }));

it('looks only where the choice is ours', async () => {
  const never = look();
  const warnings: never[] = [];
  expect(await chooseDevice({ ...auto, device: 'cuda' }, undefined, never)).toEqual({ device: 'cuda', warnings });
  expect(await chooseDevice({ ...auto, engine: 'reference' }, undefined, never)).toEqual({ device: 'cpu', warnings });
  expect(await chooseDevice(auto, 'cpu', never)).toMatchObject({ device: 'cpu', reason: 'the run began on it' });
  expect(never).not.toHaveBeenCalled();
  expect(await chooseDevice(auto, undefined, look())).toEqual({ ...none, warnings });
});

it('says what to do where a GPU is there and cannot be used', async () => {
  const choice = { ...none, reason: 'cuda: L4 is there, the library is not', hint: 'Fetch it.' };
  expect((await chooseDevice(auto, undefined, look([], choice))).warnings).toEqual([
    { code: 'gpu-unused', message: 'The GPU is not used: cuda: L4 is there, the library is not.', hint: 'Fetch it.' },
  ]);
});

it('keeps the device that a run began on while it works, and else takes another one with a warning', async () => {
  const kept = await chooseDevice(auto, 'webgpu', look([cuda('unusable'), webgpu]));
  expect(kept).toEqual({ device: 'webgpu', reason: 'the run began on it', warnings: [] });
  for (const devices of [[], [cuda('missing')], [cuda('unusable')]])
    expect(await chooseDevice(auto, 'cuda', look(devices))).toMatchObject({
      device: 'cpu',
      warnings: [{ message: 'The run began on cuda and continues on cpu: no GPU was found.' }],
    });
});
