import { readFileSync } from 'node:fs';
import { cpus, platform } from 'node:os';

/** Physical cores: a second thread on the same core does not make matrix products faster. */
export function physicalCores(): number {
  const logical = Math.max(1, cpus().length);
  if (platform() !== 'linux') return logical;
  try {
    const pairs = new Set<string>();
    for (const block of readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')) {
      const package_ = /^physical id\s*: (\d+)/m.exec(block)?.[1];
      const core = /^core id\s*: (\d+)/m.exec(block)?.[1];
      if (package_ !== undefined && core !== undefined) pairs.add(`${package_}:${core}`);
    }
    return pairs.size > 0 ? Math.min(pairs.size, logical) : logical;
  } catch {
    return logical;
  }
}
