import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { countRecords } from '../../src/workbench/count-records';

const folder = mkdtempSync(path.join(tmpdir(), 'count-records-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('counting records', () => {
  it.each([
    ['', 0],
    ['{}', 1],
    ['{}\n', 1],
    ['{}\r\n\r\n  \n{}\r\n', 2],
    ['{"a":"é"}\n'.repeat(300_000), 300_000],
  ])('counts lines that hold something', async (text, expected) => {
    const file = path.join(folder, 'data.jsonl');
    writeFileSync(file, text);
    expect(await countRecords(file)).toBe(expected);
  });

  it('says which file cannot be read', async () => {
    const file = path.join(folder, 'missing.jsonl');
    await expect(countRecords(file)).rejects.toMatchObject({
      code: 'unreadable-file',
      exitCode: 2,
      message: `${file} does not exist.`,
    });
  });
});
