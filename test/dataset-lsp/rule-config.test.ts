import { describe, expect, it } from 'vitest';
import { readRuleSettings, rulesFor } from '../../src/dataset-lsp/rule-config';

describe('settings of the rules', () => {
  it('take a severity, or a severity with options', () => {
    const settings = readRuleSettings({
      rules: { 'output-too-short': 'off', 'instruction-too-long': { severity: 'error', maximum: 2000 } },
    });
    expect(rulesFor(settings, 'data/train.jsonl')).toEqual({
      severities: { 'output-too-short': 'off', 'instruction-too-long': 'error' },
      ruleOptions: { 'instruction-too-long': { maximum: 2000 } },
    });
  });

  it('leave out what makes no sense', () => {
    const settings = readRuleSettings({
      rules: {
        'no-such-rule': 'off',
        'output-too-short': 'loud',
        'instruction-too-long': { maximum: '2000', minimum: 5, severity: 3 },
        constructor: 'off',
      },
      overrides: [null, { files: 3, rules: {} }, { files: '*.jsonl', rules: 'off' }],
    });
    expect(rulesFor(settings, 'a.jsonl')).toEqual({ severities: {}, ruleOptions: {} });
    expect(readRuleSettings({ rules: null, overrides: 'x' })).toEqual({ rules: {}, overrides: [] });
  });

  it('differ by glob; later globs win, and keep the options of earlier ones', () => {
    const settings = readRuleSettings({
      rules: { 'output-too-short': 'warning', 'instruction-too-short': { minimum: 3 } },
      overrides: [
        { files: 'labels*.jsonl', rules: { 'output-too-short': 'off' } },
        { files: 'eval/**', rules: { 'output-too-short': 'hint', 'instruction-too-short': 'error' } },
      ],
    });
    const severity = (path: string): unknown => rulesFor(settings, path).severities!['output-too-short'];
    expect(severity('train.jsonl')).toBe('warning');
    expect(severity('deep/down/labels-2.jsonl')).toBe('off');
    expect(severity('eval/labels.jsonl')).toBe('hint');
    expect(severity('old/eval/x.jsonl')).toBe('warning');
    expect(rulesFor(settings, 'eval/a.jsonl').ruleOptions).toEqual({ 'instruction-too-short': { minimum: 3 } });
  });
});
