import { bleu } from './bleu';
import { METRIC_CATALOG, type MetricFacts, type TextMetricId } from './catalog';
import { chrf } from './chrf';
import { classificationF1, type Average, type LabelRow } from './classification';
import { exactMatch } from './exact-match';
import { jsonEqual, jsonFields, jsonValid } from './json';
import { tally, type Metric, type Tally, type TextRow } from './metric';
import { rouge } from './rouge';
import { squadExactMatch, squadF1 } from './squad';
import { toolCalls, toolNames } from './tool-calls';

type TextTally = (rows: readonly TextRow[]) => Tally;

export interface MetricInfo extends MetricFacts {
  /** Of the metrics that need nothing but texts. */
  readonly tally?: TextTally;
}

const TALLIES: Readonly<Record<TextMetricId, TextTally>> = {
  exact_match: over(exactMatch),
  squad_exact_match: over(squadExactMatch),
  f1: over(squadF1),
  f1_macro: labelF1('macro'),
  f1_micro: labelF1('micro'),
  f1_weighted: labelF1('weighted'),
  bleu: over(bleu()),
  rouge1: over(rouge('rouge1')),
  rouge2: over(rouge('rouge2')),
  rougeL: over(rouge('rougeL')),
  rougeLsum: over(rouge('rougeLsum')),
  chrf: over(chrf()),
  'chrf++': over(chrf({ wordOrder: 2 })),
  json_valid: over(jsonValid),
  json_fields: over(jsonFields),
  json_equal: over(jsonEqual),
  tool_calls: over(toolCalls),
  tool_names: over(toolNames),
};

/** All metrics, in the order in which they are shown. */
export const METRICS: readonly MetricInfo[] = METRIC_CATALOG.map((facts) => {
  const ofTexts: Readonly<Partial<Record<string, TextTally>>> = TALLIES;
  const counted = ofTexts[facts.id];
  return { ...facts, ...(counted && { tally: counted }) };
});

function over(metric: Metric<TextRow>): TextTally {
  return (rows) => tally(metric, rows);
}

/** White space around a label, such as the line feed that a model ends with, does not make another label of it. */
function labelF1(average: Average): TextTally {
  return (rows) => classificationF1(rows.map(labelled), average);
}

/** Of several right labels the one that was found; else the first. */
function labelled({ prediction, references }: TextRow): LabelRow {
  const [found, right] = [prediction.trim(), references.map((reference) => reference.trim())];
  return { prediction: found, reference: right.includes(found) ? found : right[0]! };
}
