import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Failure } from '../common/failure';
import { isRefusal } from '../dataset-lsp/refusal';
import type { EvaluationReport, Prediction, PredictionRow } from '../evaluation/report';
import type { PredictionFacts, RowFilter, RowMetric, RowPage, RowQuery } from './evaluation-protocol';

/** What is kept of each row of a predictions file; the texts stay on the disk, because there may be a gigabyte of them. */
export interface PredictionIndex {
  readonly facts: PredictionFacts;
  /** @throws Failure `predictions-changed` where the file is no longer the one that was read */
  page(query: RowQuery): Promise<RowPage>;
}

interface Entry {
  readonly start: number;
  readonly end: number;
  readonly changed: boolean;
  readonly refusal: boolean;
  /** Of each metric in turn; NaN where there is none. */
  readonly base: Float64Array;
  readonly tuned: Float64Array;
}

const LOSS: RowMetric = { id: 'loss', title: 'Loss', unit: 'none', higherIsBetter: false };

export async function indexPredictions(
  file: string,
  report: Pick<EvaluationReport, 'metrics'>,
  onProgress: (doneBytes: number) => void = () => undefined,
): Promise<PredictionIndex> {
  const scores = report.metrics.flatMap(rowMetric);
  // Perplexity puts rows into the same order.
  const metrics = scores.some(({ id }) => id === 'perplexity') ? scores : [...scores, LOSS];
  const entries: Entry[] = [];
  let unreadable = 0;
  await eachLine(file, onProgress, (text, start, end) => {
    const row = parseRow(text);
    if (row) entries.push(entryOf(row, metrics, start, end));
    else unreadable++;
  });
  const scored = metrics.filter((_, i) => entries.some(({ base, tuned }) => !Number.isNaN(base[i]! * tuned[i]!)));
  const facts = { rows: entries.length, unreadable, metrics: scored };

  let found: { readonly search: string; readonly starts: Set<number> } | undefined;
  const searchFor = async (search: string): Promise<Set<number>> => {
    if (found?.search === search) return found.starts;
    const starts = new Set<number>();
    await eachLine(file, onProgress, (text, start) => {
      const row = parseRow(text);
      if (row && textsOf(row).some((each) => each.toLowerCase().includes(search))) starts.add(start);
    });
    found = { search, starts };
    return starts;
  };

  return {
    facts,
    page: async ({ filter, metric, search, from, count }) => {
      const at = metrics.findIndex(({ id }) => id === metric);
      const compare = comparison(at, metrics[at]);
      const filtered = arrange(entries, filter, compare);
      const wanted = search.trim().toLowerCase();
      const starts = wanted === '' ? undefined : await searchFor(wanted);
      const fitting = starts ? filtered.filter(({ start }) => starts.has(start)) : filtered;
      return {
        rows: await readRows(file, fitting.slice(from, from + count)),
        total: fitting.length,
        counts: countsOf(entries, compare),
      };
    },
  };
}

function rowMetric({ id, title, unit, higherIsBetter }: EvaluationReport['metrics'][number]): RowMetric[] {
  return higherIsBetter === null ? [] : [{ id, title, unit, higherIsBetter }];
}

function entryOf(row: PredictionRow, metrics: readonly RowMetric[], start: number, end: number): Entry {
  const scores = (prediction: Prediction | null): Float64Array =>
    Float64Array.from(metrics, ({ id }) => scoreOf(prediction, id) ?? NaN);
  const [base, tuned] = [scores(row.base), scores(row.tuned)];
  const [before, after] = [row.base?.text, row.tuned?.text];
  const changed =
    after === undefined ? tuned.some((score, i) => score !== base[i] && !Number.isNaN(score)) : before !== after;
  return { start, end, changed, refusal: isRefusal(after ?? before ?? ''), base, tuned };
}

function scoreOf(prediction: Prediction | null, id: string): number | undefined {
  return id === LOSS.id ? prediction?.loss : prediction?.scores[id];
}

/** How good a row is, and how much better the tuned model is there; NaN where nothing is known. */
interface Comparison {
  quality(entry: Entry): number;
  gain(entry: Entry): number;
}

function comparison(at: number, metric: RowMetric | undefined): Comparison {
  const sign = metric?.higherIsBetter === false ? -1 : 1;
  const tuned = (entry: Entry): number => entry.tuned[at] ?? NaN;
  const base = (entry: Entry): number => entry.base[at] ?? NaN;
  return {
    quality: (entry) => sign * (Number.isNaN(tuned(entry)) ? base(entry) : tuned(entry)),
    gain: (entry) => sign * (tuned(entry) - base(entry)),
  };
}

/** The rows of a filter in its own order; rows without a score come last, equal ones as in the file. */
function arrange(entries: readonly Entry[], filter: RowFilter, { quality, gain }: Comparison): readonly Entry[] {
  switch (filter) {
    case 'all':
      return entries;
    case 'worst':
      return rising(entries, quality);
    case 'best':
      return rising(entries, (entry) => -quality(entry));
    case 'changed':
      return rising(
        entries.filter(({ changed }) => changed),
        (entry) => -gain(entry),
      );
    case 'regressions':
      return rising(
        entries.filter((entry) => gain(entry) < 0),
        gain,
      );
    case 'refusals':
      return entries.filter(({ refusal }) => refusal);
    default:
      return filter satisfies never;
  }
}

function rising(entries: readonly Entry[], value: (entry: Entry) => number): Entry[] {
  const valued = entries.map((entry) => ({ entry, value: value(entry) }));
  valued.sort((a, b) =>
    Number.isNaN(a.value) || Number.isNaN(b.value)
      ? Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value))
      : a.value - b.value,
  );
  return valued.map(({ entry }) => entry);
}

function countsOf(entries: readonly Entry[], { gain }: Comparison): RowPage['counts'] {
  const count = (fits: (entry: Entry) => boolean): number =>
    entries.reduce((sum, entry) => sum + Number(fits(entry)), 0);
  return {
    all: entries.length,
    worst: entries.length,
    best: entries.length,
    changed: count(({ changed }) => changed),
    regressions: count((entry) => gain(entry) < 0),
    refusals: count(({ refusal }) => refusal),
  };
}

async function readRows(file: string, entries: readonly Entry[]): Promise<PredictionRow[]> {
  const handle = await open(file);
  try {
    const rows: PredictionRow[] = [];
    for (const { start, end } of entries) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
      const row = parseRow(buffer.toString('utf8', 0, bytesRead));
      if (!row)
        throw new Failure('predictions-changed', `${file} was changed since it was read.`, 'Read the report again.');
      rows.push(row);
    }
    return rows;
  } finally {
    await handle.close();
  }
}

/** Tells every line that is not blank with the bytes where it begins and ends. Other work gets its turn between pieces. */
async function eachLine(
  file: string,
  onProgress: (doneBytes: number) => void,
  onLine: (text: string, start: number, end: number) => void,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  let start = 0;
  const take = (line: Buffer): void => {
    const text = line.toString('utf8');
    if (text.trim() !== '') onLine(text, start, start + line.length);
    start += line.length + 1;
  };
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      take(bytes.subarray(from, end));
      from = end + 1;
    }
    rest = bytes.subarray(from);
    onProgress(start);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (rest.length > 0) take(rest);
}

function parseRow(text: string): PredictionRow | undefined {
  try {
    const row = JSON.parse(text) as Partial<PredictionRow> | null;
    const whole = typeof row === 'object' && typeof row?.line === 'number' && typeof row.prompt === 'string';
    return whole ? (row as PredictionRow) : undefined;
  } catch {
    return undefined;
  }
}

function textsOf({ prompt, reference, base, tuned }: PredictionRow): string[] {
  return [prompt, reference ?? '', base?.text ?? '', tuned?.text ?? ''];
}
