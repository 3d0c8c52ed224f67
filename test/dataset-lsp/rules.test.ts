import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lintText } from '../../src/dataset-lsp/linter';
import { RULES } from '../../src/dataset-lsp/rules';
import { readRecords } from '../../src/dataset/records';

describe('the registry', () => {
  it('is equal to the folder', () => {
    const files = readdirSync(new URL('../../src/dataset-lsp/rules', import.meta.url)).filter(
      (file) => !['index.ts', 'rule.ts'].includes(file),
    );
    expect(RULES.map((rule) => `${rule.meta.id}.ts`).sort()).toEqual(files.sort());
  });
  it('says why and what to do in sentences', () => {
    for (const { meta } of RULES) {
      expect(meta.title).toMatch(/^[A-Z].*[^.]$/);
      for (const text of [meta.why, meta.whatToDo]) expect(text).toMatch(/^[A-Z].*\.$/);
      expect(meta.examples.valid.length).toBeGreaterThan(0);
      expect(meta.examples.invalid.length).toBeGreaterThan(0);
    }
  });
});

describe.each(RULES.map((rule) => [rule.meta.id, rule] as const))('%s', (id, { meta }) => {
  it.each(meta.examples.valid.map((example) => [example.text]))('accepts %j', (text) => {
    const { problems } = lintText(text);
    expect(problems.filter((problem) => problem.rule === id || problem.severity === 'error')).toEqual([]);
    expect(readRecords(text).records.length).toBeGreaterThan(0);
  });
  it.each(meta.examples.invalid.map((example) => [example.text, example.lines] as const))('finds %j', (text, lines) => {
    const found = lintText(text).problems.filter((problem) => problem.rule === id);
    expect(found.map((problem) => problem.line)).toEqual(lines);
    for (const problem of found) {
      expect(problem.message).toMatch(/^\P{Ll}.*[.]$/su);
      expect(problem.severity).toBe(meta.defaultSeverity);
      expect(problem.column).toBeGreaterThan(0);
      expect(problem.endColumn).toBeGreaterThanOrEqual(problem.column);
    }
  });
  it('can be switched off unless the record cannot be used', () => {
    const text = meta.examples.invalid[0]!.text;
    const rules = lintText(text, { severities: { [id]: 'off' } }).problems.map((problem) => problem.rule);
    expect(rules.includes(id)).toBe(meta.locked === true);
  });
});
