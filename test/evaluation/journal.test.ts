import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Journal } from '../../src/evaluation/journal';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  path = join(folder, 'x.partial.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const likelihood = { nll: 1.5, tokens: 3, right: 2 };
const answer = { text: 'hé\n"yes"', tokens: 4, finish: 'stop' } as const;

it('goes on where it was, also after a line that a killed process left unfinished', () => {
  const first = new Journal(path, 'key');
  first.addLikelihood('base', 1, likelihood);
  first.addAnswer('tuned', 2, answer);
  first.noteEngine('llama.cpp');
  first.close();
  appendFileSync(path, '{"side":"base","line":3,"likeli');

  const second = new Journal(path, 'key');
  expect(second.findings.likelihoods.base).toEqual(new Map([[1, likelihood]]));
  expect(second.findings.answers.tuned).toEqual(new Map([[2, answer]]));
  expect([...second.engines]).toEqual(['llama.cpp']);
  expect(second.replaced).toBe(false);
  second.addLikelihood('base', 4, likelihood);
  second.close();

  const third = new Journal(path, 'key');
  expect([...third.findings.likelihoods.base.keys()]).toEqual([1, 4]);
  third.remove();
  expect(() => readFileSync(path)).toThrow('ENOENT');
});

it('begins anew where something else is evaluated', () => {
  const first = new Journal(path, 'one');
  first.addLikelihood('base', 1, likelihood);
  first.close();
  const second = new Journal(path, 'two');
  expect(second.findings.likelihoods.base.size).toBe(0);
  expect([first.replaced, second.replaced]).toEqual([false, true]);
  second.close();
  expect(readFileSync(path, 'utf8')).toBe('{"key":"two"}\n');
});

it('computes a row again whose likelihood was no number', () => {
  const first = new Journal(path, 'key');
  first.addLikelihood('base', 1, { ...likelihood, nll: Infinity });
  first.addLikelihood('base', 2, likelihood);
  first.close();
  const second = new Journal(path, 'key');
  second.close();
  expect([...second.findings.likelihoods.base.keys()]).toEqual([2]);
});
