import { resolve } from 'node:path';
import { Failure } from '../common/failure';
import type { TokenCounting } from '../dataset-lsp/check/job';
import { parseSettings, settingFromText } from '../training/settings';
import type { Arguments } from './command';

/** How the flags --model, --max-length and --no-tokens want tokens counted. @throws Failure `usage`, `settings` (exit code 2) */
export function tokensOf(input: Arguments, cwd: string): TokenCounting | undefined {
  const model = input.last('model');
  const length = input.last('max-length');
  if (input.has('no-tokens')) {
    if (model === undefined && length === undefined) return undefined;
    const flag = model === undefined ? '--max-length' : '--model';
    throw new Failure('usage', `${flag} counts tokens, which --no-tokens forbids.`, 'Leave out one of them.', 2);
  }
  const parsed = parseSettings({ ...(length !== undefined && { max_length: settingFromText('max_length', length) }) });
  if (!parsed.ok) {
    const message = parsed.problems.map((problem) => problem.message).join('\n');
    throw new Failure('settings', message, 'Correct the flag.', 2);
  }
  const maxLength = parsed.settings.max_length;
  return { maxLength, ...(model === undefined ? {} : { model: { path: resolve(cwd, model) } }) };
}
