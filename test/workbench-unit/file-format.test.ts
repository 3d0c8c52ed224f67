import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatOfFile } from '../../src/workbench/file-format';

const folder = mkdtempSync(join(tmpdir(), 'fine-tune-format-'));
afterAll(() => rmSync(folder, { recursive: true }));
const written = (text: string): string => {
  const file = join(folder, 'data.jsonl');
  writeFileSync(file, text);
  return file;
};
const pair = JSON.stringify({ prompt: 'Hi', chosen: 'Hello!', rejected: 'No.' });

describe('the format of a file', () => {
  it('is told by its records, of whatever size', async () => {
    expect(await formatOfFile(written(pair))).toBe('preference');
    expect(await formatOfFile(written(`\n${pair}\n`.repeat(30_000)))).toBe('preference');
    expect(await formatOfFile(written('{"text": "Once"}\n'))).toBe('text');
  });
  it('is unknown where nothing tells it', async () => {
    expect(await formatOfFile(written(''))).toBeUndefined();
    expect(await formatOfFile(written('not JSON\n'))).toBeUndefined();
    expect(await formatOfFile(join(folder, 'none.jsonl'))).toBeUndefined();
  });
});
