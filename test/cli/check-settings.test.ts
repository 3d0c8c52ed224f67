import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ruleSettingsOf } from '../../src/cli/check-settings';
import type { Arguments } from '../../src/cli/command';
import { ruleChoice } from '../../src/dataset-lsp/check';

const input = (value: string): Arguments => ({
  operands: [],
  all: () => [value],
  last: (flag) => (flag === 'settings' ? value : undefined),
  has: () => true,
});

describe('--settings', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'check-settings-'));
    mkdirSync(join(folder, '.vscode'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('reads the rules out of the settings of VS Code, by glob', () => {
    const text = {
      'editor.fontSize': 12,
      'fine-tune.rules': { 'output-too-short': { severity: 'error', minimum: 9 } },
      'fine-tune.ruleOverrides': [{ files: 'eval/**', rules: { 'output-too-short': 'off' } }],
    };
    writeFileSync(join(folder, '.vscode/settings.json'), JSON.stringify(text));
    const ruleSettings = ruleSettingsOf(input('.vscode/settings.json'), folder);
    expect(ruleSettingsOf(input(JSON.stringify(text)), folder)).toEqual(ruleSettings);
    expect(ruleChoice({ ruleSettings }, 'train.jsonl')).toEqual({
      severities: { 'output-too-short': 'error' },
      ruleOptions: { 'output-too-short': { minimum: 9 } },
    });
    expect(ruleChoice({ ruleSettings }, 'eval/a.jsonl').severities).toEqual({ 'output-too-short': 'off' });
  });

  it('is overruled by --rule', () => {
    const ruleSettings = ruleSettingsOf(input('{"fine-tune.rules": {"output-too-short": "off"}}'), folder);
    const choice = ruleChoice({ ruleSettings, severities: { 'output-too-short': 'hint' } }, 'train.jsonl');
    expect(choice.severities).toEqual({ 'output-too-short': 'hint' });
  });

  it('says what is wrong with the file', () => {
    expect(() => ruleSettingsOf(input('none.json'), folder)).toThrow(/none\.json cannot be used/);
    expect(() => ruleSettingsOf(input('{"a": '), folder)).toThrow(/The JSON of --settings cannot be used/);
  });
});
