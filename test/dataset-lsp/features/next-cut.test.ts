import { expect, it } from 'vitest';
import { nextCut } from '../../../src/dataset-lsp/features/next-cut';
import { OpenDataset } from '../../../src/dataset-lsp/open-dataset';
import { defaultEncoding } from '../../../src/dataset-lsp/vocabulary';

const record = (words: number): string => JSON.stringify({ text: 'word '.repeat(words).trim() });

it('finds the next record that the maximum length cuts, round the end of the file', async () => {
  const text = [record(5), record(40), '', '{"text": 1}', record(40), record(5)].join('\n');
  const failures: unknown[] = [];
  const dataset = new OpenDataset(
    { uri: 'file:///data/train.jsonl', languageId: 'jsonl', version: 1, text },
    {
      choice: {},
      format: undefined,
      rulesPage: undefined,
      accepted: undefined,
      model: undefined,
      loadEncode: () => defaultEncoding(20),
    },
    {
      publish: () => undefined,
      summaryChanged: () => undefined,
      tokensChanged: () => undefined,
      failed: (error) => failures.push(error),
    },
  );
  // The records behind the first are not counted yet.
  expect(nextCut(dataset, 0)).toEqual({ line: null, uncounted: 3 });
  await expect.poll(() => dataset.summary.state, { timeout: 15_000, interval: 5 }).toBe('ready');
  expect([0, 1, 2, 3, 4, 5].map((line) => nextCut(dataset, line).line)).toEqual([1, 4, 4, 4, 1, 1]);
  dataset.configure({
    choice: {},
    format: undefined,
    rulesPage: undefined,
    accepted: undefined,
    model: undefined,
    loadEncode: () => defaultEncoding(500),
  });
  await expect.poll(() => dataset.summary.state, { timeout: 15_000, interval: 5 }).toBe('ready');
  expect(nextCut(dataset, 0)).toEqual({ line: null, uncounted: 0 });
  expect(failures).toEqual([]);
  dataset.close();
});
