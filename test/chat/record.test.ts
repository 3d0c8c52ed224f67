import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendRecord } from '../../src/chat/append-record';
import { type GoodAnswer, recordLine, recordStyleOf } from '../../src/chat/record';
import { FORMATS, formatById } from '../../src/dataset/formats';
import { checkShape } from '../../src/dataset/shape';

const ONE: GoodAnswer = { messages: [{ role: 'user', content: 'Who?' }], answer: 'Ann\n"B" ü' };
const LONG: GoodAnswer = {
  messages: [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Hello!' },
    { role: 'user', content: 'Who?' },
  ],
  answer: 'Ann',
  worse: 'I am a language model.',
};
const record = (answer: GoodAnswer, head: string): Record<string, unknown> =>
  JSON.parse(recordLine(answer, recordStyleOf(head))) as Record<string, unknown>;

describe('a good answer as a record', () => {
  it('is of the format of the file and trains the answer alone', () => {
    expect(record(LONG, '')).toEqual({
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello!', weight: 0 },
        { role: 'user', content: 'Who?' },
        { role: 'assistant', content: 'Ann' },
      ],
    });
    expect(record(ONE, '{"instruction":"a","output":"b"}\n')).toEqual({ instruction: 'Who?', output: ONE.answer });
    expect(record(LONG, '{"conversations":[{"from":"human","value":"a"}]}')).toEqual({
      conversations: [
        { from: 'system', value: 'Be short.' },
        { from: 'human', value: 'Hi' },
        { from: 'gpt', value: 'Hello!', weight: 0 },
        { from: 'human', value: 'Who?' },
        { from: 'gpt', value: 'Ann' },
      ],
    });
  });

  it.each([
    ['chat', '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}'],
    ['sharegpt', '{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}'],
    ['completion', '{"prompt":"a","completion":"b"}'],
    ['preference', '{"prompt":"a","chosen":"b","rejected":"c"}'],
    ['preference', '{"input":{"messages":[]},"preferred_output":[],"non_preferred_output":[]}'],
    ['unpaired-preference', '{"prompt":"a","completion":"b","label":false}'],
  ] as const)('can be read as %s again, with one trained answer', (id, head) => {
    const written = record(LONG, `${head}\n`);
    const format = formatById(id);
    expect(FORMATS.find((one) => one.recognises(written))).toBe(format);
    expect(checkShape(format.shape, written)).toEqual([]);
    const trained = format.turns(written).filter((turn) => turn.trained && turn.role === 'assistant');
    const texts = trained.filter(({ side }) => side !== 'rejected').map(({ text }) => text);
    expect(texts).toEqual(['Ann']);
  });

  it('takes the other answer as the rejected one, in the style of the file', () => {
    const trl = record(LONG, '{"prompt":"a","chosen":"b","rejected":"c"}');
    expect(trl['rejected']).toEqual([{ role: 'assistant', content: LONG.worse }]);
    const openai = record(LONG, '{"input":{"messages":[]},"preferred_output":[],"non_preferred_output":[]}');
    expect(openai['non_preferred_output']).toEqual([{ role: 'assistant', content: LONG.worse }]);
  });

  it.each([
    [LONG, '{"instruction":"a","output":"b"}', /one question and one answer, but this is system, user/],
    [ONE, '{"text":"a"}', /plain text cannot say/],
    [ONE, '{"prompt":"a","chosen":"b","rejected":"c"}', /no other answer/],
    [{ ...LONG, worse: LONG.answer }, '{"prompt":"a","chosen":"b","rejected":"c"}', /no other answer/],
    [{ ...ONE, answer: ' ' }, '', /answer is empty/],
    [ONE, '{"foo":1}', /no known format/],
    [ONE, 'not json', /no known format/],
  ] as const)('is refused where the format cannot say it', (answer, head, message) => {
    expect(() => record(answer, head)).toThrow(message);
  });
});

describe('appending a record', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'append-'))));
  afterAll(() => rmSync(folder, { recursive: true }));
  const CHAT = '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}';

  it.each([
    ['nothing', undefined, 1, ''],
    ['an empty file', '', 1, ''],
    ['a whole line', `${CHAT}\n`, 2, `${CHAT}\n`],
    ['a line without an end', CHAT, 2, `${CHAT}\n`],
    ['blank lines', `${CHAT}\n\n`, 3, `${CHAT}\n\n`],
    ['line ends of Windows', `${CHAT}\r\n${CHAT}`, 3, `${CHAT}\r\n${CHAT}\r\n`],
    ['a byte order mark', `\uFEFF${CHAT}\n`, 2, `\uFEFF${CHAT}\n`],
  ])('keeps what is there: %s', async (name, before, line, kept) => {
    const path = join(folder, `${name}.jsonl`);
    if (before !== undefined) writeFileSync(path, before);
    expect(await appendRecord(path, ONE)).toBe(line);
    const after = readFileSync(path, 'utf8');
    expect(after.slice(0, kept.length)).toBe(kept);
    const added = after.slice(kept.length);
    expect(added).toMatch(name.includes('Windows') ? /^[^\n]*\r\n$/ : /^[^\r\n]*\n$/);
    expect((JSON.parse(added) as { messages: unknown[] }).messages).toHaveLength(2);
  });

  it('knows the format of a large file with a long last line', async () => {
    const path = join(folder, 'large.jsonl');
    writeFileSync(path, '{"instruction":"a","output":"b"}\n'.repeat(40_000));
    expect(await appendRecord(path, ONE)).toBe(40_001);
    expect(
      readFileSync(path, 'utf8').endsWith(`${JSON.stringify({ instruction: 'Who?', output: ONE.answer })}\n`),
    ).toBe(true);
  });

  it('writes nothing where it cannot', async () => {
    const path = join(folder, 'utf16.jsonl');
    writeFileSync(path, Buffer.from(CHAT, 'utf16le'));
    await expect(appendRecord(path, ONE)).rejects.toMatchObject({ code: 'not-utf8', exitCode: 2 });
    expect(readFileSync(path).length).toBe(CHAT.length * 2);
    await expect(appendRecord(folder, ONE)).rejects.toMatchObject({ code: 'not-written' });
    await expect(appendRecord(join(folder, 'no', 'such.jsonl'), ONE)).rejects.toMatchObject({ code: 'not-written' });
  });
});
