/** What a model writes while it is trained, and how good it is. */
import { answerGreedily } from '../evaluation/generation/greedy';
import type { OpenModel } from '../evaluation/generation/session-generator';
import type { AnswerSample, AnswerScores } from './protocol';
import type { Question } from './questions';
import { scoreAnswers } from './score-answers';
import type { ResolvedSettings } from './settings';

type Asking = Pick<ResolvedSettings, 'eval_metrics' | 'eval_max_new_tokens' | 'batch_size'>;

const SHOWN = 3;
const SHOWN_CHARACTERS = 1000;

/** Whether answers are written at the evaluation of this step: at the first one, every so many steps, and at the last one. */
export function answersDue(
  step: number,
  { eval_generate_steps: every, max_steps }: Pick<ResolvedSettings, 'eval_generate_steps' | 'max_steps'>,
): boolean {
  return every !== null && (step % every === 0 || step === max_steps);
}

/**
 * Greedy answers; no random number is drawn and no weight is changed.
 * @param onProgress told of finished answers
 * @param interrupted asked before every token
 * @returns `undefined` where it was interrupted
 */
export async function writeAnswers(
  model: OpenModel,
  questions: readonly Question[],
  { eval_metrics, eval_max_new_tokens, batch_size }: Asking,
  onProgress: (done: number) => void,
  interrupted: () => boolean,
): Promise<AnswerScores | undefined> {
  const answers = await answerGreedily(
    model,
    questions.map(({ promptTokens }) => promptTokens),
    // Twice the rows of a training step, as everywhere in an evaluation: nothing is kept for a backward pass.
    { maxNewTokens: eval_max_new_tokens, batchSize: batch_size * 2, onProgress, cancelled: interrupted },
  );
  if (answers.some(({ finish }) => finish === 'cancelled')) return undefined;
  const texts = answers.map(({ text }) => text);
  return {
    metrics: scoreAnswers(questions, texts, eval_metrics),
    answers: texts.length,
    samples: samplesOf(questions, texts),
  };
}

/** Spread over the questions, which are in the order of their file. */
function samplesOf(questions: readonly Question[], texts: readonly string[]): AnswerSample[] {
  const count = Math.min(SHOWN, questions.length);
  return Array.from({ length: count }, (_, i): AnswerSample => {
    const at = Math.floor((i * questions.length) / count);
    const { line, prompt, reference } = questions[at]!;
    return { line, prompt: shown(prompt), reference: shown(reference), answer: shown(texts[at]!) };
  });
}

function shown(text: string): string {
  const characters = [...text.slice(0, 2 * SHOWN_CHARACTERS)];
  return characters.length <= SHOWN_CHARACTERS ? text : `${characters.slice(0, SHOWN_CHARACTERS).join('')}…`;
}
