/** `fine-tune export RUN --to FORM -o DIR` */
import { Failure } from '../common/failure';
import { nearest } from '../common/nearest';
import { TARGETS, type Target, isTarget } from '../export/export-types';
import type { Arguments, Command } from './command';
import { OUTPUT_DIR_FLAG } from './runs';

export const exportCommand: Command = {
  name: 'export',
  usage: 'RUN|ADAPTER|MODEL --to FORM -o DIR [flags]',
  summary: 'Writes a trained model in a form that other programs read, and checks that it computes the same.',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'to', value: 'FORM', help: `${Object.keys(TARGETS).join(', ')}; see below.` },
    { name: 'output', value: 'DIR', help: 'The new folder; also -o.' },
    { name: 'o', value: 'DIR', help: 'The same as --output.', sameAs: 'output' },
    {
      name: 'type',
      value: 'TYPE',
      help: 'Numbers of the weights. merged: float32, float16 or bfloat16 (default: as the base has them). gguf and ollama: F32, F16 (default), Q8_0 or Q4_0; with llama-quantize of llama.cpp on the PATH also Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M and Q6_K.',
    },
    { name: 'checkpoint', value: 'STEP', help: 'Of a run: the weights of this checkpoint instead of its result.' },
    { name: 'model', value: 'DIR', help: 'The base of an adapter, where it has moved.' },
    {
      name: 'max-shard-size',
      value: 'SIZE',
      help: 'merged: most bytes of one weights file, such as 500MB. Default: 5GB.',
    },
    { name: 'keep-adapter', help: 'ollama: base and adapter as two files instead of one.' },
    { name: 'force', help: 'Replace an earlier export in the folder.' },
    { name: 'no-check', help: 'Do not compare the exported model with the trained one.' },
    OUTPUT_DIR_FLAG,
    { name: 'json', help: 'Prints progress and result as JSON, one object a line.' },
  ],
  notes: [
    'Forms:',
    ...Object.entries(TARGETS).map(([name, what]) => `  ${name.padEnd(10)} ${what}`),
    '',
    'The check takes ten records (validation file, else training file, else built-in texts) and compares the log-probabilities',
    'of the exported model with those of the trained one: GGUF in llama.cpp, the others in our own engine. Where they differ by',
    'more than the type explains, the files stay, with CHECK-FAILED.txt beside them. Ctrl-C leaves nothing behind.',
    'Exit codes: 0 done, 1 it failed or the check did, 2 unusable arguments or models, 130 stopped.',
  ].join('\n'),
  run: async (input, terminal) => {
    const to = targetFlag(input);
    const { runExport } = await import('./export-run');
    return await runExport(to, input, terminal);
  },
};

function targetFlag(input: Arguments): Target {
  const given = input.last('to');
  const forms = Object.keys(TARGETS);
  if (given === undefined) throw new Failure('usage', 'The form is missing.', `Write --to ${forms.join('|')}.`, 2);
  if (isTarget(given)) return given;
  const near = nearest(given, forms);
  throw new Failure(
    'usage',
    `There is no form ${given}.${near ? ` Did you mean ${near}?` : ''}`,
    `Choose ${forms.join(', ')}.`,
    2,
  );
}
