import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ValidationData } from '../../src/dataset-lsp/dataset-lint';
import { FactTable } from '../../src/dataset-lsp/facts';
import { lintLine } from '../../src/dataset-lsp/line-lint';
import { lintText, type LintOptions } from '../../src/dataset-lsp/linter';
import { RULES } from '../../src/dataset-lsp/rules';
import { splitLines } from '../../src/dataset/jsonl';
import { readRecords } from '../../src/dataset/records';
import { createTemplate } from '../../src/dataset/template';
import { tokenizerOf } from '../dataset/dump';

const tokenizer = tokenizerOf('smollm2');
const template = createTemplate({ source: 'chatml', eosToken: '<|im_end|>', specialTokens: tokenizer.specialTokens });
const encodeWith = (maxLength: number | undefined, validation?: string): LintOptions => ({
  ...(maxLength === undefined ? {} : { encode: { template, tokenizer, maxLength } }),
  ...(validation === undefined ? {} : { validation: validationOf(validation) }),
});

function validationOf(text: string): ValidationData {
  const table = new FactTable();
  const { format } = readRecords(text);
  for (const { number, start, end } of splitLines(text)) {
    const { facts } = lintLine(text.slice(start, end), number, { format, forced: false, rules: [], facts: true });
    if (facts) table.add(number, facts);
  }
  return { name: 'validation.jsonl', table };
}

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
  it.each(meta.examples.valid.map((example) => [example.text, example.maxLength, example.validation] as const))(
    'accepts %j',
    (text, length, validation) => {
      const { problems } = lintText(text, encodeWith(length, validation));
      expect(problems.filter((problem) => problem.rule === id || problem.severity === 'error')).toEqual([]);
      expect(readRecords(text).records.length).toBeGreaterThan(0);
    },
  );
  it.each(meta.examples.invalid.map((one) => [one.text, one.lines, one.maxLength, one.validation] as const))(
    'finds %j',
    (text, lines, length, validation) => {
      const found = lintText(text, encodeWith(length, validation)).problems.filter((problem) => problem.rule === id);
      expect(found.map((problem) => problem.line)).toEqual(lines);
      for (const problem of found) {
        expect(problem.message).toMatch(/^\P{Ll}.*[.]$/su);
        expect(problem.severity).toBe(meta.defaultSeverity);
        expect(problem.column).toBeGreaterThan(0);
        expect(problem.endColumn).toBeGreaterThanOrEqual(problem.column);
      }
    },
  );
  it('can be switched off unless the record cannot be used', () => {
    const { text, maxLength } = meta.examples.invalid[0]!;
    const rules = lintText(text, { ...encodeWith(maxLength), severities: { [id]: 'off' } }).problems.map(
      (problem) => problem.rule,
    );
    expect(rules.includes(id)).toBe(meta.locked === true);
  });
});
