/** `fine-tune check FILE…` */
import { resolve } from 'node:path';
import { Failure } from '../common/failure';
import type { EncodeOptions } from '../dataset/labels';
import { parseSeverities, runCheck } from '../dataset-lsp/check';
import { checkBase } from '../training/base';
import type { Settings } from '../training/settings';
import { SETTINGS, parseSettings, settingFromText } from '../training/settings';
import { openBaseModel } from '../training/weights/base-model';
import type { Arguments, Command } from './command';

const OUTPUTS = ['text', 'json'] as const;

export const checkCommand: Command = {
  name: 'check',
  usage: 'FILE… [flags]',
  summary: 'Checks training data. With a model, tokens are counted and records of which nothing is trained are found.',
  operands: { least: 1, most: Infinity },
  flags: [
    { name: 'format', value: 'text|json', help: 'Form of the report. Default: text.' },
    { name: 'model', value: 'PATH', help: 'Base model whose tokenizer and chat template are used.' },
    {
      name: 'max-length',
      value: 'N',
      help: `Tokens of a record beyond this are cut off; with --model. Default: ${SETTINGS.max_length.default}.`,
    },
    {
      name: 'rule',
      value: 'ID=SEVERITY',
      help: 'Severity of a rule: error, warning, information or off.',
      many: true,
    },
  ],
  notes: 'Exit codes: 0 no error, 1 errors found, 2 unusable arguments or unreadable file.',
  run: async (input, terminal) => {
    const output = OUTPUTS.find((one) => one === (input.last('format') ?? 'text'));
    if (!output)
      throw new Failure(
        'usage',
        `--format ${input.last('format')} is not known.`,
        `Write --format ${OUTPUTS.join(' or --format ')}.`,
        2,
      );
    const severities = parseSeverities(input.all('rule'));
    const encode = encodeOptions(input, terminal.cwd);
    // As the user wrote them: the report names them so.
    const paths = input.operands.map((path) => (terminal.cwd === process.cwd() ? path : resolve(terminal.cwd, path)));
    return await runCheck(paths, {
      output,
      severities,
      color: terminal.colorOut,
      ...(encode && { encode }),
      write: (text) => terminal.out(text.replace(/\n$/, '')),
    });
  },
};

function encodeOptions(input: Arguments, cwd: string): EncodeOptions | undefined {
  const model = input.last('model');
  const length = input.last('max-length');
  if (model === undefined) {
    if (length === undefined) return undefined;
    throw new Failure('usage', '--max-length counts tokens, which needs --model.', 'Name the base model as well.', 2);
  }
  const settings = checked({ ...(length !== undefined && { max_length: settingFromText('max_length', length) }) });
  const { tokenizer, template } = checkBase(openBaseModel(resolve(cwd, model)), { ...settings, method: 'full' });
  return { tokenizer, template, maxLength: settings.max_length };
}

function checked(input: Readonly<Record<string, unknown>>): Settings {
  const parsed = parseSettings(input);
  if (parsed.ok) return parsed.settings;
  const message = parsed.problems.map((problem) => problem.message).join('\n');
  throw new Failure('settings', message, 'Correct the flag.', 2);
}
