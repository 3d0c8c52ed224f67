/** Questions as a model is asked them: token ids, and what it costs to fit them into its context. */
import { groupBy } from '../../common/group-by';
import type { CheckedBase } from '../../training/base';
import { encodePrompt } from '../../dataset/labels';
import { GREEDY, type Generator } from '../generation/generator';
import type { GivenAnswer } from './answer-log';
import type { Benchmark } from './benchmark';
import { answerText, chatPrompt, completionPrompt } from './prompts';
import type { Question, SubjectQuestions } from './question';

export interface Request {
  readonly prompt: Int32Array;
  /** Of each choice; empty where the answer is written. */
  readonly continuations: readonly Int32Array[];
  /** Tokens that may be written. */
  readonly maxNewTokens: number;
}

/** A letter and its reason, or a short text. */
const MAX_NEW_TOKENS = { choice: 32, text: 64 };

type Encoder = Pick<CheckedBase, 'tokenizer' | 'template' | 'config'>;

export function requestOf(
  question: Question,
  subject: SubjectQuestions,
  benchmark: Pick<Benchmark, 'method' | 'shots'>,
  { tokenizer, template, config }: Encoder,
): Request {
  if (benchmark.method === 'generate') {
    const prompt = encodePrompt({ messages: chatPrompt(question, subject, benchmark) }, { tokenizer, template });
    const maxNewTokens = question.choices.length > 0 ? MAX_NEW_TOKENS.choice : MAX_NEW_TOKENS.text;
    return { prompt, continuations: [], maxNewTokens };
  }
  // As lm-eval's HFLM: the token that begins a text only for Gemma, which is lost without it.
  const prefix = config.family.startsWith('gemma') ? tokenizer.prefix : [];
  const encode = (text: string): Int32Array => Int32Array.from([...prefix, ...tokenizer.encode(text).ids]);
  const text = completionPrompt(question, subject, benchmark);
  const prompt = encode(text);
  // The end of the prompt and the beginning of the answer may be one token, so that both are encoded together.
  const continuations = question.choices.map((_, i) => encode(text + answerText(i)).slice(prompt.length));
  return { prompt, continuations, maxNewTokens: 0 };
}

/** Tokens of prompt and answer together. */
export function lengthOf({ prompt, continuations, maxNewTokens }: Request): number {
  return prompt.length + Math.max(maxNewTokens, ...continuations.map(({ length }) => length));
}

/**
 * Asks. A prompt that is too long loses its beginning, as in lm-eval.
 * @param room most tokens of prompt and answer together
 * @returns undefined where it was cancelled
 */
export async function ask(
  generator: Generator,
  request: Request,
  room: number,
  signal: AbortSignal,
): Promise<Pick<GivenAnswer, 'logProbabilities' | 'text' | 'cut'> | undefined> {
  const { prompt, continuations, maxNewTokens } = request;
  const fitting = (answer: number): Int32Array => prompt.slice(-Math.max(1, room - answer));
  const cut = lengthOf(request) > room && { cut: true as const };
  if (continuations.length === 0) {
    const sampling = { ...GREEDY, maxNewTokens };
    const { text, finish } = await generator.answer(fitting(maxNewTokens), { sampling, signal });
    return finish === 'cancelled' ? undefined : { text, ...cut };
  }
  const logProbabilities = new Array<number>(continuations.length).fill(0);
  const byLength = groupBy(continuations.keys(), (i) => continuations[i]!.length);
  for (const [length, indices] of byLength) {
    const alike = indices.map((i) => continuations[i]!);
    const scores = await generator.logLikelihoods(fitting(length), alike);
    indices.forEach((i, n) => (logProbabilities[i] = scores[n]!.logProbability));
  }
  return { logProbabilities, ...cut };
}
