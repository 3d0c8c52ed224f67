import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureFile } from '../../../src/dataset-lsp/check/statistics';
import { defaultEncoding } from '../../../src/dataset-lsp/vocabulary';
import { lintText } from '../../../src/dataset-lsp/linter';

const chat = (question: string, answer: string): string =>
  JSON.stringify({
    messages: [
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ],
  });
const LINES = [
  chat('Where is my parcel, please?', 'It is on its way to you.'),
  chat('Can you tell me a secret?', "I'm sorry, but I can't help with that."),
  '',
  '{"messages": [{"role": "user"',
  chat('Write a very long story for me.', 'word '.repeat(400).trim()),
];

describe('statistics of a file', () => {
  let folder: string;
  let path: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'statistics-'));
    path = join(folder, 'chat.jsonl');
    writeFileSync(path, `${LINES.join('\r\n')}\r\n`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('count what the checks count, and measure only what can be read', async () => {
    const report = await measureFile(path, { tokens: { maxLength: 128 }, vocabulary: 'o200k' });
    const text = `${LINES.join('\r\n')}\r\n`;
    const linted = lintText(text, { encode: defaultEncoding(128) });
    const { statistics } = report;
    expect(report).toMatchObject({
      name: 'chat.jsonl',
      invalidRecords: 1,
      vocabulary: 'o200k',
      bytes: Buffer.byteLength(text),
    });
    expect(statistics).toMatchObject({ format: 'chat', records: 4, usable: 3, answers: 3, refusals: 1 });
    expect(statistics.tokens).toMatchObject({
      estimate: true,
      total: linted.summary.totalTokens,
      trained: linted.summary.trainedTokens,
      cutRecords: 1,
      maxLength: 128,
    });
    const encode = defaultEncoding(128);
    const count = (of: string): number => encode.tokenizer.encode(of).ids.length;
    expect(statistics.roles.find(({ role }) => role === 'user')?.tokens).toBe(
      count('Where is my parcel, please?') +
        count('Can you tell me a secret?') +
        count('Write a very long story for me.'),
    );
    const counts = Object.fromEntries(report.issues.map(({ rule, count: found }) => [rule, found]));
    expect(counts).toEqual(linted.summary.issueCounts);
    expect(report.issues[0]).toMatchObject({ rule: 'json-syntax', severity: 'error', firstLine: 4 });
  });

  it('do without tokens', async () => {
    const report = await measureFile(path, { vocabulary: 'o200k' });
    expect(report.statistics.tokens).toBeNull();
    expect(report.vocabulary).toBeNull();
  });

  it('can be given up', async () => {
    const abort = new AbortController();
    const measured = measureFile(path, { vocabulary: null }, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(measured).rejects.toThrow();
  });

  it('say what is wrong with the file', async () => {
    await expect(measureFile(join(folder, 'none.jsonl'), { vocabulary: null })).rejects.toThrow(/does not exist/);
    writeFileSync(join(folder, 'empty.jsonl'), '');
    const empty = await measureFile(join(folder, 'empty.jsonl'), { tokens: { maxLength: 64 }, vocabulary: 'o200k' });
    expect(empty.statistics).toMatchObject({ records: 0, usable: 0, tokens: null, format: null });
  });
});
