/** Which metrics an evaluation reports: those that were asked for, or what suits the answers of the data. */
import { Failure } from '../common/failure';
import { nearest } from '../common/nearest';
import { parsedText } from '../dataset/tools';
import { METRICS, type MetricInfo } from './metrics/table';
import type { EvaluationRow } from './rows';
import type { Rules } from './scorer';

/** References of at most this many words are names, labels or short answers. */
const SHORT_WORDS = 6;
/** As many rows for each label make a classification. */
const ROWS_PER_LABEL = 5;

/**
 * Perplexity and token accuracy of whatever is there, and for written answers: tool calls where the data has them, fields
 * where every reference is JSON, exact match and F1 of labels or short answers, else overlap of words and n-grams. Rules
 * that are given are measured, too.
 */
export function usualMetrics(rows: readonly EvaluationRow[], { pattern, schema }: Rules): MetricInfo[] {
  const answered = rows.filter(({ promptTokens }) => promptTokens !== undefined);
  const likelihoods = rows.some(({ examples }) => examples.length > 0) ? ['perplexity', 'token_accuracy'] : [];
  const ruled = [...(pattern === undefined ? [] : ['pattern']), ...(schema === undefined ? [] : ['json_schema'])];
  return pick([...likelihoods, ...(answered.length > 0 ? [...answerMetrics(answered), ...ruled] : [])]);
}

function answerMetrics(rows: readonly EvaluationRow[]): string[] {
  if (rows.some(({ callsTools }) => callsTools)) return ['tool_calls', 'tool_names', 'exact_match', 'f1'];
  const references = rows.map(({ reference }) => reference.trim());
  if (references.every(isJsonObject)) return ['json_valid', 'json_equal', 'json_fields', 'exact_match'];
  const words = references.map((text) => (text === '' ? 0 : text.split(/\s+/).length));
  const short = words.filter((count) => count <= SHORT_WORDS).length >= 0.9 * rows.length;
  const labels = new Set(references).size;
  if (short && labels > 1 && labels * ROWS_PER_LABEL <= rows.length) return ['exact_match', 'f1_macro', 'f1_micro'];
  if (short) return ['squad_exact_match', 'f1'];
  return ['exact_match', 'f1', 'rougeL', 'bleu', 'chrf'];
}

function isJsonObject(text: string): boolean {
  const parsed = parsedText(text);
  return parsed.ok && typeof parsed.value === 'object' && parsed.value !== null;
}

/** @throws Failure `usage` (exit code 2) that names the nearest one */
export function metricsNamed(ids: readonly string[]): MetricInfo[] {
  const known = METRICS.map(({ id }) => id);
  // The names of the packages stand for what they are usually quoted by.
  const meant = ids.flatMap((id) => (id === 'rouge' ? ['rouge1', 'rouge2', 'rougeL'] : [id]));
  const unknown = meant.find((id) => !known.includes(id));
  if (unknown !== undefined) {
    const near = nearest(unknown, known);
    throw new Failure(
      'usage',
      `There is no metric ${unknown}.${near ? ` Did you mean ${near}?` : ''}`,
      `Metrics: ${known.join(', ')}.`,
      2,
    );
  }
  if (meant.length === 0) throw new Failure('usage', 'No metric is named.', `Metrics: ${known.join(', ')}.`, 2);
  return pick(meant);
}

/** In the order of the table. */
function pick(ids: readonly string[]): MetricInfo[] {
  return METRICS.filter(({ id }) => ids.includes(id));
}
