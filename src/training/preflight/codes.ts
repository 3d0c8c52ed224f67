/** The one table of what is looked at before the first step. Help, settings and messages take their codes from here. */

export interface PreflightDoc {
  readonly title: string;
  readonly why: string;
  readonly whatToDo: string;
  /** When it ends the run before the start, unless `force` names it; `null`: it only warns. */
  readonly blocks: string | null;
  /** Cannot be forced: there would be nothing to do. */
  readonly final?: true;
}

const PREFLIGHT = {
  'no-trained-tokens': {
    title: 'No token would be trained',
    why: 'Without labels there is no loss, so nothing can be learned.',
    whatToDo: 'Raise max_length, give answers the weight 1, or choose another template.',
    blocks: 'always',
    final: true,
  },
  'masked-records': {
    title: 'Records without a trained token',
    why: 'Their answers are switched off or lie beyond max_length. They teach nothing and are left out.',
    whatToDo: 'Raise max_length, give an answer the weight 1, or remove the records.',
    blocks: 'above 30 % of the records',
  },
  'too-many-tokens': {
    title: 'Records that are cut off',
    why: 'A cut answer teaches the model not to finish.',
    whatToDo: 'Raise max_length, or shorten the records.',
    blocks: 'above 50 % of the records with a cut answer',
  },
  'same-answers': {
    title: 'Pairs whose two answers are the same tokens',
    why: 'They differ beyond max_length only, or not for the tokenizer: there is nothing to prefer. They are left out.',
    whatToDo: 'Raise max_length, or remove the pairs.',
    blocks: 'above 30 % of the pairs',
  },
  'end-of-turn-not-trained': {
    title: 'The end of an answer is not trained',
    why: 'The model learns to answer but not to stop.',
    whatToDo: 'Set template to chatml or alpaca, or name the end-of-text token in tokenizer_config.json.',
    blocks: 'above 30 % of the whole records',
  },
  'end-of-turn-in-pieces': {
    title: 'The end of an answer is no token of its own',
    why: 'Programs that run the model must look for the text instead of the token.',
    whatToDo: 'Use a model whose own chat template ends a turn with a token.',
    blocks: null,
  },
  'pad-is-end-of-turn': {
    title: 'The end of an answer is the pad token, and masked',
    why: 'What is taken for padding is not trained, so the model does not learn to stop.',
    whatToDo: 'Name another pad_token in tokenizer_config.json, or set template to chatml.',
    blocks: 'above 30 % of the whole records',
  },
  'doubled-bos': {
    title: 'The begin-of-text token stands twice at the beginning',
    why: 'The model has never seen that; its answers get worse, and programs that run it write the token once.',
    whatToDo: 'Remove the token from the records or from one of template and tokenizer.',
    blocks: 'above 30 % of the records',
  },
  'template-round-trip': {
    title: 'The chat template does not write a conversation as it will be asked',
    why: 'The text in front of a trained answer is not the prompt that the model gets when it is used.',
    whatToDo: 'Set template to chatml or alpaca, or correct chat_template in tokenizer_config.json.',
    blocks: 'above 30 % of the records that were looked at, where the text before the last answer differs',
  },
  'text-lost-in-tokens': {
    title: 'The tokens do not give back the text',
    why: 'The tokenizer has no token for some characters and writes another text.',
    whatToDo: 'Use a model that knows the language and the characters of the data.',
    blocks: 'above 30 % of the records that were looked at',
  },
  'validation-in-training': {
    title: 'Validation records are in the training data',
    why: 'The model is measured on what it has learned by heart, and over-fitting is seen too late.',
    whatToDo: 'Remove them from one of the two; "fine-tune split" makes two files that share nothing.',
    blocks: 'above 1 % of the validation records',
  },
  'learning-rate': {
    title: 'The learning rate is out of the usual range',
    why: 'Too high a rate destroys the model, too low a rate teaches nothing.',
    whatToDo:
      'Stay within 1e-6 to 1e-2 for an adapter and 1e-8 to 1e-3 for all weights; with dpo within a tenth of that. With loraplus_lr_ratio the product counts.',
    blocks: 'more than ten times out of the range',
  },
  'warm-up': {
    title: 'Too few steps for the warm-up',
    why: 'The learning rate is still rising when the run ends.',
    whatToDo: 'Lower warmup_steps, or train for more steps.',
    blocks: 'when the warm-up is as long as the run',
  },
  'early-stopping': {
    title: 'Early stopping without validation data',
    why: 'What decides on early stopping is the validation loss, so the run would never stop early.',
    whatToDo: 'Set validation_file or validation_split, or leave early_stopping_patience out.',
    blocks: 'always',
  },
  'eval-metrics': {
    title: 'No validation record to answer for eval_metrics',
    why: 'The metrics compare what the model writes with the answers of validation records.',
    whatToDo:
      'Set validation_file or validation_split, raise max_length where answers are cut off, or leave eval_metrics out.',
    blocks: 'when there is none at all, or a metric cannot read the answers',
    final: true,
  },
  'answers-take-long': {
    title: 'Writing answers takes much of the run',
    why: 'Every new token reads all those before it again; the answers to a few records can cost more than the training.',
    whatToDo: 'Raise eval_generate_steps, or lower eval_generate_samples or eval_max_new_tokens.',
    blocks: null,
  },
  'ignored-settings': {
    title: 'Settings that count for nothing',
    why: 'They belong to a method or an engine that is not used, so the run is another one than they say.',
    whatToDo: 'Leave them out, or choose the method or the engine that they belong to.',
    blocks: null,
  },
  memory: {
    title: 'The run does not fit into memory',
    why: 'It would be ended by the system, or make the whole machine slow.',
    whatToDo: 'Set memory to low, lower batch_size or max_length, use qlora, or choose a smaller model.',
    blocks: 'when it needs more than the whole machine has',
  },
  'left-out': {
    title: 'Records that are not meant to be trained',
    why: 'Their label is false; supervised training learns from good answers only.',
    whatToDo: 'Nothing, when that was meant.',
    blocks: null,
  },
  'data-warnings': {
    title: 'The data has warnings',
    why: 'What the linter found may spoil the model.',
    whatToDo: 'Look at the findings with "fine-tune check".',
    blocks: null,
  },
} as const satisfies Readonly<Record<string, PreflightDoc>>;

export type PreflightCode = keyof typeof PREFLIGHT;
export const PREFLIGHT_CODES = Object.keys(PREFLIGHT) as readonly PreflightCode[];

export function preflightDoc(code: PreflightCode): PreflightDoc {
  return PREFLIGHT[code];
}

/** Codes that end a run before its start unless `force` names them. */
export const FORCEABLE: readonly PreflightCode[] = PREFLIGHT_CODES.filter((code) => {
  const { blocks, final } = preflightDoc(code);
  return blocks !== null && !final;
});
