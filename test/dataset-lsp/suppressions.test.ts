import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  acceptFindings,
  formatSuppressions,
  parseSuppressions,
  suppressedRules,
} from '../../src/dataset-lsp/suppressions';
import { openSuppressions, writeSuppressions } from '../../src/dataset-lsp/suppressions-file';

describe('accepted findings', () => {
  it('hide as many as were accepted, and none when there are more', () => {
    const accepted = { 'output-too-short': 2, 'instruction-too-short': 5 };
    expect([...suppressedRules(accepted, { 'output-too-short': 2, 'instruction-too-short': 1 })]).toEqual([
      'output-too-short',
      'instruction-too-short',
    ]);
    expect([...suppressedRules(accepted, { 'output-too-short': 3 })]).toEqual([]);
    expect([...suppressedRules(undefined, { 'output-too-short': 3 })]).toEqual([]);
  });

  it('never hide what makes a record unusable', () => {
    expect([...suppressedRules({ 'json-syntax': 9 }, { 'json-syntax': 1 })]).toEqual([]);
    expect(acceptFindings({}, 'a.jsonl', { 'json-syntax': 1, 'output-too-short': 4 })).toEqual({
      'a.jsonl': { 'output-too-short': 4 },
    });
  });

  it('are replaced for a file, or only for the rules that are named', () => {
    const before = {
      'a.jsonl': { 'output-too-short': 9, 'instruction-too-short': 1 },
      'b.jsonl': { 'empty-output': 1 },
    };
    const counts = { 'output-too-short': 4 };
    expect(acceptFindings(before, 'a.jsonl', counts)['a.jsonl']).toEqual(counts);
    expect(acceptFindings(before, 'a.jsonl', counts, ['output-too-short'])['a.jsonl']).toEqual({
      'output-too-short': 4,
      'instruction-too-short': 1,
    });
    expect(acceptFindings(before, 'a.jsonl', counts)['b.jsonl']).toEqual(before['b.jsonl']);
  });

  it('say what is wrong with the file', () => {
    expect(() => parseSuppressions('[]')).toThrow(/must be an object/);
    expect(() => parseSuppressions('{"a.jsonl": 3}')).toThrow(/"a.jsonl" must be/);
    expect(() => parseSuppressions('{"a.jsonl": {"empty-output": -1}}')).toThrow(/whole number/);
    expect(() => parseSuppressions('{')).toThrow();
  });

  it('are written in order, without empty entries', () => {
    const text = formatSuppressions({ 'b.jsonl': { b: 1, a: 2 }, 'a.jsonl': { c: 1 }, 'c.jsonl': {} });
    expect(text).toBe('{\n  "a.jsonl": {\n    "c": 1\n  },\n  "b.jsonl": {\n    "a": 2,\n    "b": 1\n  }\n}\n');
  });
});

describe('.finetune/suppressions.json', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'suppressions-'));
    mkdirSync(join(folder, 'data', 'deep'), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is looked for upwards, and made beside the data when there is none', () => {
    const file = join(folder, 'data', 'deep', 'train.jsonl');
    const none = openSuppressions(file);
    expect(none.suppressions).toEqual({});
    expect(none.path).toBe(join(folder, 'data', 'deep', '.finetune', 'suppressions.json'));
    writeSuppressions(join(folder, '.finetune', 'suppressions.json'), {
      'data/deep/train.jsonl': { 'empty-output': 2 },
    });
    const found = openSuppressions(file);
    expect(found.nameOf(file)).toBe('data/deep/train.jsonl');
    expect(found.suppressions[found.nameOf(file)]).toEqual({ 'empty-output': 2 });
    expect(readFileSync(found.path, 'utf8')).toMatch(/\n$/);
  });

  it('stops the check when it cannot be read', () => {
    writeFileSync(join(folder, '.finetune', 'suppressions.json'), '{"a": ');
    expect(() => openSuppressions(join(folder, 'a.jsonl'))).toThrow(/suppressions\.json cannot be used/);
  });
});
