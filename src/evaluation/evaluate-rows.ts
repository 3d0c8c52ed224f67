/** What both models do on the rows of the data: likelihoods first, then answers, each kept as soon as it is there. */
import { createHash } from 'node:crypto';
import { Failure } from '../common/failure';
import { createRandom } from '../common/random';
import type { EvaluationPlan, EvaluationTools } from './evaluator';
import type { OpenedGenerator } from './generation/open-generator';
import { Journal, type Side } from './journal';
import { scoreLikelihoods } from './likelihood';
import type { MetricInfo } from './metrics/table';
import type { EvaluationData, EvaluationRow } from './rows';
import { ANSWER_TOKENS, type Scorer, scorerOf } from './scorer';
import { openSubjectSession } from './subject-session';

export type RowPlan = EvaluationPlan & { readonly data: EvaluationData };

export interface RowWork {
  /** Holds the findings; to be removed when they are in a report. */
  readonly journal: Journal;
  readonly scorers: readonly Scorer[];
  /** What the reader must know. */
  readonly notes: readonly string[];
}

/** Apart from other uses of the same seed. */
const ANSWER_STREAM = 600_001;

/** The bootstrap makes intervals of fewer rows too narrow. */
const FEW_ROWS = 20;

/**
 * @returns undefined where the signal was aborted; the journal keeps what was found
 * @throws Failure of the models, the data and the disk
 */
export async function evaluateRows(plan: RowPlan, tools: EvaluationTools): Promise<RowWork | undefined> {
  const scorers = plan.metrics.map((metric) => scorerOf(metric, plan.rules));
  const writes = plan.metrics.some(({ needs }) => needs !== 'likelihoods');
  const asked = writes ? askedRows(plan) : [];
  requireReferences(scorers, plan.metrics, asked);
  const journal = new Journal(tools.files.journal, keyOf(plan, asked));
  const answerable = plan.data.rows.filter(({ promptTokens }) => promptTokens !== undefined).length;
  const notes = new Set(plan.data.notes);
  if (journal.replaced)
    notes.add(
      'What an unfinished evaluation of this name had found was of other rows, models or settings, and is gone.',
    );
  if (writes && asked.length < answerable)
    notes.add(`Answers are written to a sample of ${asked.length} of the ${answerable} rows.`);
  if (plan.data.rows.length < FEW_ROWS)
    notes.add(
      `There ${plan.data.rows.length === 1 ? 'is 1 row' : `are only ${plan.data.rows.length} rows`}: intervals of so few are rough.`,
    );
  try {
    for (const side of plan.sides) await findLikelihoods(side, plan, tools, journal);
    for (const side of plan.sides) {
      const opened = await writeAnswers(side, asked, plan, tools, journal);
      if (opened?.reason !== undefined) notes.add(opened.reason);
    }
    if (journal.engines.size > 1)
      notes.add(`Answers were written by ${[...journal.engines].join(' and ')}, which round differently.`);
  } catch (error) {
    journal.close();
    throw error;
  }
  if (tools.signal.aborted) {
    journal.close();
    return undefined;
  }
  return { journal, scorers: writes ? [...scorers, ANSWER_TOKENS] : scorers, notes: [...notes] };
}

async function findLikelihoods(
  side: Side,
  { subjects, data, metrics }: RowPlan,
  { files, engine, memory, signal, onProgress }: EvaluationTools,
  journal: Journal,
): Promise<void> {
  const rows = data.rows.filter(({ examples }) => examples.length > 0);
  const known = journal.findings.likelihoods[side];
  const open = rows.filter(({ line }) => !known.has(line));
  const wanted = metrics.some(({ needs }) => needs === 'likelihoods');
  if (!wanted || open.length === 0 || signal.aborted) return;
  const report = (): void => onProgress({ phase: 'likelihoods', side, done: known.size, total: rows.length });
  report();
  // Too many rows to be the arguments of one call.
  const maxLength = open
    .flatMap(({ examples }) => examples)
    .reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const model = await openSubjectSession(subjects[side]!, {
    engine: engine(),
    maxLength,
    scratchFolder: files.folder,
    memory,
  });
  try {
    const examples = open.map((row) => row.examples);
    await scoreLikelihoods(model, examples, {
      signal,
      onRow: (row, likelihood) => {
        journal.addLikelihood(side, open[row]!.line, likelihood);
        report();
      },
    });
  } finally {
    await model.dispose();
  }
}

async function writeAnswers(
  side: Side,
  asked: readonly EvaluationRow[],
  { subjects, sampling }: RowPlan,
  { openGenerator, signal, onProgress }: EvaluationTools,
  journal: Journal,
): Promise<OpenedGenerator | undefined> {
  const known = journal.findings.answers[side];
  const open = asked.filter(({ line }) => !known.has(line));
  if (open.length === 0 || signal.aborted) return undefined;
  const report = (): void => onProgress({ phase: 'answers', side, done: known.size, total: asked.length });
  report();
  const opened = await openGenerator(subjects[side]!);
  journal.noteEngine(opened.engine);
  const waiting = [...open];
  const work = async (): Promise<void> => {
    for (let row = waiting.shift(); row && !signal.aborted; row = waiting.shift()) {
      // Rows differ by more than their prompts where answers are drawn.
      const own = { ...sampling, seed: sampling.seed + row.line };
      const { text, tokens, finish } = await opened.generator.answer(row.promptTokens!, { sampling: own, signal });
      if (finish === 'cancelled') return;
      journal.addAnswer(side, row.line, { text, tokens: tokens.length, finish });
      report();
    }
  };
  try {
    const results = await Promise.allSettled(Array.from({ length: opened.generator.parallel }, work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    return opened;
  } finally {
    waiting.length = 0;
    await opened.generator.dispose();
  }
}

/** In the order of the file. */
function askedRows({ data, answerLimit, seed }: RowPlan): EvaluationRow[] {
  const rows = data.rows.filter(({ promptTokens }) => promptTokens !== undefined);
  if (rows.length <= answerLimit) return rows;
  const drawn = new Set(
    createRandom(seed, ANSWER_STREAM)
      .shuffle([...rows])
      .slice(0, answerLimit),
  );
  return rows.filter((row) => drawn.has(row));
}

/** Before hours of work: whether the metrics can read the references. */
function requireReferences(
  scorers: readonly Scorer[],
  metrics: readonly MetricInfo[],
  asked: readonly EvaluationRow[],
): void {
  const written = metrics.find(({ needs }) => needs !== 'likelihoods');
  if (written && asked.length === 0)
    throw new Failure(
      'nothing-to-answer',
      `The metric ${written.id} looks at answers, and no row of the data asks for one.`,
      'Plain texts have a perplexity and a token accuracy: --metrics perplexity,token_accuracy.',
      2,
    );
  const rows = asked.map(({ reference }) => ({ text: { prediction: '', references: [reference] } }));
  scorers.forEach((scorer, i) => metrics[i]!.needs === 'references' && scorer.tally(rows));
}

function keyOf({ subjects, sides, data, sampling }: RowPlan, asked: readonly EvaluationRow[]): string {
  const hash = createHash('sha256');
  for (const side of sides) {
    const { model, adapter, nf4, checked } = subjects[side]!;
    hash.update(JSON.stringify([side, model.hash(), nf4 ?? null, checked.template.source, adapter?.lora ?? null]));
    for (const { name, data: numbers } of adapter?.parameters ?? [])
      hash.update(name).update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  }
  const rows = data.rows.map(({ line, examples }) => [line, examples.map(({ tokens }) => tokens.length)]);
  return hash.update(JSON.stringify([data.sha256, rows, asked.map(({ line }) => line), sampling])).digest('hex');
}
