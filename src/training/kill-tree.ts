import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Ends a process, its process group and all its descendants at once, those that made a group of their own
 * included. Give it only the id of a child that is known to live: a freed id may belong to a stranger.
 */
export async function killTree(processId: number): Promise<void> {
  if (!Number.isInteger(processId) || processId <= 1) return;
  if (process.platform === 'win32') {
    await run('taskkill', ['/pid', String(processId), '/T', '/F'], { windowsHide: true }).catch(() => undefined);
    return;
  }
  // The table is read before the first kill: an orphan is adopted by another parent and would not be found.
  const victims = descendants(processId, await processTable());
  kill(-processId);
  kill(processId);
  for (const id of victims) kill(id);
}

/** Whether a process of this id exists; it may be another one than you think. */
export function isAlive(processId: number): boolean {
  if (!Number.isInteger(processId) || processId <= 0) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function kill(target: number): void {
  try {
    process.kill(target, 'SIGKILL');
  } catch {
    // It has ended meanwhile, or is no group leader.
  }
}

type ProcessTable = readonly (readonly [id: number, parent: number])[];

function descendants(root: number, table: ProcessTable): number[] {
  const found = [root];
  for (let i = 0; i < found.length; i++)
    for (const [id, parent] of table) if (parent === found[i] && !found.includes(id)) found.push(id);
  return found.slice(1);
}

/** `/proc` where there is one: slim containers have no `ps`. */
async function processTable(): Promise<ProcessTable> {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name): (readonly [number, number])[] => {
        try {
          const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
          // The name in parentheses may hold spaces and parentheses; the parent is the second field after it.
          return [[Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]];
        } catch {
          return [];
        }
      });
  }
  try {
    const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .map(([id = 0, parent = 0]) => [id, parent] as const);
  } catch {
    return [];
  }
}
