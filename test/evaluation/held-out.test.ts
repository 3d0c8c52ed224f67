import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { heldOutRows, trainedOnNotes } from '../../src/evaluation/held-out';
import { type TunedRun, openSubjects } from '../../src/evaluation/subject';
import { parseSettings } from '../../src/training/settings';

const home = mkdtempSync(join(tmpdir(), 'held-out-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const sample = join(__dirname, '..', '..', 'media', 'sample', 'base');
const { checked } = openSubjects(sample).base;

const record = (i: number): string =>
  JSON.stringify({
    messages: [
      { role: 'user', content: `question ${i}` },
      { role: 'assistant', content: `answer ${i}` },
    ],
  });
function file(name: string, numbers: readonly number[]): string {
  const path = join(home, name);
  writeFileSync(path, `${numbers.map(record).join('\n')}\n`);
  return path;
}
const numbers = Array.from({ length: 20 }, (_, i) => i);
const train = file('train.jsonl', numbers);
const hash = createHash('sha256').update(readFileSync(train)).digest('hex');

function run(asked: Record<string, unknown>, trained = hash): TunedRun {
  const parsed = parseSettings({ model: sample, train_file: train, ...asked });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const shared = { version: 1, name: 'x', created: '2026-01-01T00:00:00.000Z', token: 't', requested: {} } as const;
  return { path: home, file: { ...shared, hashes: { train: trained } }, settings: parsed.settings };
}

describe('the rows that a run has never seen', () => {
  it('are its validation file', () => {
    expect(heldOutRows(run({ validation_file: '/v.jsonl' }), checked)).toEqual({ path: '/v.jsonl' });
  });

  it('are those that it split off, by its own seed', () => {
    const found = heldOutRows(run({ validation_split: 0.2, seed: 5 }), checked);
    // As the trainer shuffles: the first fifth.
    const lines = createRandom(5, 500_000)
      .shuffle(numbers.map((i) => i + 1))
      .slice(0, 4);
    expect(found.path).toBe(train);
    expect([...found.lines!].sort()).toEqual(lines.sort());
  });

  it('cannot be told without validation, or where the file has changed', () => {
    expect(() => heldOutRows(run({ validation_split: 0 }), checked)).toThrow('has no validation data');
    expect(() => heldOutRows(run({ validation_split: 0.2 }, 'other'), checked)).toThrow(
      'is not what the run was trained on any more',
    );
  });
});

describe('rows that were trained on', () => {
  const notes = (asked: Record<string, unknown>, path: string, lines: readonly number[]): string[] =>
    trainedOnNotes(run(asked), { path }, new Set(lines), checked);
  const all = numbers.map((i) => i + 1);

  it('are counted, however they are written', () => {
    const other = join(home, 'other.jsonl');
    writeFileSync(other, [record(3).replaceAll('":"', '" : "'), record(99), record(98)].join('\n'));
    expect(notes({ validation_split: 0 }, other, [1, 2, 3])).toEqual([
      'The run was trained on 1 of the 3 rows: on new ones the tuned model will do worse than here.',
    ]);
    expect(notes({ validation_split: 0 }, other, [2, 3])).toEqual([]);
  });

  it('are all of the training file but what was split off', () => {
    expect(notes({ validation_split: 0 }, train, all)[0]).toContain('trained on all 20 rows');
    expect(notes({ validation_split: 0.2 }, train, all)[0]).toContain('trained on 16 of the 20 rows');
  });

  it('cannot be told where the training file is gone', () => {
    const gone = join(home, 'gone.jsonl');
    expect(notes({ validation_split: 0, train_file: gone }, train, all)).toEqual([
      `${gone} is not there any more: nobody can tell whether the run was trained on rows of this data.`,
    ]);
  });
});
