import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/common/failure';
import { jsonEqual, jsonFields, jsonValid } from '../../../src/evaluation/metrics/json';
import { schemaCheck } from '../../../src/evaluation/metrics/json-schema';
import { tally, type Metric, type TextRow } from '../../../src/evaluation/metrics/metric';
import { patternCheck } from '../../../src/evaluation/metrics/pass-rate';

const score = (metric: Metric<TextRow>, prediction: string, ...references: string[]): number =>
  tally(metric, [{ prediction, references }]).score();

it.each([
  ['{"a": 1}', 1],
  [' [1, 2]\n', 1],
  ['"text"', 1],
  ['', 0],
  ['{"a": 1} and more', 0],
  ["{'a': 1}", 0],
  ['```json\n{}\n```', 0],
  ['NaN', 0],
])('%j is JSON: %d', (text, valid) => {
  expect(score(jsonValid, text)).toBe(valid);
});

describe('JSON compared', () => {
  it.each([
    ['{"b": [1, {"c": null}], "a": "x"}', '{"a":"x","b":[1.0,{"c":null}]}', 1, 1],
    ['{"a": 1, "b": 2, "d": 4}', '{"a": 1, "b": 3, "c": {"x": 1, "y": 2}}', 1 / 4, 0],
    ['{"a": 1, "more": 2}', '{"a": 1}', 1, 0],
    ['{"a": "1"}', '{"a": 1}', 0, 0],
    ['[1]', '{"0": 1}', 0, 0],
    ['[2, 1]', '[1, 2]', 0, 0],
    ['{}', '[]', 0, 0],
    ['{}', '{}', 1, 1],
    ['{"a": {"b": 1}}', '{"a": {}}', 0, 0],
    ['{"a.b": 1}', '{"a": {"b": 1}}', 0, 0],
    ['{"__proto__": 1}', '{"__proto__": 1}', 1, 1],
    ['no JSON', '{"a": 1}', 0, 0],
    ['', '{"a": 1}', 0, 0],
  ])('%s against %s: fields %d, equal %d', (prediction, reference, fields, equal) => {
    expect(score(jsonFields, prediction, reference)).toBe(fields);
    expect(score(jsonEqual, prediction, reference)).toBe(equal);
  });
  it('survives what is nested without end', () => {
    const deep = '[['.repeat(100_000) + ']]'.repeat(100_000);
    expect(score(jsonFields, deep, '{"a": 1}')).toBe(0);
    expect(score(jsonEqual, deep, '{"a": 1}')).toBe(0);
    expect(schemaCheck({ items: { $ref: '#' } })(deep)).toBe(false);
  });
  it('says which reference is none', () => {
    expect(() => score(jsonFields, '{}', 'Hello')).toThrow('A reference is no JSON: "Hello"');
  });
});

describe('JSON schema', () => {
  const check = schemaCheck({
    type: 'object',
    required: ['city', 'days'],
    additionalProperties: false,
    properties: {
      city: { type: 'string', minLength: 2, pattern: '^[A-Z]' },
      days: { $ref: '#/$defs/count' },
      unit: { enum: ['C', 'F'] },
      tags: { type: 'array', prefixItems: [{ type: 'integer' }], items: { anyOf: [{ type: 'null' }, { const: 'x' }] } },
    },
    $defs: { count: { type: 'integer', minimum: 1, exclusiveMaximum: 10 } },
  });
  it.each([
    ['{"city": "Oslo", "days": 3}', true],
    ['{"city": "Oslo", "days": 3.0, "unit": "C", "tags": [1, null, "x"]}', true],
    ['{"city": "Oslo"}', false],
    ['{"city": "oslo", "days": 3}', false],
    ['{"city": "O", "days": 3}', false],
    ['{"city": "Oslo", "days": 10}', false],
    ['{"city": "Oslo", "days": 1, "unit": "K"}', false],
    ['{"city": "Oslo", "days": 1, "tags": [1, "y"]}', false],
    ['{"city": "Oslo", "days": 1, "other": 1}', false],
    ['[]', false],
    ['Oslo', false],
    ['', false],
  ])('%s passes: %s', (text, passes) => {
    expect(check(text)).toBe(passes);
  });
  it('reads the draft that the schema names', () => {
    const items = [{ type: 'string' }, { type: 'integer' }];
    const old = schemaCheck({ $schema: 'http://json-schema.org/draft-07/schema#', items });
    expect([old('["a", 1]'), old('["a", "b"]')]).toEqual([true, false]);
  });
  it('says why a schema cannot be used', () => {
    expect(() => schemaCheck('{}')).toThrow(Failure);
    expect(() => schemaCheck({ $ref: '#/$defs/lost' })('1')).toThrow(/cannot be used: Unresolved \$ref/);
    expect(() => schemaCheck({ pattern: '(' })('"a"')).toThrow(Failure);
  });
});

describe('pattern', () => {
  it('is found anywhere, always anew', () => {
    const check = patternCheck('b+', 'gi');
    expect(['abc', 'abc', 'B', 'x'].map(check)).toEqual([true, true, true, false]);
  });
  it('says why it cannot be used', () => {
    expect(() => patternCheck('(a')).toThrow('Invalid regular expression');
  });
});
