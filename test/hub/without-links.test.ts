import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { placeBlob } from '../../src/hub/cache';

// Windows without developer mode: symbolic links are forbidden; a file system without hard links forbids those as well.
const forbidden = vi.hoisted(() => new Set<string>());
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof files>();
  const allowing =
    <A extends unknown[]>(name: string, work: (...given: A) => Promise<void>) =>
    (...given: A): Promise<void> =>
      forbidden.has(name) ? Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM' })) : work(...given);
  return { ...real, symlink: allowing('symlink', real.symlink), link: allowing('link', real.link) };
});

let folder: string;
let blob: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fine-tune-links-'));
  blob = join(folder, 'blobs', 'abc');
  file = join(folder, 'snapshots', '1', 'config.json');
  mkdirSync(join(folder, 'blobs'));
  writeFileSync(blob, '{}');
});
afterEach(() => {
  forbidden.clear();
  rmSync(folder, { recursive: true });
});

it.each([
  { without: [], symbolic: true, names: 1 },
  { without: ['symlink'], symbolic: false, names: 2 },
  { without: ['symlink', 'link'], symbolic: false, names: 1 },
])('gives a blob its name without $without', async ({ without, symbolic, names }) => {
  for (const name of without) forbidden.add(name);
  // Twice: what is there is replaced.
  await placeBlob(blob, file);
  await placeBlob(blob, file);
  expect(readFileSync(file, 'utf8')).toBe('{}');
  expect(lstatSync(file).isSymbolicLink()).toBe(symbolic);
  expect(lstatSync(blob).nlink).toBe(names);
});
