import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLine } from '../../src/dataset/jsonl';
import { createTemplate } from '../../src/dataset/template';
import { fixText } from '../../src/dataset-lsp/fix-text';
import type { Fix } from '../../src/dataset-lsp/fixes';
import { RULES } from '../../src/dataset-lsp/rules';
import { tokenizerOf } from '../dataset/dump';
import { applyFix, findingsOf, formatOf, linesOf, type FindOptions, type Found } from './apply-fix';
import { file } from './record-arbitrary';

const tokenizer = tokenizerOf('smollm2');
const template = createTemplate({ source: 'chatml', eosToken: '<|im_end|>', specialTokens: tokenizer.specialTokens });
const LOCKED = new Set(RULES.filter(({ meta }) => meta.locked).map(({ meta }) => meta.id));

const countOf = (found: readonly Found[], rule: string): number =>
  found.filter(({ finding }) => finding.rule === rule).length;
const errorsOf = (found: readonly Found[]): string[] =>
  found.filter(({ finding }) => finding.severity === 'error').map(({ finding }) => finding.rule);

/** A record that could not be read may show other errors once it can; a text that was added is for a person to fill in. */
function mayReveal(before: readonly Found[], line: number, fix: Fix): boolean {
  if (fix.title.startsWith('Add ') || fix.title === 'Keep the first value') return true;
  return before.some((one) => one.line === line && LOCKED.has(one.finding.rule)) || fix.everyLine !== undefined;
}

function checkFix(
  text: string,
  found: readonly Found[],
  { line, finding }: Found,
  fix: Fix,
  options: FindOptions = {},
): void {
  const fixed = applyFix(text, line, fix);
  // It leaves out records with a repeated key.
  if (fix.everyLine && countOf(found, 'duplicate-key') > 0) return;
  const about = JSON.stringify({ rule: finding.rule, fix: fix.title, text, fixed });
  // What other records say then is another matter.
  if ((fix.removeLines || fix.everyLine) && formatOf(fixed) !== formatOf(text)) return;
  const after = findingsOf(fixed, options);
  expect(countOf(after, finding.rule), about).toBeLessThan(countOf(found, finding.rule));
  const before = linesOf(text);
  const now = linesOf(fixed);
  if (!fix.everyLine && !fix.removeLines) {
    expect(now.slice(0, line - 1), about).toEqual(before.slice(0, line - 1));
    expect(now.slice(line - before.length || now.length), about).toEqual(before.slice(line));
  }
  if (fix.removeLines) expect(now).toEqual(before.filter((_, i) => !fix.removeLines!.includes(i + 1)));
  if (parseLine(before[line - 1] ?? '').ok && fix.edits)
    for (const source of now.slice(line - 1, line + now.length - before.length))
      expect(parseLine(source).ok, about).toBe(true);
  if (mayReveal(found, line, fix)) return;
  const left = errorsOf(found);
  for (const rule of errorsOf(after)) {
    // Only asked of records without another error.
    if (rule === 'nothing-to-train' && errorsOf(found).length > 0) continue;
    expect(left, about).toContain(rule);
    left.splice(left.indexOf(rule), 1);
  }
}

describe('every fix of the examples', () => {
  const seen = new Map<string, Fix[]>();
  for (const { meta } of RULES)
    it.each(meta.examples.invalid)(`removes the finding: ${meta.id} %#`, ({ text, maxLength, validation }) => {
      const options = {
        validation,
        ...(maxLength === undefined ? {} : { encode: { template, tokenizer, maxLength } }),
      };
      const found = findingsOf(text, options);
      for (const one of found)
        for (const fix of one.finding.fixes?.() ?? []) {
          seen.set(one.finding.rule, [...(seen.get(one.finding.rule) ?? []), fix]);
          checkFix(text, found, one, fix, options);
        }
    });

  it('is as safe as its rule says, and every rule with fixes shows one', () => {
    for (const { meta } of RULES) {
      const fixes = seen.get(meta.id) ?? [];
      expect([meta.id, fixes.length > 0]).toEqual([meta.id, meta.fixes !== undefined]);
      for (const { safe, title } of fixes) {
        if (meta.fixes !== 'both') expect([meta.id, title, safe]).toEqual([meta.id, title, meta.fixes === 'safe']);
        expect(title).toMatch(/^[A-Z][^\n]*[^.]$/);
      }
    }
    const all = [...seen.values()].flat();
    console.info(
      `${all.length} fixes of ${seen.size} rules in the examples, ${all.filter((fix) => fix.safe).length} safe`,
    );
    expect(all.length).toBeGreaterThan(50);
  });
});

describe('fixes of generated records', () => {
  it('each removes its finding and breaks nothing', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(file, (text) => {
        const found = findingsOf(text);
        for (const one of found)
          for (const fix of one.finding.fixes?.() ?? []) {
            seen.set(one.finding.rule, (seen.get(one.finding.rule) ?? 0) + 1);
            checkFix(text, found, one, fix);
          }
      }),
      { numRuns: 200, seed: 7 },
    );
    console.info(`fixes of generated records: ${[...seen].map(([rule, count]) => `${rule} ${count}`).join(', ')}`);
    expect(seen.size).toBeGreaterThan(15);
  }, 120_000);

  it('fixText twice is fixText once, keeps line ends and lines without a fix, and leaves no safe fix', () => {
    let applied = 0;
    fc.assert(
      fc.property(file, (text) => {
        const once = fixText(text);
        applied += once.applied.length;
        expect(fixText(once.text)).toEqual({ text: once.text, applied: [] });
        const changed = new Set(once.applied.map(({ line }) => line));
        const removed = new Set(once.applied.filter(({ rule }) => rule === 'blank-line').map(({ line }) => line));
        const kept = linesOf(text)
          .map((source, i) => [i + 1, source] as const)
          .filter(([line]) => !removed.has(line));
        const now = linesOf(once.text);
        expect(now.length).toBe(kept.length);
        for (const [i, [line, source]] of kept.entries()) if (!changed.has(line)) expect(now[i]).toBe(source);
        for (const { finding } of findingsOf(once.text))
          for (const fix of finding.fixes?.() ?? [])
            if (!fix.everyLine) expect([fix.title, fix.safe]).toEqual([fix.title, false]);
      }),
      { numRuns: 200, seed: 11 },
    );
    expect(applied).toBeGreaterThan(150);
  }, 120_000);
});

describe('fixText', () => {
  it.each([
    ['{"text": "a"}\r\n\r\n \r\n{"text": "b"}', '{"text": "a"}\r\n{"text": "b"}', 2],
    ['\uFEFF{"text": "a"}\n', '{"text": "a"}\n', 1],
    [
      '{"messages":[{"role":"human","content":"A question?"},{"from":"gpt","value":"Its answer."}]}\n',
      '{"messages":[{"role":"user","content":"A question?"},{"role":"assistant","content":"Its answer."}]}\n',
      3,
    ],
    [
      '{"text": "a"}\n{"instruction": "Add 2 and 2.", "text": 4.50,},\n',
      '{"text": "a"}\n{"instruction": "Add 2 and 2.", "text": "4.50"}\n',
      2,
    ],
    [
      '{"instruction": "Name one.", "output": "A."}\n{"instruction": "Name two.", "ouput": "B."}',
      '{"instruction": "Name one.", "output": "A."}\n{"instruction": "Name two.", "output": "B."}',
      1,
    ],
    [
      '{"messages": [{"role": "user", "content": "Hi there"}, {"role": "Assistant", "content": "Hello!", "weight": true}]}\n',
      '{"messages": [{"role": "user", "content": "Hi there"}, {"role": "assistant", "content": "Hello!", "weight": 1}]}\n',
      2,
    ],
    ['{"text": "a",\t"n": 1, "n": 1}\n', '{"text": "a", "n": 1}\n', 1],
    ['{"text": "a\tb"}\n', '{"text": "a\\tb"}\n', 1],
    // Nothing to be sure of.
    ["{'text': 'single'}\n", "{'text': 'single'}\n", 0],
    [
      '{"instruction": "Name one.", "output": "A.", "output": "B."}\n',
      '{"instruction": "Name one.", "output": "A.", "output": "B."}\n',
      0,
    ],
    ['[\n{"text": "a"},\n{"text": "b"}\n]\n', '[\n{"text": "a"},\n{"text": "b"}\n]\n', 0],
    ['', '', 0],
  ])('makes %j to %j', (text, fixed, count) => {
    const result = fixText(text);
    expect(result.text).toBe(fixed);
    expect(result.applied.length).toBe(count);
  });

  it('applies nothing of a rule that is off', () => {
    expect(fixText('{"text": "a"}\n\n', { severities: { 'blank-line': 'off' } }).applied).toEqual([]);
  });
});
