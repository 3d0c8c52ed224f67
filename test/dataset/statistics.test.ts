import { describe, expect, it } from 'vitest';
import { chat } from '../../src/dataset/formats/chat';
import { openAiEpochs, StatisticsBuilder } from '../../src/dataset/statistics';

const record = (question: string, answer: string): readonly ReturnType<typeof chat.turns>[number][] =>
  chat.turns({
    messages: [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ],
  });
const builder = (maxLength = 100): StatisticsBuilder =>
  new StatisticsBuilder({
    isRefusal: (text) => text.startsWith('Sorry'),
    countTokens: (text) => text.split(' ').length,
    maxLength,
    estimate: true,
  });

describe('statistics of a dataset', () => {
  it('count turns, characters, tokens and refusals by role', () => {
    const statistics = builder();
    for (const answer of ['It is green.', 'Sorry, no.', 'Blue']) {
      statistics.addLine();
      statistics.addRecord(record('Which colour?', answer));
    }
    statistics.addLine();
    const result = statistics.result('chat');
    expect(result).toMatchObject({ format: 'chat', records: 4, usable: 3, answers: 3, refusals: 1, tokens: null });
    expect(result.roles).toEqual([
      { role: 'system', turns: 3, characters: 24, tokens: 6 },
      { role: 'user', turns: 3, characters: 39, tokens: 6 },
      { role: 'assistant', turns: 3, characters: 26, tokens: 6 },
    ]);
    expect(result.turns).toEqual({ min: 3, p5: 3, median: 3, mean: 3, p95: 3, max: 3 });
  });

  it('give nearest-rank percentiles and totals of tokens', () => {
    const statistics = builder(1000);
    for (let total = 1; total <= 100; total++)
      statistics.addRecord(record('a', 'b'), { total, trained: 1, lost: 0, lostTrained: 0 });
    const { tokens } = statistics.result('chat');
    expect(tokens?.perRecord).toEqual({ min: 1, p5: 5, median: 50, mean: 50.5, p95: 95, max: 100 });
    expect(tokens).toMatchObject({ total: 5050, trained: 100, cutRecords: 0, estimate: true });
    expect(tokens?.histogram.counts.reduce((sum, n) => sum + n, 0)).toBe(100);
  });

  it('put a border of the histogram on the maximum length, and everything longer into the last bins', () => {
    const statistics = builder(1024);
    const lengths = [...Array<number>(95).fill(300), 1023, 1024, 1500, 9000, 20_000];
    for (const total of lengths)
      statistics.addRecord(record('a', 'b'), {
        total,
        trained: 1,
        lost: Math.max(0, total - 1024),
        lostTrained: total > 1024 ? 7 : 0,
      });
    const { tokens } = statistics.result('chat');
    const { width, counts } = tokens!.histogram;
    expect(1024 % width).toBe(0);
    const border = 1024 / width;
    expect(counts.slice(0, border).reduce((sum, n) => sum + n, 0)).toBe(96);
    expect(counts.slice(border).reduce((sum, n) => sum + n, 0)).toBe(4);
    expect(counts.length).toBeLessThan(60);
    expect(tokens).toMatchObject({ cutRecords: 3, lostTrainedTokens: 21 });
  });

  it('survive a file of nothing', () => {
    expect(builder().result(null)).toMatchObject({ records: 0, usable: 0, roles: [], tokens: null });
  });

  // Values of the notebook's own lines of code, executed in Python for these numbers of examples.
  it.each([
    [1, 25],
    [10, 10],
    [33, 3],
    [34, 3],
    [50, 3],
    [8333, 3],
    [8334, 2],
    [12_501, 1],
    [1_000_000, 1],
  ])('train %d examples for %d epochs at OpenAI', (examples, epochs) => expect(openAiEpochs(examples)).toBe(epochs));
});
