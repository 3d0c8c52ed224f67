import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { physicalCores } from '../cores';

export interface Processor {
  readonly name: string;
  /** Physical cores. */
  readonly cores: number;
  readonly threads: number;
  /** Instruction sets that matter for matrix products; `null` where the system does not tell. */
  readonly features: readonly string[] | null;
}

/** Names of the kernel, and those that people use. */
const FEATURES: Readonly<Record<string, string>> = {
  avx2: 'AVX2',
  avx512f: 'AVX-512',
  avx512_bf16: 'AVX-512 BF16',
  amx_tile: 'AMX',
  amx_bf16: 'AMX BF16',
  asimd: 'NEON',
  sve: 'SVE',
  bf16: 'BF16',
  i8mm: 'I8MM',
};

export function processor(): Processor {
  const all = cpus();
  let text = '';
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    // Not Linux.
  }
  return {
    name: all[0]?.model.trim() || 'unknown',
    cores: physicalCores(),
    threads: Math.max(1, all.length),
    features: process.platform === 'darwin' && process.arch === 'arm64' ? ['NEON'] : processorFeatures(text),
  };
}

/** From the text of `/proc/cpuinfo`: `flags` on x64, `Features` on arm64. */
export function processorFeatures(cpuinfo: string): string[] | null {
  const line = /^(?:flags|Features)\s*: (.*)$/m.exec(cpuinfo)?.[1];
  if (line === undefined) return null;
  const flags = new Set(line.split(' '));
  return Object.entries(FEATURES).flatMap(([flag, title]) => (flags.has(flag) ? [title] : []));
}
