/** The Modelfile that makes an Ollama model of a GGUF file: the trained template, what ends an answer, how to sample. */
import { existsSync, readFileSync } from 'node:fs';
import { decodeText } from '../dataset/encoding';
import { formatById } from '../dataset/formats';
import { detectTextFormat, readRecords } from '../dataset/records';
import { stopTokens } from '../evaluation/generation/answer-parts';
import type { Subject, TunedRun } from '../evaluation/subject';
import { Failure } from '../common/failure';
import { generationSettings } from './carried-files';
import { ollamaTemplate } from './ollama-template';

export interface Modelfile {
  readonly text: string;
  /** What Ollama does otherwise than the training, for the reader. */
  readonly notes: readonly string[];
}

export interface ModelfileOptions {
  /** Beside the Modelfile. */
  readonly model: string;
  readonly adapter: string | undefined;
  readonly run: TunedRun | undefined;
}

/** Beyond it the memory for the context of even small models grows large. */
const MOST_CONTEXT = 8192;
/** Of models that do not say how they are sampled; Ollama's own, 0.8, is meant for chatting with large ones. */
const TEMPERATURE = 0.7;

/** @throws Failure `ollama-template` where Ollama's language cannot express the trained template */
export function modelfile(subject: Subject, { model, adapter, run }: ModelfileOptions): Modelfile {
  const { checked } = subject;
  const { tokenizer, template, config } = checked;
  // llama.cpp puts it in front of every prompt.
  const bos = tokenizer.bos && tokenizer.prefix.includes(tokenizer.bos.id) ? tokenizer.bos.text : '';
  const { text, notes } = ollamaTemplate(template, bos);
  const ends = stopTokens(checked).flatMap((id) => tokenizer.tokenText(id) ?? []);
  const stops = new Set([...(template.endOfTurn === undefined ? [] : [template.endOfTurn.trim()]), ...ends]);
  const own = generationSettings(subject.model);
  const numbers = (['top_p', 'top_k', 'repetition_penalty'] as const).flatMap((key): [string, number][] =>
    typeof own[key] === 'number' ? [[key === 'repetition_penalty' ? 'repeat_penalty' : key, own[key]]] : [],
  );
  const named = typeof own['temperature'] === 'number' ? own['temperature'] : TEMPERATURE;
  const temperature = own['do_sample'] === false ? 0 : named;
  const system = run && constantSystem(run);
  return {
    text: [
      `FROM ./${model}`,
      ...(adapter === undefined ? [] : [`ADAPTER ./${adapter}`]),
      `TEMPLATE """${text}"""`,
      ...(system === undefined ? [] : [`SYSTEM """${system.replaceAll('"""', "'''")}"""`]),
      ...[...stops].map((stop) => `PARAMETER stop "${stop}"`),
      `PARAMETER num_ctx ${Math.min(config.maxPositions, MOST_CONTEXT)}`,
      `PARAMETER temperature ${temperature}`,
      ...numbers.map(([name, value]) => `PARAMETER ${name} ${value}`),
      '',
    ].join('\n'),
    notes,
  };
}

const RECORDS_LOOKED_AT = 2000;

/** The system message of the training data, where every record has the same one. */
export function constantSystem({ settings: { train_file: file, format } }: TunedRun): string | undefined {
  if (file === null || !existsSync(file)) return undefined;
  const { text } = decodeText(readFileSync(file));
  const id = format === 'auto' ? detectTextFormat(text) : format;
  if (id === undefined) return undefined;
  const found = new Set<string | undefined>();
  try {
    const head = text.split('\n', RECORDS_LOOKED_AT).join('\n');
    for (const { example } of readRecords(head, formatById(id).id).records) {
      const first = example.kind === 'conversation' ? example.messages[0] : undefined;
      found.add(first?.role === 'system' || first?.role === 'developer' ? first.content : undefined);
    }
  } catch (error) {
    // The file is no longer what was trained on.
    if (error instanceof Failure) return undefined;
    throw error;
  }
  return found.size === 1 ? [...found][0] : undefined;
}
