import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Failure } from '../../src/common/failure';
import { type EvaluationData, type RowOptions, readEvaluationData } from '../../src/evaluation/rows';
import { openSubjects } from '../../src/evaluation/subject';

const home = mkdtempSync(join(tmpdir(), 'rows-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const { checked } = openSubjects(join(__dirname, '..', '..', 'media', 'sample', 'base')).base;

let written = 0;
function read(records: readonly unknown[], options: Partial<RowOptions> = {}): EvaluationData {
  const path = join(home, `${++written}.jsonl`);
  writeFileSync(path, records.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n'));
  return readEvaluationData(path, checked, { format: 'auto', maxLength: 512, contextLength: 512, seed: 1, ...options });
}
function refusal(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    return error as Failure;
  }
  throw new Error('Nothing was refused.');
}

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const chat = (question: string, answer: string) => ({ messages: [user(question), assistant(answer)] });
const decoded = (tokens: Int32Array | undefined): string => checked.tokenizer.decode(tokens ?? []);

describe('what the model is asked and should answer', () => {
  it('of a conversation: the last answer, and what stands before it as the template writes it', () => {
    const { rows } = read([
      { messages: [user('One?'), assistant('Yes.'), user('Two?'), assistant('No, two.'), user('Thank you')] },
    ]);
    expect(rows[0]).toMatchObject({ line: 1, prompt: 'Two?', reference: 'No, two.', callsTools: false });
    expect(decoded(rows[0]!.promptTokens)).toBe(
      '<|im_start|>user\nOne?<|im_end|>\n<|im_start|>assistant\nYes.<|im_end|>\n<|im_start|>user\nTwo?<|im_end|>\n<|im_start|>assistant\n',
    );
    // Without the token that ends the turn.
    expect(rows[0]!.referenceTokens).toBe(checked.tokenizer.encode('No, two.').ids.length);
    // Both answers are trained, so both are scored, each with the end of its turn.
    const { tokens, trained } = rows[0]!.examples[0]!;
    expect(decoded(tokens.filter((_, i) => trained[i] === 1))).toBe('Yes.<|im_end|>No, two.<|im_end|>');
  });

  it.each([
    ['instruction', { instruction: 'Say hi.', output: 'hi' }, 'hi'],
    [
      'sharegpt',
      {
        conversations: [
          { from: 'human', value: 'Say hi.' },
          { from: 'gpt', value: 'hi' },
        ],
      },
      'hi',
    ],
    ['completion', { prompt: 'Say', completion: ' hi' }, ' hi'],
    ['preference', { prompt: 'Say hi.', chosen: 'hi there', rejected: 'no' }, 'hi there'],
    ['unpaired-preference', { prompt: 'Say hi.', completion: 'hi', label: true }, 'hi'],
  ])('of the format %s', (format, record, reference) => {
    const { rows, format: found } = read([record]);
    expect(found).toBe(format);
    expect(rows[0]).toMatchObject({ reference });
    expect(rows[0]!.promptTokens!.length).toBeGreaterThan(0);
    expect(rows[0]!.examples).toHaveLength(1);
  });

  it('plain text has a likelihood only, a long one in windows that count every token but the first once', () => {
    const text = 'The parcel has not come yet. '.repeat(40);
    const { rows, notes } = read([{ text }], { maxLength: 64 });
    const [row] = rows;
    expect(row).toMatchObject({ promptTokens: undefined, reference: '', prompt: text });
    const counted = row!.examples.reduce((sum, { trained }) => sum + trained.reduce((n, one) => n + one, 0), 0);
    // The end-of-text token counts, too.
    expect(counted).toBe(checked.tokenizer.encode(text).ids.length + 1 - 1);
    expect(Math.max(...row!.examples.map(({ tokens }) => tokens.length))).toBe(64);
    expect(notes).toEqual(['Read in windows of 64 tokens: 1 row (line 1).']);
  });
});

describe('rows that cannot be evaluated', () => {
  it('are named, never dropped in silence', () => {
    const { rows, notes, records } = read([
      chat('a', 'b'),
      '',
      'nonsense',
      { messages: [user('no answer')] },
      { instruction: 'another', output: 'format' },
      { messages: 'no list' },
    ]);
    expect(rows.map(({ line }) => line)).toEqual([1]);
    expect(records).toBe(5);
    expect(notes).toEqual([
      'No JSON object: 1 row left out (line 3).',
      'No trained answer of the assistant: 1 row left out (line 4).',
      'Another format than "chat": 1 row left out (line 5).',
      'Records with errors: 1 row left out (line 6).',
    ]);
  });

  it('a label that is false', () => {
    const record = { prompt: 'a', completion: 'b' };
    const { rows, notes } = read([
      { ...record, label: false },
      { ...record, label: true },
      { ...record, label: false },
    ]);
    expect(rows).toHaveLength(1);
    expect(notes).toEqual(['A label that is not true: 2 rows left out (lines 1, 3).']);
  });

  it('an answer of which the template writes nothing', () => {
    const call = { id: '1', type: 'function', function: { name: 'f', arguments: '{}' } };
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }];
    const { notes } = read([
      chat('a', 'b'),
      { tools, messages: [user('call f'), { role: 'assistant', content: null, tool_calls: [call] }] },
    ]);
    expect(notes).toEqual(['Tool calls that the chat template leaves out: 1 row left out (line 2).']);
  });

  it('a prompt of 100,000 characters is left out, and a long answer is cut as in training', () => {
    const { rows, notes } = read([
      chat('word '.repeat(20_000), 'b'),
      chat('a', 'long answer '.repeat(300)),
      chat('a', 'b'),
    ]);
    expect(rows.map(({ line }) => line)).toEqual([2, 3]);
    expect(rows[0]!.examples[0]!.tokens).toHaveLength(512);
    expect(notes).toEqual([
      'A prompt of more than 512 tokens: 1 row left out (line 1).',
      'Cut after 512 tokens, as in training: 1 row (line 2).',
    ]);
  });

  it('fails where nothing is left, and says why', () => {
    expect(refusal(() => read([{ messages: [user('x')] }])).message).toContain(
      'none of its 1 records can be evaluated.\nNo trained answer of the assistant: 1 row left out (line 1).',
    );
    expect(refusal(() => read(['', '  ']))).toMatchObject({ code: 'data-empty', exitCode: 2 });
    expect(refusal(() => read([{ some: 'thing' }]))).toMatchObject({ code: 'data-format', exitCode: 2 });
    expect(
      refusal(() =>
        readEvaluationData(join(home, 'missing.jsonl'), checked, {
          format: 'auto',
          maxLength: 9,
          contextLength: 9,
          seed: 1,
        }),
      ),
    ).toMatchObject({ code: 'data-unreadable', exitCode: 2 });
  });
});

it('a limit takes a seeded sample in the order of the file', () => {
  const records = Array.from({ length: 30 }, (_, i) => chat(`question ${i}`, `answer ${i}`));
  const lines = (seed: number): number[] => read(records, { limit: 5, seed }).rows.map(({ line }) => line);
  expect(lines(1)).toHaveLength(5);
  expect(lines(1)).toEqual([...lines(1)].sort((a, b) => a - b));
  expect(lines(1)).toEqual(lines(1));
  expect(lines(1)).not.toEqual(lines(2));
  expect(read(records, { lines: new Set([3, 7]) }).rows.map(({ line }) => line)).toEqual([3, 7]);
});
