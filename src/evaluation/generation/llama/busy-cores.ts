import { cpus } from 'node:os';

/** How many cores the other programs of this machine have used, on average since the last call (or since this one). */
export function createBusyMeter(): () => number {
  let last = read();
  return () => {
    const now = read();
    const elapsed = now.at - last.at;
    const others = now.all - last.all - (now.own - last.own);
    last = now;
    return elapsed > 0 ? Math.max(0, others / elapsed) : 0;
  };
}

/** Milliseconds of processor time, of the machine and of this process. */
function read(): { readonly at: number; readonly all: number; readonly own: number } {
  const { user, system } = process.cpuUsage();
  const all = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { at: performance.now(), all, own: (user + system) / 1000 };
}
