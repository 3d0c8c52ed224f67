import { expect, it } from 'vitest';
import { noProvider } from '../../src/training/devices/needless-runtime';
import { devicesMarkdown } from '../../src/workbench/devices-words';

it('the page leads with the choice, and takes no text for markup', () => {
  const page = devicesMarkdown({
    gpus: [],
    devices: [],
    choice: { device: 'cuda', reason: '40 TFLOP/s' },
    findings: [
      { state: 'ok', what: 'disk', text: '1 GiB free for /home/a_b|c' },
      { state: 'ok', what: 'GPU', text: '<img src=x> L4' },
      { state: 'absent', what: 'device webgpu', text: 'no driver', hint: 'Install it.' },
      { state: 'ok', what: 'device auto', text: 'takes cuda' },
    ],
  });
  expect(page.split('\n')[2]).toBe('Training with `device: auto` takes **CUDA**: 40 TFLOP/s.');
  expect(page).toContain('| ✓ | GPU | &#60;img src=x&#62; L4 |');
  expect(page).toContain('| – | WebGPU | no driver<br>*Install it.* |');
  expect(page).toContain('| ✓ | Disk | 1 GiB free for /home/a&#95;b&#124;c |');
  expect(page).not.toContain('takes cuda');
});

it('the GPU runtime exists for Linux on x64 only, and other systems need none', () => {
  expect(noProvider('linux', 'x64')).toBeUndefined();
  expect(noProvider('linux', 'arm64')).toBe('Nothing is to be fetched: there is no CUDA provider for linux arm64.');
  expect(noProvider('darwin', 'arm64')).toMatch(/Metal/);
  expect(noProvider('win32', 'x64')).toMatch(/Direct3D 12/);
});
