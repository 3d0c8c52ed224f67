import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Failure } from '../../src/common/failure';
import { openSubjects } from '../../src/evaluation/subject';
import { writeAdapter } from '../../src/export/peft';
import { createParameters } from '../../src/training/parameters';
import { checkBase } from '../../src/training/base';
import { parseSettings, resolveDefaults } from '../../src/training/settings';
import { openBaseModel } from '../../src/training/weights/base-model';

const sample = join(__dirname, '..', '..', 'media', 'sample', 'base');
const home = mkdtempSync(join(tmpdir(), 'subjects-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const model = openBaseModel(sample);

/** The folder of a run as a trainer leaves it. */
function writeRun(name: string, asked: Record<string, unknown>, hash = model.hash()): string {
  const folder = join(home, name);
  mkdirSync(folder);
  const parsed = parseSettings({ model: sample, train_file: join(home, 'train.jsonl'), r: 2, ...asked });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const settings = resolveDefaults(parsed.settings, { stepsPerEpoch: 1, physicalCores: 1, name });
  const run = { version: 1, name, created: '2026-01-01T00:00:00.000Z', token: 't', requested: {}, settings };
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...run, hashes: { model: hash } }));
  if (settings.method === 'full') {
    cpSync(sample, join(folder, 'model'), { recursive: true });
    return folder;
  }
  const parameters = createParameters(model, settings, checkBase(model, settings));
  const facts = { base: model, settings, hashes: {}, trainExamples: 1, step: 1, loss: null, validationLoss: null };
  writeAdapter(join(folder, 'adapter'), parameters, facts);
  return folder;
}

const refusal = (work: () => unknown): Failure => {
  try {
    work();
  } catch (error) {
    return error as Failure;
  }
  throw new Error('It was opened.');
};

describe('what a path names', () => {
  let run: string;
  beforeAll(() => {
    run = writeRun('support-bot', {});
  });

  it('a run, also by the folder of its adapter', () => {
    for (const path of [run, join(run, 'adapter')]) {
      const { name, base, tuned, run: found } = openSubjects(path);
      expect({ name, path: found?.path }).toEqual({ name: 'support-bot', path: run });
      expect(base.adapter).toBeUndefined();
      expect(tuned?.model).toBe(base.model);
      expect(tuned?.adapter?.lora).toMatchObject({ r: 2, alpha: 16 });
      expect(tuned?.adapter?.parameters.length).toBeGreaterThan(0);
    }
  });

  it('a QLoRA run, whose base is kept in 4 bits', () => {
    const folder = writeRun('four-bits', { method: 'qlora', bnb_4bit_use_double_quant: false });
    const { base, tuned } = openSubjects(folder);
    expect([base.nf4, tuned?.nf4]).toEqual([{ doubleQuant: false }, { doubleQuant: false }]);
  });

  it('a run of all weights', () => {
    const { base, tuned } = openSubjects(writeRun('whole', { method: 'full' }));
    expect(base.model.path).toBe(sample);
    expect(basename(tuned!.model.path)).toBe('model');
    expect(tuned!.adapter).toBeUndefined();
  });

  it('an adapter alone, with the base that it names or one that is given', () => {
    const alone = join(home, 'alone');
    cpSync(join(run, 'adapter'), alone, { recursive: true });
    expect(openSubjects(alone)).toMatchObject({ name: 'alone', run: undefined, base: { model: { path: sample } } });
    const moved = join(home, 'moved-base');
    cpSync(sample, moved, { recursive: true });
    expect(openSubjects(alone, { model: moved }).tuned?.model.path).toBe(moved);
  });

  it('a model', () => {
    expect(openSubjects(sample)).toMatchObject({ name: 'base', tuned: undefined, run: undefined });
  });
});

describe('what cannot be used is refused', () => {
  it('a run that has not come to a result', () => {
    const folder = writeRun('early', {});
    rmSync(join(folder, 'adapter'), { recursive: true });
    expect(refusal(() => openSubjects(folder))).toMatchObject({ code: 'run-has-no-result', exitCode: 2 });
  });

  it('an adapter whose base has other weights now', () => {
    const folder = writeRun('elsewhere', {}, 'f'.repeat(64));
    expect(refusal(() => openSubjects(folder))).toMatchObject({ code: 'base-changed', exitCode: 2 });
  });

  it('an adapter of a base of another shape', () => {
    const other = join(__dirname, '..', 'training', 'oracles', 'llama-tied', 'peft');
    expect(refusal(() => openSubjects(other, { model: sample }))).toMatchObject({ code: 'adapter-mismatch' });
  });

  it('a base that is gone', () => {
    const base = join(home, 'gone');
    cpSync(sample, base, { recursive: true });
    const folder = writeRun('orphan', { model: base });
    renameSync(base, join(home, 'gone-away'));
    expect(refusal(() => openSubjects(folder))).toMatchObject({ code: 'model-not-found', exitCode: 2 });
    expect(openSubjects(folder, { model: join(home, 'gone-away') }).name).toBe('orphan');
  });
});
