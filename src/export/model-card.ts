/** The README.md of what was trained: base, licence, data, metrics, settings. */
import { basename } from 'node:path';
import { modelIdText } from '../hub/model-id';
import type { EvaluationReport, ScoredSide } from '../evaluation/report';
import { type ResolvedSettings, SETTINGS, SETTING_KEYS } from '../training/settings';
import { type BaseModel, sharedName } from '../training/weights/base-model';
import { licenceOf } from './licence';

/** A run, as far as others should know it. */
export interface TrainingFacts {
  readonly base: BaseModel;
  readonly settings: ResolvedSettings;
  /** sha256 of what went into it. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly trainExamples: number;
  /** Of the weights that are kept. */
  readonly step: number;
  readonly loss: number | null;
  readonly validationLoss: number | null;
  /** The newest one. */
  readonly evaluation?: EvaluationReport | undefined;
}

/** What the files are: an adapter, all weights as they were trained, or base and adapter in one. */
export type CardKind = 'adapter' | 'full' | 'merged';

export function modelCard(facts: TrainingFacts, kind: CardKind = kindOf(facts.settings), note = ''): string {
  const { base, settings, hashes, step, loss, validationLoss, evaluation } = facts;
  // Paths say something of this machine alone.
  const shown = SETTING_KEYS.filter((key) => SETTINGS[key].type !== 'path' && key !== 'name');
  const dpo = settings.objective === 'dpo';
  const rows: [string, string][] = [
    ['step', String(step)],
    ['training loss', numberText(loss)],
    ['validation loss', numberText(validationLoss)],
    ...(validationLoss === null || dpo
      ? []
      : [['validation perplexity', numberText(Math.exp(validationLoss))] satisfies [string, string]]),
    ...Object.entries(hashes).map(([what, hash]): [string, string] => [`${what} (sha256)`, `\`${hash}\``]),
  ];
  return (
    [
      header(base, kind === 'adapter' ? 'peft' : 'transformers', [settings.method, ...(dpo ? ['dpo'] : [])]),
      `# ${settings.name}`,
      `${WHAT[kind]} of \`${nameOf(base)}\`, trained with Fine-tune on ${facts.trainExamples} records of \`${basename(settings.train_file ?? '')}\`.${note === '' ? '' : ` ${note}`}`,
      table(['', ''], rows),
      ...(evaluation ? [evaluationText(evaluation)] : []),
      `## Licence\n\n${licenceText(base, kind)}`,
      ...(kind === 'adapter' && settings.method === 'qlora' ? [fourBitNote(settings)] : []),
      `## Settings\n\n${table(
        ['setting', 'value'],
        shown.map((key) => [key, JSON.stringify(settings[key])]),
      )}`,
    ].join('\n\n') + '\n'
  );
}

/** For an adapter or a model whose training nothing is known of. */
export function plainCard(base: BaseModel, title: string, kind: CardKind, note: string): string {
  return (
    [
      header(base, kind === 'adapter' ? 'peft' : 'transformers', []),
      `# ${title}`,
      `${WHAT[kind]} of \`${nameOf(base)}\`, written with Fine-tune.${note === '' ? '' : ` ${note}`}`,
      `## Licence\n\n${licenceText(base, kind)}`,
    ].join('\n\n') + '\n'
  );
}

const WHAT: Readonly<Record<CardKind, string>> = {
  adapter: 'A LoRA adapter',
  full: 'All weights',
  merged: 'The weights with the adapter merged into them',
};

const kindOf = ({ method }: ResolvedSettings): CardKind => (method === 'full' ? 'full' : 'adapter');

const nameOf = (base: BaseModel): string => (base.hub ? modelIdText(base.hub) : basename(base.path));

function header(base: BaseModel, library: string, tags: readonly string[]): string {
  const licence = licenceOf(base);
  return [
    '---',
    `library_name: ${library}`,
    'pipeline_tag: text-generation',
    `base_model: ${JSON.stringify(sharedName(base))}`,
    ...(licence?.word === undefined ? [] : [`license: ${licence.word}`]),
    'tags:',
    ...['fine-tune', ...tags].map((tag) => `  - ${tag}`),
    '---',
  ].join('\n');
}

function licenceText(base: BaseModel, kind: CardKind): string {
  const what = kind === 'adapter' ? 'the adapter' : 'this model';
  const licence = licenceOf(base);
  return licence
    ? `The base model has the licence \`${licence.name}\` (${licence.source}). It applies to ${what} too.`
    : `The files of the base model do not say its licence. Check it before you share ${what}: it applies here too.`;
}

/** Values of the tuned model beside those of the base, with the interval of each. */
function evaluationText({ created, data, metrics, benchmarks, resampling }: EvaluationReport): string {
  const of = data ? ` on ${data.evaluated} of the ${data.rows} records of \`${basename(data.path)}\`` : '';
  const side = (one: ScoredSide | null): string =>
    one === null || one.value === null
      ? '–'
      : `${numberText(one.value)}${one.interval ? ` (${numberText(one.interval.low)} to ${numberText(one.interval.high)})` : ''}`;
  const rows = [
    ...metrics.map(({ title, base, tuned }) => [title, side(base), side(tuned)]),
    ...benchmarks.map(({ title, overall }) => [title, side(overall.base), side(overall.tuned)]),
  ];
  return `## Evaluation\n\nMeasured ${created.slice(0, 10)}${of}. In brackets: ${Math.round(resampling.level * 100)} % intervals.\n\n${table(
    ['metric', 'base', 'tuned'],
    rows,
  )}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |');
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function numberText(value: number | null): string {
  return value === null ? 'not measured' : value.toFixed(4);
}

/** How to get, in PyTorch, the base that the adapter was trained on. */
function fourBitNote({ bnb_4bit_use_double_quant: double }: ResolvedSettings): string {
  return `The adapter was trained and measured on the base in 4 bits. Load it so with transformers:

\`\`\`python
BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=${double ? 'True' : 'False'})
\`\`\`

On the base in 16 or 32 bits its answers differ a little.`;
}
