/** An evaluation on the terminal: how far it is, and at the end the table. */
import type { Benchmark } from '../evaluation/benchmarks/benchmark';
import type { EvaluationPlan, EvaluationProgress } from '../evaluation/evaluator';
import { benchmarkFacts, benchmarkTable } from '../evaluation/benchmark-cells';
import { hasDifference, headlineOf } from '../evaluation/reading';
import type { BenchmarkResult, EvaluationReport } from '../evaluation/report';
import { metricTable } from '../evaluation/report-cells';
import type { EvaluationFiles } from '../evaluation/report-files';
import { columnsText, countText, durationText, wrap } from './format';
import { PROGRESS_VARIABLE, progressLine } from './progress-line-protocol';
import { CLEAR_LINE, type Terminal, styled } from './terminal';

export interface EvaluationView {
  begin(plan: EvaluationPlan, benchmark: Benchmark | undefined): void;
  show(progress: EvaluationProgress): void;
  done(report: EvaluationReport, files: EvaluationFiles): void;
  /** It can go on. */
  stopped(files: EvaluationFiles): void;
  /** Removes the live line. */
  end(): void;
}

const REDRAW_MS = 100;
const WIDTH = 100;
/** More of them are in the report only. */
const MOST_SUBJECTS = 12;
const WORDS = { likelihoods: 'rows looked at', answers: 'answers', benchmark: 'questions' } as const;

/** @param json as lines of JSON, for programs */
export function evaluationView(
  terminal: Terminal,
  json: boolean,
  now = (): number => performance.now(),
): EvaluationView {
  let drawnAt = -Infinity;
  let phase = '';
  let began = 0;
  let doneBefore = 0;
  let live = false;
  const line = (value: object): void => terminal.out(JSON.stringify(value));
  const end = (): void => {
    if (live) terminal.err(CLEAR_LINE);
    live = false;
  };
  return {
    begin: ({ data, metrics, subjects, sides }, benchmark) => {
      if (json) {
        line({
          type: 'started',
          subject: subjects.name,
          sides,
          data: data?.path ?? null,
          rows: data?.rows.length ?? 0,
          metrics: data ? metrics.map(({ id }) => id) : [],
          benchmark: benchmark?.id ?? null,
        });
        return;
      }
      const models = sides.length === 2 ? 'base and tuned model' : `${sides[0]} model`;
      const asked = [
        ...(data ? [`${countText(data.rows.length)} of ${countText(data.records)} records of ${data.path}`] : []),
        ...(benchmark ? [benchmarkText(benchmark)] : []),
      ];
      terminal.err(`${subjects.name}: ${models} on ${asked.join(', and on ')}\n`);
    },
    show: (progress) => {
      const { phase: what, side, done, total } = progress;
      const next = `${side} model, ${WORDS[what]}`;
      if (next !== phase) {
        phase = next;
        began = now();
        doneBefore = done;
      } else if (now() - drawnAt < REDRAW_MS && done < total) return;
      drawnAt = now();
      if (json) line({ type: 'progress', ...progress });
      if (process.env[PROGRESS_VARIABLE]) terminal.err(progressLine(done, total));
      else if (terminal.live && !json) {
        const left = ((now() - began) / 1000 / (done - doneBefore)) * (total - done);
        const rest = done > doneBefore && done < total ? `, ${durationText(left)} left` : '';
        terminal.err(`${CLEAR_LINE}${`${phase}: ${done} of ${total}${rest}`.slice(0, terminal.columns() - 1)}`);
        live = true;
      }
    },
    done: (report, files) => {
      end();
      if (json) line({ type: 'completed', path: files.report, report });
      else terminal.out(reportLines(report, files, terminal).join('\n'));
    },
    stopped: (files) => {
      end();
      if (json) line({ type: 'stopped', path: files.journal });
      else terminal.err('Stopped. What is done is kept; the same command goes on there.\n');
    },
    end,
  };
}

function benchmarkText({ title, path, shots, method, subjects }: Benchmark): string {
  const questions = subjects.reduce((sum, subject) => sum + subject.questions.length, 0);
  const examples = `${shots} ${shots === 1 ? 'example' : 'examples'} before each`;
  return `${countText(questions)} questions of ${title} (${path}), ${examples}, by ${method}`;
}

function benchmarkLines(result: BenchmarkResult): string[] {
  const [head, ...rows] = benchmarkTable(result);
  const shown = result.subjects.length > MOST_SUBJECTS ? rows.slice(0, result.groups.length) : rows;
  return [
    '',
    ...wrap(`${result.title}: ${benchmarkFacts(result)}`, WIDTH),
    ...(shown.length > 0 ? columnsText([head!, ...shown], [1, 2, 3]) : []),
  ];
}

function reportLines(report: EvaluationReport, files: EvaluationFiles, terminal: Terminal): string[] {
  const lines = evaluationTable(report);
  const length = report.metrics.find(({ reference }) => reference !== undefined);
  return [
    '',
    ...(lines.length > 1 ? [styled(terminal.colorOut, 'bold', lines[0]!), ...lines.slice(1), ''] : []),
    ...(hasDifference(report) ? [...wrap(headlineOf(report).text, WIDTH)] : []),
    ...report.benchmarks.flatMap(benchmarkLines),
    ...(length ? [`The references have ${length.reference!.toFixed(1)} tokens on average.`] : []),
    ...report.notes.flatMap((note) => wrap(`Note: ${note}`, WIDTH)),
    '',
    `Report:       ${files.report}`,
    `To read:      ${files.markdown}`,
    `Predictions:  ${files.predictions}`,
  ];
}

/** Metrics and benchmarks as lines of text, the head first. */
export function evaluationTable(report: Pick<EvaluationReport, 'metrics' | 'benchmarks'>): string[] {
  const table = metricTable(report);
  return table.length > 1 ? columnsText(table, [1, 2, 3, 4]) : [];
}
