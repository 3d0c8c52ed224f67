import { bleu } from './bleu';
import { chrf } from './chrf';
import { classificationF1, type Average, type LabelRow } from './classification';
import { exactMatch } from './exact-match';
import { jsonEqual, jsonFields, jsonValid } from './json';
import { tally, type Metric, type Tally, type TextRow } from './metric';
import { rouge } from './rouge';
import { squadExactMatch, squadF1 } from './squad';
import { toolCalls, toolNames } from './tool-calls';

/** What a metric reads: the likelihood of the right tokens, answers alone or with references, or besides them a file's rule. */
export type Need = 'likelihoods' | 'answers' | 'references' | 'pattern' | 'schema';

export interface MetricInfo {
  readonly id: string;
  readonly title: string;
  readonly needs: Need;
  readonly higherIsBetter: boolean;
  /** `share`: 0 to 1, shown as percent; `points`: 0 to 100, shown as they are; `none`: from 1 up. */
  readonly unit: 'share' | 'points' | 'none';
  /** One sentence. */
  readonly summary: string;
  /** Of the metrics that need nothing but texts. */
  readonly tally?: (rows: readonly TextRow[]) => Tally;
}

/** All metrics, in the order in which they are shown. */
export const METRICS: readonly MetricInfo[] = [
  {
    ...named(
      'perplexity',
      'Perplexity',
      'How surprised the model is by the right answer, for each token; 1 is not at all.',
    ),
    needs: 'likelihoods',
    higherIsBetter: false,
    unit: 'none',
  },
  {
    ...named('token_accuracy', 'Token accuracy', 'Share of tokens of the right answer that the model finds likeliest.'),
    needs: 'likelihoods',
    higherIsBetter: true,
    unit: 'share',
  },
  share('exact_match', 'Exact match', exactMatch, 'Answers equal to the reference character for character.'),
  share(
    'squad_exact_match',
    'Exact match (normalised)',
    squadExactMatch,
    'Answers equal but for case, punctuation, English articles and white space, as SQuAD.',
  ),
  share('f1', 'Token F1', squadF1, 'Words that answer and reference have in common, as SQuAD.'),
  labelF1('macro', 'F1 (macro)', 'F1 of each label, and of these the mean.'),
  labelF1('micro', 'F1 (micro)', 'F1 over all rows: the share of right labels.'),
  labelF1('weighted', 'F1 (weighted)', 'F1 of each label, weighted by how often it is right.'),
  points(
    'bleu',
    'BLEU',
    bleu(),
    'n-grams of the answers that are in the reference, over the whole corpus, as sacreBLEU.',
  ),
  share('rouge1', 'ROUGE-1', rouge('rouge1'), 'Words in common, stemmed, F-measure, as rouge_score.'),
  share('rouge2', 'ROUGE-2', rouge('rouge2'), 'Pairs of words in common, stemmed, F-measure, as rouge_score.'),
  share(
    'rougeL',
    'ROUGE-L',
    rouge('rougeL'),
    'Longest common subsequence of words, stemmed, F-measure, as rouge_score.',
  ),
  share('rougeLsum', 'ROUGE-Lsum', rouge('rougeLsum'), 'ROUGE-L line by line, for summaries, as rouge_score.'),
  points('chrf', 'chrF', chrf(), 'Character n-grams in common, over the whole corpus, as sacreBLEU.'),
  points('chrf++', 'chrF++', chrf({ wordOrder: 2 }), 'chrF with words and pairs of words, as sacreBLEU.'),
  { ...share('json_valid', 'Valid JSON', jsonValid, 'Answers that are JSON.'), needs: 'answers' },
  share('json_fields', 'JSON fields', jsonFields, 'Fields of the reference that the answer has with an equal value.'),
  share('json_equal', 'Equal JSON', jsonEqual, 'Answers that are the same JSON as the reference, keys in any order.'),
  share('tool_calls', 'Tool calls', toolCalls, 'Answers that call the right tools with the right arguments.'),
  share('tool_names', 'Tool names', toolNames, 'Answers that call the right tools, with whatever arguments.'),
  {
    ...named('pattern', 'Pattern', 'Answers in which a regular expression is found.'),
    needs: 'pattern',
    higherIsBetter: true,
    unit: 'share',
  },
  {
    ...named('json_schema', 'JSON schema', 'Answers that are JSON as a schema asks for.'),
    needs: 'schema',
    higherIsBetter: true,
    unit: 'share',
  },
];

function named(id: string, title: string, summary: string): Pick<MetricInfo, 'id' | 'title' | 'summary'> {
  return { id, title, summary };
}

function share(id: string, title: string, metric: Metric<TextRow>, summary: string): MetricInfo {
  const ofRows = (rows: readonly TextRow[]): Tally => tally(metric, rows);
  return { ...named(id, title, summary), needs: 'references', higherIsBetter: true, unit: 'share', tally: ofRows };
}

function points(id: string, title: string, metric: Metric<TextRow>, summary: string): MetricInfo {
  return { ...share(id, title, metric, summary), unit: 'points' };
}

/** White space around a label, such as the line feed that a model ends with, does not make another label of it. */
function labelF1(average: Average, title: string, summary: string): MetricInfo {
  const ofRows = (rows: readonly TextRow[]): Tally => classificationF1(rows.map(labelled), average);
  return {
    ...named(`f1_${average}`, title, summary),
    needs: 'references',
    higherIsBetter: true,
    unit: 'share',
    tally: ofRows,
  };
}

/** Of several right labels the one that was found; else the first. */
function labelled({ prediction, references }: TextRow): LabelRow {
  const [found, right] = [prediction.trim(), references.map((reference) => reference.trim())];
  return { prediction: found, reference: right.includes(found) ? found : right[0]! };
}
