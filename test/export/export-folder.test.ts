import type * as Fs from 'node:fs';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openExportFolder } from '../../src/export/export-folder';

const refused = vi.hoisted(() => ({ name: '' }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof Fs>();
  const rename: typeof fs.renameSync = (from, to) => {
    // As Windows does with a file that another program has open.
    if (refused.name !== '' && String(to).endsWith(refused.name)) {
      refused.name = '';
      throw Object.assign(new Error('EPERM'), { code: 'EPERM', syscall: 'rename' });
    }
    fs.renameSync(from, to);
  };
  return { ...fs, renameSync: rename };
});

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'export-folder-'));
  refused.name = '';
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function earlierExport(): string {
  const folder = join(home, 'out');
  mkdirSync(folder);
  writeFileSync(join(folder, 'model.gguf'), 'old');
  writeFileSync(join(folder, 'notes.txt'), 'mine');
  return folder;
}

const content = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

it('replaces an earlier export and leaves other files', () => {
  const folder = earlierExport();
  const { draft, finish } = openExportFolder(folder, [], true);
  writeFileSync(join(draft, 'Modelfile'), 'new');
  finish();
  expect(content(folder)).toEqual({ Modelfile: 'new', 'notes.txt': 'mine' });
});

it('gives the earlier export back where a file cannot be moved', () => {
  const folder = earlierExport();
  const { draft, finish, discard } = openExportFolder(folder, [], true);
  writeFileSync(join(draft, 'Modelfile'), 'new');
  writeFileSync(join(draft, 'model.gguf'), 'new');
  refused.name = join('out', 'model.gguf');
  expect(finish).toThrow(expect.objectContaining({ code: 'write-failed' }));
  discard();
  expect(content(folder)).toEqual({ 'model.gguf': 'old', 'notes.txt': 'mine' });
});

it('writes into a folder that is there, which may be another disk, and beside one that is not', () => {
  const there = join(home, 'there');
  mkdirSync(there);
  expect(openExportFolder(there, [], false).draft.startsWith(join(there, '.partial-'))).toBe(true);
  // What a killed export left makes it no other folder.
  openExportFolder(there, [], false).finish();
  const { draft, finish } = openExportFolder(join(home, 'new'), [], false);
  expect(existsSync(join(home, 'new'))).toBe(false);
  writeFileSync(join(draft, 'config.json'), '{}');
  finish();
  expect(content(join(home, 'new'))).toEqual({ 'config.json': '{}' });
});
