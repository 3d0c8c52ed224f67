import { describe, expect, it } from 'vitest';
import { repairJson } from '../../src/dataset/json-repair';

describe('repairJson', () => {
  it.each([
    ['{"a": 1,}', '{"a": 1}', true],
    ['[1, 2, ]', '[1, 2 ]', true],
    ['{"a": 1},', '{"a": 1}', true],
    ['\uFEFF{"a": 1}', '{"a": 1}', true],
    ['{"a": "x\ty\u0001"}', '{"a": "x\\ty\\u0001"}', true],
    ['{"a": True, "b": None}', '{"a": true, "b": null}', true],
    [String.raw`{"a": "it\'s"}`, '{"a": "it\'s"}', true],
    [`{'a': 'say "hi"', 'b': 'it\\'s'}`, '{"a": "say \\"hi\\"", "b": "it\'s"}', false],
    ['{a: 1, b_2: [NaN]}', '{"a": 1, "b_2": [null]}', false],
    ['{"a": 1 "b": 2}', '{"a": 1 , "b": 2}', false],
    ['{"a": [1, {"b": "c"', '{"a": [1, {"b": "c"}]}', false],
    ['{"a": 1 /* one */}', '{"a": 1 }', false],
    [String.raw`{"a": "C:\dir\x41"}`, String.raw`{"a": "C:\\dir\u0041"}`, false],
  ])('%s', (source, text, certain) => {
    expect(repairJson(source)).toEqual({ text, certain });
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it.each([
    ['{"a": 1}', 'is JSON already'],
    ['{"a": "lost he', 'ends inside a text'],
    ['{"a": ', 'ends before a value'],
    ['{"a": "say "hi" to him"}', 'a quote could end the text or belong to it'],
    ["{'a': 'it's'}", 'so could an apostrophe'],
    ['', 'nothing'],
    ['hello', 'no JSON at all'],
  ])('leaves %j: %s', (source) => {
    expect(repairJson(source)).toBeUndefined();
  });
});
