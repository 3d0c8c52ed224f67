/** A report for people who have no screen of ours: in an issue, a model card, a mail. */
import { benchmarkFacts, benchmarkTable } from './benchmark-cells';
import { hasDifference, headlineOf } from './reading';
import { metricTable } from './report-cells';
import type { BenchmarkResult, EvaluationReport, PredictionRow } from './report';

/** Examples shown of each kind. */
const SHOWN = 5;
const SHOWN_CHARACTERS = 600;

export function reportMarkdown(report: EvaluationReport, rows: readonly PredictionRow[]): string {
  const { data, generation, base, tuned, benchmarks, notes } = report;
  const [head, ...table] = metricTable(report);
  const facts = [
    `* Base model: ${inline(base.path)}, ${base.weights} weights, sha256 ${inline(base.hash.slice(0, 12))}`,
    ...(tuned
      ? [`* Tuned model: ${inline(tuned.adapter ?? tuned.path)}${report.step === null ? '' : `, step ${report.step}`}`]
      : []),
    ...(data
      ? [
          `* Data: ${inline(data.path)}, ${data.evaluated} of ${data.rows} records, sha256 ${inline(data.sha256.slice(0, 12))}`,
        ]
      : []),
    ...(generation
      ? [
          `* Answers: ${generation.engine}, at most ${generation.maxNewTokens} new tokens, ${generation.temperature === 0 ? 'greedy' : `temperature ${generation.temperature}, top_p ${generation.topP}, top_k ${generation.topK}, min_p ${generation.minP}, seed ${generation.seed}`}`,
        ]
      : []),
    `* Made ${report.created} in ${report.seconds.toFixed(0)} s. Intervals: ${100 * report.resampling.level} % of ${report.resampling.samples} resamples of the rows (bootstrap, seed ${report.resampling.seed}), paired where models are compared.`,
  ];
  const signatures = report.metrics.flatMap(({ title, signature }) =>
    signature === undefined ? [] : [`* ${title}: ${inline(signature)}`],
  );
  return [
    `# Evaluation of ${report.subject}: ${report.name}`,
    ...(tuned && hasDifference(report) ? [headlineOf(report).text] : []),
    ...(table.length > 0 ? [markdownTable(head!, table)] : []),
    ...(report.metrics.some(({ unit, difference }) => unit === 'share' && difference)
      ? ['Differences of percentages are in percentage points.']
      : []),
    ...benchmarks.flatMap(benchmarkParts),
    ...(notes.length > 0 ? [`## Notes\n\n${notes.map((note) => `* ${note}`).join('\n')}`] : []),
    `## How it was made\n\n${[...facts, ...signatures].join('\n')}`,
    ...examples(report, rows),
    '',
  ].join('\n\n');
}

function benchmarkParts(result: BenchmarkResult): string[] {
  const [head, ...rows] = benchmarkTable(result);
  const path = `Questions: ${inline(result.path)}.`;
  return [`## ${result.title}`, `${benchmarkFacts(result)} ${path}`, ...(head ? [markdownTable(head, rows)] : [])];
}

/** The rows on which the tuned model, or the only one, does best and worst by the first metric of answers. */
function examples(report: EvaluationReport, rows: readonly PredictionRow[]): string[] {
  const metric = report.metrics.find(({ id, higherIsBetter }) => higherIsBetter && id !== 'token_accuracy');
  if (!metric) return [];
  const answered = rows.filter((row) => shownSide(row)?.text !== undefined);
  const score = (row: PredictionRow): number => shownSide(row)?.scores[metric.id] ?? 0;
  const sorted = [...answered].sort((a, b) => score(a) - score(b));
  const worst = sorted.slice(0, SHOWN);
  const best = sorted
    .filter((row) => !worst.includes(row))
    .slice(-SHOWN)
    .reverse();
  return [
    ...(worst.length > 0 ? [`## Worst by ${metric.title}`, ...worst.map(example)] : []),
    ...(best.length > 0 ? [`## Best by ${metric.title}`, ...best.map(example)] : []),
  ];
}

function shownSide({ base, tuned }: PredictionRow): PredictionRow['base'] {
  return tuned ?? base;
}

function example({ line, prompt, reference, base, tuned }: PredictionRow): string {
  const parts = [
    ['Prompt', prompt],
    ['Reference', reference],
    ['Base', base?.text],
    ['Tuned', tuned?.text],
  ] as const;
  return [
    `**Line ${line}**`,
    ...parts.flatMap(([title, text]) => (text === undefined ? [] : [`${title}:\n\n${block(text)}`])),
  ].join('\n\n');
}

/** Fenced by more marks than the text has. */
function block(text: string): string {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([marks]) => marks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${shown === '' ? '(nothing)' : shown}\n${fence}`;
}

function inline(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
