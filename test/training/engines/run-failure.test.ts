import { expect, it } from 'vitest';
import { runFailure } from '../../../src/training/engines/onnxruntime';

it('a GPU that fails during a run is named with what to do; full memory is another failure', () => {
  const lost = new Error('CUDA failure 719: unspecified launch failure ; GPU=0 ; hostname=a');
  expect(runFailure('cuda', lost)).toMatchObject({
    code: 'device-failed',
    message:
      'The device "cuda" failed during the run: ONNX Runtime says "CUDA failure 719: unspecified launch failure".',
    hint: expect.stringContaining('fine-tune resume RUN') as string,
  });
  expect(runFailure('cpu', lost)).toBe(lost);
  const full = new Error('Failed to allocate memory for requested buffer of size 268435456');
  expect(runFailure('cuda', full)).toBe(full);
});
