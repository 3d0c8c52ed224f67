/** `fine-tune preview FILE --line N` */
import { basename, resolve } from 'node:path';
import { Failure } from '../common/failure';
import { previewRecord } from '../dataset/preview';
import { encodingOf } from '../dataset-lsp/check/job';
import { SETTINGS } from '../training/settings';
import { countingOf } from './check-tokens';
import type { Arguments, Command } from './command';
import { previewLines } from './preview-view';
import { readRecord } from './read-record';

const OUTPUTS = ['text', 'json'] as const;

export const previewCommand: Command = {
  name: 'preview',
  usage: 'FILE --line N [flags]',
  summary: 'Shows one record as the model will see it: every token, and whether it is trained, masked or cut off.',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'line', value: 'N', help: 'Line of the record; the first line is 1.' },
    { name: 'model', value: 'PATH', help: 'Base model whose tokenizer and chat template are used.' },
    { name: 'template', value: 'NAME', help: SETTINGS.template.help },
    {
      name: 'max-length',
      value: 'N',
      help: `Tokens of a record beyond this are cut off. Default: ${SETTINGS.max_length.default}.`,
    },
    { name: 'format', value: 'text|json', help: 'Form of the answer. Default: text.' },
  ],
  notes:
    'Without --model tokens are counted with a default vocabulary, so their numbers are about right.\nExit codes: 0 shown, 2 unusable arguments, unreadable file, or a line that cannot be shown.',
  run: async (input, terminal) => {
    const output = OUTPUTS.find((one) => one === (input.last('format') ?? 'text'));
    if (!output)
      throw new Failure(
        'usage',
        `--format ${input.last('format')} is not known.`,
        `Write --format ${OUTPUTS.join(' or --format ')}.`,
        2,
      );
    const line = lineOf(input);
    const counting = countingOf(input, terminal.cwd);
    const [path] = input.operands;
    const { source, detection } = await readRecord(
      terminal.cwd === process.cwd() ? path! : resolve(terminal.cwd, path!),
      line,
    );
    const preview = previewRecord(source, line, {
      format: detection.kind === 'known' ? detection.format : undefined,
      encode: encodingOf(counting),
      ...(counting.model === undefined ? {} : { model: basename(counting.model) }),
    });
    if (output === 'json') terminal.out(JSON.stringify(preview, undefined, 2));
    else if (!preview.problem) {
      const { colorOut: color, unicode } = terminal;
      terminal.out(
        previewLines(preview, { path: path!, columns: terminal.columns(), color, unicode }).join('\n').trimEnd(),
      );
    } else
      throw new Failure('no-preview', `${path}, line ${line}: ${preview.problem.message}`, preview.problem.hint, 2);
    return preview.problem ? 2 : 0;
  },
};

function lineOf(input: Arguments): number {
  const given = input.last('line');
  if (given === undefined)
    throw new Failure('usage', 'The line of the record is missing.', 'Write --line N; the first line is 1.', 2);
  const line = Number(given);
  if (!Number.isSafeInteger(line) || line < 1)
    throw new Failure('usage', `--line ${given} is not the number of a line.`, 'The first line is 1.', 2);
  return line;
}
