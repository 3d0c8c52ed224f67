/** The report of an evaluation from what both models did. Nothing is read or written here. */
import { basename } from 'node:path';
import type { BenchmarkPart, EvaluationPlan } from './evaluator';
import type { RowWork } from './evaluate-rows';
import type { Findings, Side } from './journal';
import { sentenceBleu } from './metrics/bleu';
import type { ResampleOptions } from './metrics/bootstrap';
import {
  type EvaluationReport,
  type MetricResult,
  type ModelFacts,
  type Prediction,
  type PredictionRow,
  REPORT_VERSION,
} from './report';
import type { EvaluationRow } from './rows';
import { ANSWER_TOKENS, type Both, type ScoredRow, type Scorer, resultOf } from './scorer';
import type { Subject } from './subject';

export interface ReportParts {
  readonly plan: EvaluationPlan;
  /** Missing where only benchmarks were run. */
  readonly work: RowWork | undefined;
  readonly name: string;
  readonly seconds: number;
  readonly benchmarks: readonly BenchmarkPart[];
}

/** The bootstrap of all metrics. */
const RESAMPLING = { samples: 1000, level: 0.95 };

export function buildReport({ plan, work, name, seconds, benchmarks }: ReportParts): {
  readonly report: EvaluationReport;
  readonly rows: readonly PredictionRow[];
} {
  const { subjects, data, sampling, seed } = plan;
  const resampling = { ...RESAMPLING, seed };
  const { metrics, rows } = work && data ? scoreRows(data.rows, work, resampling) : NOTHING;
  const engine = work?.scorers.includes(ANSWER_TOKENS) ? [...work.journal.engines].at(-1) : undefined;
  const report: EvaluationReport = {
    version: REPORT_VERSION,
    name,
    created: new Date().toISOString(),
    subject: subjects.name,
    run: subjects.run?.path ?? null,
    step: plan.step,
    base: modelFacts(subjects.base),
    tuned: subjects.tuned && plan.sides.includes('tuned') ? modelFacts(subjects.tuned) : null,
    data: data
      ? {
          path: data.path,
          sha256: data.sha256,
          format: data.format,
          rows: data.records,
          evaluated: data.rows.length,
        }
      : null,
    generation: engine ? { engine, ...sampling } : null,
    metrics,
    benchmarks: benchmarks.map(({ result }) => result),
    resampling,
    seconds,
    notes: [...new Set([...plan.notes, ...(work?.notes ?? []), ...benchmarks.flatMap(({ notes }) => notes)])],
  };
  return { report, rows };
}

const NOTHING = { metrics: [], rows: [] };

function scoreRows(
  data: readonly EvaluationRow[],
  { journal: { findings }, scorers }: RowWork,
  resampling: ResampleOptions,
): { readonly metrics: readonly MetricResult[]; readonly rows: readonly PredictionRow[] } {
  const both = data.map((row) => ({
    row,
    base: scoredRow('base', row, findings),
    tuned: scoredRow('tuned', row, findings),
  }));
  const metrics = scorers.flatMap((scorer) => withReference(resultOf(scorer, both, resampling), both) ?? []);
  const rows = both.map(({ row, base, tuned }): PredictionRow => {
    return {
      line: row.line,
      prompt: row.prompt,
      reference: row.reference,
      base: predictionOf(base, findings.answers.base.get(row.line), scorers),
      tuned: predictionOf(tuned, findings.answers.tuned.get(row.line), scorers),
    };
  });
  return { metrics, rows };
}

function scoredRow(side: Side, row: EvaluationRow, { likelihoods, answers }: Findings): ScoredRow {
  const answer = answers[side].get(row.line);
  return {
    likelihood: likelihoods[side].get(row.line),
    text: answer && { prediction: answer.text, references: [row.reference] },
    answerTokens: answer?.tokens,
  };
}

function withReference(
  result: MetricResult | undefined,
  rows: readonly (Both & { readonly row: EvaluationRow })[],
): MetricResult | undefined {
  if (result?.id !== ANSWER_TOKENS.id) return result;
  const answered = rows.filter(({ base, tuned }) => base?.text ?? tuned?.text);
  const tokens = answered.reduce((sum, { row }) => sum + row.referenceTokens, 0);
  return { ...result, reference: tokens / answered.length };
}

function predictionOf(
  scored: ScoredRow,
  answer: Required<Pick<Prediction, 'text' | 'tokens' | 'finish'>> | undefined,
  scorers: readonly Scorer[],
): Prediction | null {
  const { likelihood } = scored;
  if (!likelihood && !answer) return null;
  const scores = scorers.flatMap((scorer) => {
    if (scorer === ANSWER_TOKENS || !scorer.applies(scored)) return [];
    // Of one sentence only the n-grams that it is long enough for count.
    const value = scorer.id === 'bleu' ? sentenceBleu(scored.text!) : scorer.tally([scored]).score();
    return Number.isFinite(value) ? [[scorer.id, value] as const] : [];
  });
  const loss = likelihood && likelihood.nll / likelihood.tokens;
  return {
    ...answer,
    ...(loss !== undefined && Number.isFinite(loss) && { loss }),
    scores: Object.fromEntries(scores),
  };
}

function modelFacts({ model, adapter, nf4 }: Subject): ModelFacts {
  return {
    name: basename(model.path),
    path: model.path,
    hash: model.hash(),
    adapter: adapter?.folder ?? null,
    weights: nf4 ? 'NF4' : numbersOf(model),
  };
}

/** The type that most weights have. */
function numbersOf({ tensors }: Subject['model']): string {
  const sizes = new Map<string, number>();
  for (const { dtype, shape } of tensors.values())
    sizes.set(dtype, (sizes.get(dtype) ?? 0) + shape.reduce((product, size) => product * size, 1));
  const [most = ''] = [...sizes].sort((a, b) => b[1] - a[1])[0] ?? [];
  const names: Readonly<Record<string, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };
  return names[most] ?? most;
}
