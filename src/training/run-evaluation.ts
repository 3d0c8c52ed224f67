/** What an evaluation of a run does: the loss on the validation records, and where they are wanted answers to some of them. */
import { type Batch, type RowBatch, planEvaluation } from './batches';
import { evaluateBatches } from './evaluate';
import type { Evaluation, LoopOptions } from './loop';
import type { RunPlan } from './plan-run';
import type { AnswerScores, EventBody } from './protocol';
import type { EvaluationSession } from './session';
import { answersDue, writeAnswers } from './write-answers';

type Control = Pick<LoopOptions, 'stopRequested' | 'pause'>;
type Report = (event: EventBody) => void;

export function evaluationOf(
  plan: RunPlan,
  session: EvaluationSession,
  collate: (rows: RowBatch) => Batch,
  control: Control,
  report: Report,
): (step: number) => Promise<Evaluation> {
  const { data, settings } = plan;
  const rows = settings.objective === 'dpo' ? settings.batch_size : settings.batch_size * 2;
  const batches = planEvaluation(data.validation, rows);
  const progress = (done: number): void =>
    report({ type: 'progress', phase: 'evaluate', done, total: batches.length, unit: 'batches' });
  return async (step) => {
    const found = await evaluateBatches(session, batches, collate, settings.beta, progress);
    return answersDue(step, settings)
      ? { ...found, ...(await answersAt(step, plan, session, control, report)) }
      : found;
  };
}

/** A run that is to stop or pause does so at once. */
async function answersAt(
  step: number,
  { checked, data: { questions }, settings, layout }: RunPlan,
  session: EvaluationSession,
  { stopRequested, pause }: Control,
  report: Report,
): Promise<AnswerScores | undefined> {
  const progress = (done: number): void =>
    report({ type: 'progress', phase: 'evaluate', done, total: questions.length, unit: 'answers' });
  const interrupted = (): boolean => stopRequested() || (pause?.requested() ?? false);
  progress(0);
  const written = await writeAnswers({ session, checked, layout }, questions, settings, progress, interrupted);
  if (!written)
    report({
      type: 'warning',
      code: 'answers-interrupted',
      message: `Step ${step}: the answers to validation records were not finished, since the run was asked to stop or pause.`,
      hint: 'This evaluation has no metrics of answers; the next one has.',
    });
  return written;
}
