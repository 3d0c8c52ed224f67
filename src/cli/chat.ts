/** `fine-tune chat RUN|ADAPTER|MODEL` */
import { SAMPLING_FIELDS, samplingOf, samplingValue } from '../chat/sampling';
import type { Side } from '../chat/conversation';
import { Failure } from '../common/failure';
import { SETTINGS, type Settings } from '../training/settings';
import type { Arguments, Command } from './command';
import { numberFlag } from './number-flag';
import { OUTPUT_DIR_FLAG } from './runs';
import { outputDir } from './setting-flags';

const ENGINES = ['auto', 'llama.cpp', 'onnxruntime'] as const;

export const chatCommand: Command = {
  name: 'chat',
  usage: 'RUN|ADAPTER|MODEL [flags]',
  summary: 'Talks with a model: the tuned one, its base, or both side by side.',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'tuned', help: 'Only the tuned model answers. This is the default where there is one.' },
    { name: 'base', help: 'Only the base model answers.' },
    { name: 'both', help: 'Both answer, one after the other.' },
    {
      name: 'system',
      value: 'TEXT',
      help: 'The system prompt; - for none. Default: the one of the training data, where all its records have the same.',
    },
    ...SAMPLING_FIELDS.map((field) => ({
      name: field.flag,
      value: 'N',
      help: `${field.help} Default: ${field.default}.`,
    })),
    { name: 'prompt', value: 'TEXT', help: 'Answers this one message and ends; so does a message piped in.' },
    { name: 'model', value: 'PATH', help: 'Base of an adapter that names none, or one that has moved.' },
    { name: 'template', value: 'NAME', help: SETTINGS.template.help },
    {
      name: 'context-length',
      value: 'N',
      help: 'Most tokens of conversation and answer together. Default: 4096, or fewer where the model allows only those.',
    },
    {
      name: 'engine',
      value: 'auto|llama.cpp|onnxruntime',
      help: 'What runs the model. Default: auto, llama.cpp where it can.',
    },
    OUTPUT_DIR_FLAG,
    { name: 'json', help: 'For programs: requests and events as lines of JSON, until the input closes.' },
  ],
  notes:
    'Ctrl-C stops an answer; pressed twice it ends the chat. /help in the chat lists its commands.\nExit codes: 0 the chat ended, 1 an answer failed, 2 unusable arguments or model.',
  run: async (input, terminal) => {
    const options = {
      given: input.operands[0]!,
      side: sideOf(input),
      system: input.last('system'),
      sampling: samplingOf((field) => samplingValue(field, input.last(field.flag), `--${field.flag}`)),
      prompt: input.last('prompt'),
      model: input.last('model'),
      template: templateOf(input),
      contextLength: input.has('context-length')
        ? numberFlag(input, 'context-length', 0, { least: 16, most: 1_000_000, whole: true })
        : undefined,
      engine: engineOf(input),
      outputDir: outputDir(input, terminal.cwd),
      json: input.has('json'),
    };
    const { runChat } = await import('./chat-run');
    return await runChat(options, terminal);
  },
};

export interface ChatArguments {
  readonly given: string;
  /** `undefined`: the tuned model where there is one; in `json` both. */
  readonly side: Side | 'both' | undefined;
  /** `undefined`: the one that the model was trained with. */
  readonly system: string | undefined;
  readonly sampling: ReturnType<typeof samplingOf>;
  readonly prompt: string | undefined;
  readonly model: string | undefined;
  readonly template: Settings['template'] | undefined;
  readonly contextLength: number | undefined;
  readonly engine: (typeof ENGINES)[number];
  readonly outputDir: string;
  readonly json: boolean;
}

function sideOf(input: Arguments): Side | 'both' | undefined {
  const chosen = (['tuned', 'base', 'both'] as const).filter((flag) => input.has(flag));
  if (chosen.length <= 1) return chosen[0];
  throw new Failure('usage', `--${chosen[0]} and --${chosen[1]} exclude each other.`, 'Give one of them.', 2);
}

function templateOf(input: Arguments): Settings['template'] | undefined {
  const given = input.last('template');
  const known = SETTINGS.template.choices.find((one) => one === given);
  if (given === undefined || known) return known;
  throw new Failure('usage', `--template ${given} is not known.`, `Choose ${SETTINGS.template.choices.join(', ')}.`, 2);
}

function engineOf(input: Arguments): (typeof ENGINES)[number] {
  const given = input.last('engine') ?? 'auto';
  const known = ENGINES.find((one) => one === given);
  if (known) return known;
  throw new Failure('usage', `--engine ${given} is not known.`, `Choose ${ENGINES.join(', ')}.`, 2);
}
