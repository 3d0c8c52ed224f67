import { describe, expect, it } from 'vitest';
import { crashFailure } from '../../src/training/crash';

const facts = { logFile: '/runs/a/trainer.log', lastStep: 12, peakMemoryBytes: 3 * 2 ** 30 };

describe('crashFailure', () => {
  it.each([
    [{ code: null, signal: 'SIGKILL' }, 'trainer-killed', 'out of memory. It used 3.0 GiB.'],
    [{ code: 137, signal: null }, 'trainer-killed', 'after step 12'],
    [{ code: null, signal: 'SIGTRAP' }, 'trainer-aborted', '(SIGTRAP). Most likely it could not get the memory'],
    [{ code: 134, signal: null }, 'trainer-aborted', 'aborted after step 12.'],
    [{ code: null, signal: 'SIGSEGV' }, 'trainer-crashed', 'native library or a driver'],
    [{ code: -1073741819, signal: null }, 'trainer-crashed', 'access violation'],
    [{ code: null, signal: 'SIGTERM' }, 'trainer-ended', 'Another program ended the trainer'],
    [{ code: 1, signal: null }, 'trainer-crashed', 'ended with code 1 after step 12'],
  ] as const)('explains %j', (exit, code, part) => {
    const failure = crashFailure({ ...exit, logTail: '' }, facts);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(part);
    expect(failure.hint).toContain('/runs/a/trainer.log');
    expect(failure.exitCode).toBe(1);
  });

  it('reads what a library wrote about memory', () => {
    const exit = { code: 1, signal: null, logTail: "terminate called after throwing an instance of 'std::bad_alloc'" };
    expect(crashFailure(exit, { logFile: 'x', lastStep: 0 }).code).toBe('trainer-aborted');
    expect(crashFailure(exit, { logFile: 'x', lastStep: 0 }).message).toContain('before the first step');
  });
});
