import { Failure } from '../common/failure';
import type { TokenCounting } from '../dataset-lsp/check/job';
import { modelReference } from '../hub/model-id';
import { parseSettings, settingFromText } from '../training/settings';
import type { Arguments } from './command';

const COUNTING = ['model', 'template', 'max-length'];

/** How the flags say that tokens are counted, if at all (--no-tokens). @throws Failure `usage`, `settings` (exit code 2) */
export function tokensOf(input: Arguments, cwd: string): TokenCounting | undefined {
  if (!input.has('no-tokens')) return countingOf(input, cwd);
  const flag = COUNTING.find((name) => input.last(name) !== undefined);
  if (flag === undefined) return undefined;
  throw new Failure('usage', `--${flag} counts tokens, which --no-tokens forbids.`, 'Leave out one of them.', 2);
}

/** How --model, --template and --max-length say that tokens are counted. @throws Failure `settings` (exit code 2) */
export function countingOf(input: Arguments, cwd: string): TokenCounting {
  const model = input.last('model');
  const template = input.last('template');
  const length = input.last('max-length');
  const parsed = parseSettings({
    ...(length !== undefined && { max_length: settingFromText('max_length', length) }),
    ...(template !== undefined && { template }),
  });
  if (!parsed.ok) {
    const message = parsed.problems.map((problem) => problem.message).join('\n');
    throw new Failure('settings', message, 'Correct the flag.', 2);
  }
  const { max_length, template: choice } = parsed.settings;
  return {
    maxLength: max_length,
    template: choice,
    ...(model === undefined ? {} : { model: modelReference(model, cwd) }),
  };
}
