import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'fine-tune-split-'))));
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal = {
    out: (text: string) => void (out += `${text}\n`),
    err: (text: string) => void (err += text),
    live: false,
    color: false,
    colorOut: false,
    unicode: true,
    columns: () => 100,
    cwd: folder,
  };
  const code = await main(args, terminal, { trainerPath: '', checkWorkerPath: '', samplePath: '' });
  return { code, out, err };
}

const read = (...path: readonly string[]): string => readFileSync(join(folder, ...path), 'utf8');
const LETTER =
  'The sender drops the letter into a box, a van brings it to the sorting office, and somebody carries it to the door';
const record = (i: number): string =>
  `{"prompt": "What is ${i} plus ${i * 7}?",  "completion": "That is ${i * 8}, my friend."}`;

describe('fine-tune split', () => {
  it('copies lines byte for byte, keeps their order and keeps like records together', async () => {
    const like = ['.', '!', ' of the house.'].map(
      (end) => `{"prompt": "How does a letter travel?", "completion": "${LETTER}${end}"}`,
    );
    const lines = Array.from({ length: 200 }, (_, i) => (i % 40 === 5 ? (like[(i - 5) / 40] ?? like[0]!) : record(i)));
    writeFileSync(join(folder, 'data.jsonl'), `\uFEFF${lines.join('\r\n')}\r\n\r\n${record(999)}`);
    const { code, out, err } = await run('split', 'data.jsonl', '--validation', '0.1', '--test', '0.05', '-o', 'parts');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(join('parts', 'train.jsonl: 171 records'));
    expect(out).toContain('1 group of copies and near duplicates (5 records) kept on one side.');
    const parts = ['train', 'validation', 'test'].map((name) =>
      read('parts', `${name}.jsonl`).split('\n').slice(0, -1),
    );
    expect(parts.map((part) => part.length)).toEqual([171, 20, 10]);
    const all = [...lines.map((line) => `${line}\r`), record(999)];
    expect(parts.flat().sort()).toEqual(all.toSorted());
    for (const part of parts) {
      const places = part.filter((line) => !line.includes('letter travel')).map((line) => all.indexOf(line));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect([0, 5]).toContain(part.filter((line) => line.includes('letter travel')).length);
    }
    expect(readdirSync(join(folder, 'parts')).length).toBe(3);
    const again = await run('split', 'data.jsonl', '--validation', '0.1', '--test', '0.05', '-o', 'again');
    expect(again.code).toBe(0);
    expect(read('again', 'validation.jsonl')).toBe(read('parts', 'validation.jsonl'));
  });
  it('replaces nothing without --force', async () => {
    writeFileSync(join(folder, 'data.jsonl'), Array.from({ length: 20 }, (_, i) => record(i)).join('\n'));
    expect((await run('split', 'data.jsonl', '-o', '.')).code).toBe(0);
    const before = read('train.jsonl');
    const second = await run('split', 'data.jsonl', '-o', '.', '--seed', '2');
    expect(second.code).toBe(2);
    expect(second.err).toContain('train.jsonl is there already.');
    expect(read('train.jsonl')).toBe(before);
    expect((await run('split', 'data.jsonl', '-o', '.', '--seed', '2', '--force')).code).toBe(0);
    expect(read('train.jsonl')).not.toBe(before);
  });
  it('names lines that are no records and writes nothing', async () => {
    writeFileSync(join(folder, 'data.jsonl'), `${record(1)}\n{"prompt": 1, "completion": "x"}\nnot json\n`);
    const { code, err } = await run('split', 'data.jsonl', '-o', 'parts');
    expect(code).toBe(1);
    expect(err).toContain('data.jsonl:2: "prompt" must be a text');
    expect(err).toContain('data.jsonl:3: ');
    expect(existsSync(join(folder, 'parts'))).toBe(false);
  });
  it.each([
    [['split', 'data.jsonl'], 2, 'The folder of the new files is missing.'],
    [['split', 'none.jsonl', '-o', 'x'], 2, 'does not exist'],
    [['split', 'data.jsonl', '-o', 'x', '--validation', '1.5'], 2, '--validation 1.5 is not possible.'],
    [['split', 'data.jsonl', '-o', 'x', '--validation', '0'], 2, 'leave no two files'],
    [['split', 'data.jsonl', '-o', 'x', '--seed', '1.5'], 2, '--seed 1.5 is not possible.'],
    [['split', 'data.jsonl', '-o', 'x'], 1, 'There are too few different records for validation.jsonl'],
    [['dedupe', 'data.jsonl', '-o', 'x', '--threshold', '0.8'], 2, 'Add --near as well.'],
    [['dedupe', 'data.jsonl'], 2, 'The new file is missing.'],
  ])('%j ends with %i', async (args, code, message) => {
    writeFileSync(join(folder, 'data.jsonl'), `${record(1)}\n${record(1)}\n`);
    const result = await run(...args);
    expect([result.code, result.out]).toEqual([code, '']);
    expect(result.err.replace(/\s+/g, ' ')).toContain(message);
    expect(readdirSync(folder)).toEqual(['data.jsonl']);
  });
});

describe('fine-tune dedupe', () => {
  const near = ['.', ' of the house with the green roof.', '!'].map(
    (end) => `{"prompt": "How does a letter travel?", "completion": "${LETTER}${end}"}`,
  );
  const lines = [record(1), near[0]!, record(2), record(1), near[1]!, near[2]!];
  beforeEach(() => writeFileSync(join(folder, 'data.jsonl'), `${lines.join('\n')}\n`));
  it('keeps the first of every content', async () => {
    const { code, out } = await run('dedupe', 'data.jsonl', '-o', 'out.jsonl');
    expect(code).toBe(0);
    expect(out).toBe('line 4 is the same as line 1\nout.jsonl: 5 records of 6\n');
    expect(read('out.jsonl')).toBe(`${[0, 1, 2, 4, 5].map((i) => lines[i]).join('\n')}\n`);
  });
  it('keeps the longest answer of near duplicates, and writes what it removes', async () => {
    const { code, out } = await run('dedupe', 'data.jsonl', '--near', '-o', 'out.jsonl', '--removed', 'removed.jsonl');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^line 2 is \d\d % the same as line 5\nline 4 is the same as line 1\nline 6 is \d\d % the same as line 5\n/,
    );
    expect(read('out.jsonl')).toBe(`${[0, 2, 4].map((i) => lines[i]).join('\n')}\n`);
    expect(read('removed.jsonl')).toBe(`${[1, 3, 5].map((i) => lines[i]).join('\n')}\n`);
  });
});
