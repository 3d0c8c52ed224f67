import { type FileHandle, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 200;
const SIGN_OF_LIFE_MS = 5000;
/** The holder is taken for dead after this long without a sign of life. */
const DEAD_MS = 60_000;

/**
 * Runs `work` while `file` exists on its behalf; waits for another process that has it. A holder that was killed is
 * noticed by its process id, on another machine by its silence. Two that notice it in the same moment may both go on:
 * work must stay right then, and only cost time.
 */
export async function withLock<T>(file: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const lock = await acquire(file, signal);
  const signs = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), SIGN_OF_LIFE_MS);
  try {
    return await work();
  } finally {
    clearInterval(signs);
    await lock.close();
    await rm(file, { force: true });
  }
}

async function acquire(file: string, signal: AbortSignal | undefined): Promise<FileHandle> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      const lock = await open(file, 'wx');
      await lock.writeFile(`${process.pid} ${hostname()}`);
      return lock;
    } catch (error) {
      // EPERM and EBUSY: Windows while another process is about to remove the file.
      if (!(error instanceof Error && 'code' in error && ['EEXIST', 'EPERM', 'EBUSY'].includes(String(error.code))))
        throw error;
      if (error.code !== 'EEXIST' && !(await isThere(file))) throw error;
    }
    if (await holderIsDead(file)) await rm(file, { force: true });
    else await delay(POLL_MS, undefined, { signal });
  }
}

async function holderIsDead(file: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > DEAD_MS) return true;
    const [pid, host] = (await readFile(file, 'utf8')).split(' ');
    return host === hostname() && !lives(Number(pid));
  } catch {
    // It went away meanwhile.
    return false;
  }
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
