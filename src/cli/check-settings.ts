import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '../common/failure';
import { readRuleSettings, type RuleSettings } from '../dataset-lsp/rule-config';
import { asRecord } from '../dataset/shape';
import type { Arguments, Flag } from './command';

export const SETTINGS_FLAG: Flag = {
  name: 'settings',
  value: 'FILE',
  help: 'Settings of the rules, by glob too: a JSON file such as .vscode/settings.json with fine-tune.rules and fine-tune.ruleOverrides, or the JSON itself.',
};

/** @throws Failure `settings` (exit code 2) when the file cannot be read as JSON */
export function ruleSettingsOf(input: Arguments, cwd: string): RuleSettings | undefined {
  const given = input.last('settings');
  if (given === undefined) return undefined;
  const inline = given.trimStart().startsWith('{');
  try {
    const value = asRecord(JSON.parse(inline ? given : readFileSync(resolve(cwd, given), 'utf8')));
    if (!value) throw new Error('It is no JSON object.');
    return readRuleSettings({ rules: value['fine-tune.rules'], overrides: value['fine-tune.ruleOverrides'] });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const name = inline ? 'The JSON of --settings' : given;
    throw new Failure('settings', `${name} cannot be used: ${reason}`, 'It must be JSON without comments.', 2);
  }
}
