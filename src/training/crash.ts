/** What to tell when a trainer ended without a last word. */
import { Failure } from '../common/failure';
import type { TrainerExit } from './launcher';

export interface CrashFacts {
  readonly logFile: string;
  /** 0 before the first step. */
  readonly lastStep: number;
  /** Highest resident memory that was reported, bytes. */
  readonly peakMemoryBytes?: number;
}

const ABORTS = ['SIGABRT', 'SIGTRAP', 'SIGILL'];
const ACCESS = ['SIGSEGV', 'SIGBUS'];
/** Windows: STATUS_ACCESS_VIOLATION, STATUS_NO_MEMORY, abort(). */
const WINDOWS_ACCESS = 0xc0000005;
const WINDOWS_MEMORY = [0xc0000017, 0xc0000409];

/** Names the likely cause of the end of a trainer whose log has no final event. */
export function crashFailure(exit: TrainerExit, facts: CrashFacts): Failure {
  const when = facts.lastStep > 0 ? `after step ${facts.lastStep}` : 'before the first step';
  const log = `Its last words are in ${facts.logFile}.`;
  const less = 'Use a smaller batch_size or max_length, or close other programs.';
  const memory = facts.peakMemoryBytes ? ` It used ${(facts.peakMemoryBytes / 2 ** 30).toFixed(1)} GiB.` : '';
  const code = exit.code === null ? undefined : exit.code >>> 0;
  if (exit.signal === 'SIGKILL' || exit.code === 137)
    return new Failure(
      'trainer-killed',
      `The trainer was killed ${when}. Most likely the system ran out of memory.${memory}`,
      `${less} ${log}`,
    );
  if (exit.signal === 'SIGTERM' || exit.signal === 'SIGINT' || exit.signal === 'SIGHUP')
    return new Failure('trainer-ended', `Another program ended the trainer ${when} (${exit.signal}).`, log);
  if (
    outOfMemory(exit.logTail) ||
    (exit.signal !== null && ABORTS.includes(exit.signal)) ||
    exit.code === 134 ||
    includes(WINDOWS_MEMORY, code)
  )
    return new Failure(
      'trainer-aborted',
      `The trainer aborted ${when}${exit.signal ? ` (${exit.signal})` : ''}. Most likely it could not get the memory it asked for.${memory}`,
      `${less} ${log}`,
    );
  if ((exit.signal !== null && ACCESS.includes(exit.signal)) || code === WINDOWS_ACCESS)
    return new Failure(
      'trainer-crashed',
      `The trainer crashed ${when} (${exit.signal ?? 'access violation'}). The fault is in a native library or a driver.`,
      `Try device cpu. ${log}`,
    );
  const how = exit.signal ? `by signal ${exit.signal}` : `with code ${exit.code ?? 'unknown'}`;
  return new Failure('trainer-crashed', `The trainer ended ${how} ${when} without saying why.`, log);
}

function outOfMemory(log: string): boolean {
  return /heap out of memory|bad_alloc|bad allocation|Failed to allocate memory/i.test(log);
}

function includes(codes: readonly number[], code: number | undefined): boolean {
  return code !== undefined && codes.includes(code);
}
