/** What metrics there are, without their arithmetic: settings and pages that only name them load nothing else. */

/** What a metric reads: the likelihood of the right tokens, answers alone or with references, or besides them a file's rule. */
type Need = 'likelihoods' | 'answers' | 'references' | 'pattern' | 'schema';

export interface MetricFacts {
  readonly id: string;
  readonly title: string;
  readonly needs: Need;
  readonly higherIsBetter: boolean;
  /** `share`: 0 to 1, shown as percent; `points`: 0 to 100, shown as they are; `none`: from 1 up. */
  readonly unit: 'share' | 'points' | 'none';
  /** One sentence. */
  readonly summary: string;
}

/** In the order in which they are shown. */
export const METRIC_CATALOG = [
  {
    ...fact(
      'perplexity',
      'Perplexity',
      'How surprised the model is by the right answer, for each token; 1 is not at all.',
    ),
    needs: 'likelihoods',
    higherIsBetter: false,
    unit: 'none',
  },
  {
    ...share('token_accuracy', 'Token accuracy', 'Share of tokens of the right answer that the model finds likeliest.'),
    needs: 'likelihoods',
  },
  share('exact_match', 'Exact match', 'Answers equal to the reference character for character.'),
  share(
    'squad_exact_match',
    'Exact match (normalised)',
    'Answers equal but for case, punctuation, English articles and white space, as SQuAD.',
  ),
  share('f1', 'Token F1', 'Words that answer and reference have in common, as SQuAD.'),
  share('f1_macro', 'F1 (macro)', 'F1 of each label, and of these the mean.'),
  share('f1_micro', 'F1 (micro)', 'F1 over all rows: the share of right labels.'),
  share('f1_weighted', 'F1 (weighted)', 'F1 of each label, weighted by how often it is right.'),
  points('bleu', 'BLEU', 'n-grams of the answers that are in the reference, over the whole corpus, as sacreBLEU.'),
  share('rouge1', 'ROUGE-1', 'Words in common, stemmed, F-measure, as rouge_score.'),
  share('rouge2', 'ROUGE-2', 'Pairs of words in common, stemmed, F-measure, as rouge_score.'),
  share('rougeL', 'ROUGE-L', 'Longest common subsequence of words, stemmed, F-measure, as rouge_score.'),
  share('rougeLsum', 'ROUGE-Lsum', 'ROUGE-L line by line, for summaries, as rouge_score.'),
  points('chrf', 'chrF', 'Character n-grams in common, over the whole corpus, as sacreBLEU.'),
  points('chrf++', 'chrF++', 'chrF with words and pairs of words, as sacreBLEU.'),
  { ...share('json_valid', 'Valid JSON', 'Answers that are JSON.'), needs: 'answers' },
  share('json_fields', 'JSON fields', 'Fields of the reference that the answer has with an equal value.'),
  share('json_equal', 'Equal JSON', 'Answers that are the same JSON as the reference, keys in any order.'),
  share('tool_calls', 'Tool calls', 'Answers that call the right tools with the right arguments.'),
  share('tool_names', 'Tool names', 'Answers that call the right tools, with whatever arguments.'),
  { ...share('pattern', 'Pattern', 'Answers in which a regular expression is found.'), needs: 'pattern' },
  { ...share('json_schema', 'JSON schema', 'Answers that are JSON as a schema asks for.'), needs: 'schema' },
] as const satisfies readonly MetricFacts[];

/** Metrics that need nothing but texts. */
export type TextMetricId = Extract<(typeof METRIC_CATALOG)[number], { needs: 'answers' | 'references' }>['id'];

export const TEXT_METRICS: readonly string[] = METRIC_CATALOG.filter(
  ({ needs }) => needs === 'answers' || needs === 'references',
).map(({ id }) => id);

export function metricFacts(id: string): MetricFacts | undefined {
  return METRIC_CATALOG.find((metric) => metric.id === id);
}

function fact<const Id extends string>(id: Id, title: string, summary: string) {
  return { id, title, summary };
}

function share<const Id extends string>(id: Id, title: string, summary: string) {
  return { ...fact(id, title, summary), needs: 'references', higherIsBetter: true, unit: 'share' } as const;
}

function points<const Id extends string>(id: Id, title: string, summary: string) {
  return { ...share(id, title, summary), unit: 'points' } as const;
}
