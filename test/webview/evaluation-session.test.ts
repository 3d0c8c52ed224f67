import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/common/failure';
import type { EvaluationReport, PredictionRow } from '../../src/evaluation/report';
import type {
  EvaluationHostNotices,
  EvaluationPageRequests,
  EvaluationState,
  RowQuery,
} from '../../src/webview/evaluation-protocol';
import { createEvaluationSession, type EvaluationSource, type HostAction } from '../../src/webview/evaluation-session';
import { createRpc } from '../../src/webview/rpc';

const side = { value: 0.5, interval: null };
const FACTS = { name: 'm', path: '/m', hash: '', adapter: null, weights: 'float32' };
const REPORT: EvaluationReport = {
  version: 1,
  name: 'validation',
  created: '2026-11-24T18:00:00Z',
  subject: 'bot',
  run: '/runs/bot',
  step: 4,
  base: FACTS,
  tuned: FACTS,
  data: null,
  generation: null,
  metrics: [
    { id: 'f1', title: 'Token F1', unit: 'share', higherIsBetter: true, base: side, tuned: side, difference: null },
    { id: 'cost', title: 'Cost', unit: 'none', higherIsBetter: false, base: side, tuned: side, difference: null },
    {
      id: 'answer_tokens',
      title: 'Length',
      unit: 'tokens',
      higherIsBetter: null,
      base: side,
      tuned: side,
      difference: null,
    },
  ],
  benchmarks: [],
  resampling: { samples: 1000, seed: 1, level: 0.95 },
  seconds: 3,
  notes: [],
};

/** Line, both answers, both values of F1; the cost is 1 less F1. */
const ROWS: readonly (readonly [number, string, string, number, number])[] = [
  [3, 'Köln', 'Köln', 0.5, 0.5],
  [1, 'I am sorry, but I cannot help with that.', 'Paris', 0, 1],
  [9, 'Rome', 'I am sorry, but I cannot help with that.', 0.9, 0.1],
  [7, 'a\nb', 'a "b"', 0.2, 0.4],
];

function row([line, base, tuned, before, after]: (typeof ROWS)[number]): PredictionRow {
  const prediction = (text: string, f1: number): PredictionRow['base'] => ({
    text,
    loss: 1 - f1,
    scores: { f1, cost: 1 - f1 },
  });
  const both = { base: prediction(base, before), tuned: prediction(tuned, after) };
  return { line, prompt: `Question ${line}`, reference: 'Paris', ...both };
}

describe('the session of an evaluation page', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'evaluation-'));
    path = join(folder, 'validation.json');
    writeFileSync(path, JSON.stringify(REPORT));
    writeFileSync(predictions(), `${ROWS.map((each) => JSON.stringify(row(each))).join('\n\n')}\n`);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const predictions = (): string => join(folder, 'validation.predictions.jsonl');
  const open = (report: EvaluationSource['report'] = () => Promise.resolve(path)) => {
    const states: EvaluationState[] = [];
    const acted: (HostAction | string)[] = [];
    type None = Readonly<Record<never, never>>;
    const channel = { after: () => () => undefined };
    const session = createEvaluationSession({
      ...channel,
      post: (message) => page.receive(structuredClone(message)),
      source: { name: 'bot', report },
      act: (action, file) => {
        acted.push(action, file);
        return Promise.resolve();
      },
    });
    const page = createRpc<EvaluationPageRequests, None, None, EvaluationHostNotices>({
      ...channel,
      post: (message) => session.receive(structuredClone(message)),
      timeoutMs: 1000,
      requests: {},
      notices: { state: (state) => states.push(state) },
    });
    session.read();
    const lines = async (query: Partial<RowQuery>): Promise<number[]> => {
      const all: RowQuery = { filter: 'all', metric: 'f1', search: '', from: 0, count: 50 };
      return (await page.ask('rows', { ...all, ...query })).rows.map(({ line }) => line);
    };
    const settled = async (): Promise<EvaluationState> => {
      await expect.poll(() => states.at(-1)?.kind, { timeout: 20_000 }).not.toBe('working');
      return states.at(-1)!;
    };
    return { page, states, acted, lines, settled };
  };

  it('hands over the report and what rows can be sorted by', async () => {
    const state = await open().settled();
    if (state.kind !== 'report') throw new Error(state.kind);
    expect(state.report).toEqual(REPORT);
    expect(state.predictions).toMatchObject({ rows: 4, unreadable: 0 });
    expect(state.predictions?.metrics.map(({ id }) => id)).toEqual(['f1', 'cost', 'loss']);
  });

  it('filters and sorts, also by a metric of which less is better', async () => {
    const { lines, settled, page } = open();
    await settled();
    expect(await lines({})).toEqual([3, 1, 9, 7]);
    for (const metric of ['f1', 'cost', 'loss']) {
      expect(await lines({ metric, filter: 'worst' })).toEqual([9, 7, 3, 1]);
      expect(await lines({ metric, filter: 'best' })).toEqual([1, 3, 7, 9]);
      expect(await lines({ metric, filter: 'changed' })).toEqual([1, 7, 9]);
      expect(await lines({ metric, filter: 'regressions' })).toEqual([9]);
    }
    expect(await lines({ filter: 'refusals' })).toEqual([9]);
    expect(await lines({ filter: 'worst', from: 1, count: 2 })).toEqual([7, 3]);
    const { counts } = await page.ask('rows', { filter: 'all', metric: 'f1', search: 'rome', from: 0, count: 1 });
    expect(counts).toEqual({ all: 4, worst: 4, best: 4, changed: 3, regressions: 1, refusals: 1 });
  });

  it('finds what stands in the texts, not how it is written in the file', async () => {
    const { lines, settled } = open();
    await settled();
    expect(await lines({ search: ' KÖLN ' })).toEqual([3]);
    expect(await lines({ search: 'a "b"' })).toEqual([7]);
    expect(await lines({ search: 'a\nb' })).toEqual([7]);
    expect(await lines({ search: 'Question 9' })).toEqual([9]);
    expect(await lines({ search: 'scores' })).toEqual([]);
    expect(await lines({ search: 'sorry', filter: 'best' })).toEqual([1, 9]);
  });

  it('counts lines that are no prediction, for example a torn last one', async () => {
    appendFileSync(predictions(), 'null\n{"line":4}\n{"line": 5, "prompt": "to');
    const state = await open().settled();
    expect(state).toMatchObject({ kind: 'report', predictions: { rows: 4, unreadable: 3 } });
  });

  it('says so when the file is another one by now', async () => {
    const { lines, settled } = open();
    await settled();
    writeFileSync(predictions(), 'x'.repeat(2000));
    await expect(lines({})).rejects.toMatchObject({ code: 'predictions-changed' });
  });

  it('shows a report without predictions, and refuses what is none', async () => {
    rmSync(predictions());
    const without = open();
    expect(await without.settled()).toMatchObject({ kind: 'report', predictions: null });
    await expect(without.lines({})).rejects.toMatchObject({ code: 'no-predictions' });
    for (const text of ['{"version": 1, "metrics": [', '{"version": 99}', '[]']) {
      writeFileSync(path, text);
      expect(await open().settled()).toMatchObject({
        kind: 'failed',
        message: expect.stringContaining(path) as string,
      });
    }
    rmSync(path);
    expect(await open().settled()).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('ENOENT') as string,
    });
  });

  it('tells how far the evaluation is, cancels it, and begins it again', async () => {
    let begun = 0;
    const { page, states, acted, settled } = open(async (signal, onProgress) => {
      if (++begun > 1) return path;
      onProgress('The tuned model writes answers', 3, 20);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new Failure('cancelled', 'The evaluation was cancelled.', 'It goes on from there.');
    });
    await expect.poll(() => states.at(-1)).toMatchObject({ kind: 'working', done: 3, total: 20 });
    expect(await page.ask('ready', null)).toEqual(states.at(-1));
    await page.ask('act', { type: 'copyMarkdown' });
    await page.ask('act', { type: 'cancel' });
    expect(await settled()).toMatchObject({ kind: 'failed', hint: 'It goes on from there.' });
    await page.ask('act', { type: 'refresh' });
    await expect.poll(() => states.at(-1)?.kind).toBe('report');
    await page.ask('act', { type: 'showLine', line: 3 });
    expect(acted).toEqual([{ type: 'showLine', line: 3 }, path]);
  });

  it('sends a page of 100,000 predictions at once', async () => {
    const text = Array.from({ length: 100_000 }, (_, line) =>
      JSON.stringify(row([line + 1, `base ${line}`, `tuned ${line}`, (line * 7919) % 1000, line % 1000])),
    );
    writeFileSync(predictions(), text.join('\n'));
    const { page, settled } = open();
    expect(await settled()).toMatchObject({ predictions: { rows: 100_000, unreadable: 0 } });
    const query: RowQuery = { filter: 'worst', metric: 'f1', search: '', from: 50_000, count: 50 };
    const { rows, total } = await page.ask('rows', query);
    expect(rows).toHaveLength(50);
    expect(rows[0]?.tuned?.scores['f1']).toBe(500);
    expect(total).toBe(100_000);
    expect(JSON.stringify(rows).length).toBeLessThan(20_000);
  });
});
