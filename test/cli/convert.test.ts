import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'fine-tune-convert-'))));
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal = {
    out: (text: string) => void (out += `${text}\n`),
    err: (text: string) => void (err += text),
    live: false,
    color: false,
    colorOut: false,
    unicode: true,
    columns: () => 400,
    cwd: folder,
  };
  const code = await main(['convert', ...args], terminal, { trainerPath: '', checkWorkerPath: '', samplePath: '' });
  return { code, out, err };
}

const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return name;
};
const jsonl = (...records: readonly unknown[]): string => records.map((one) => `${JSON.stringify(one)}\n`).join('');
const lines = (name: string): unknown[] =>
  readFileSync(join(folder, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

const chat = (question: string, answer: string): object => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
});
const shareGpt = (question: string, answer: string): object => ({
  conversations: [
    { from: 'human', value: question },
    { from: 'gpt', value: answer },
  ],
});

describe('fine-tune convert', () => {
  it('writes every record in the new format', async () => {
    const text = `\uFEFF${JSON.stringify(chat('Grüß dich', '🙂'))}\r\n\n${JSON.stringify(chat('Bye', 'See you.'))}`;
    const { code, out, err } = await run(file('a.jsonl', text), '--to', 'sharegpt', '-o', 'new/b.jsonl');
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe('new/b.jsonl: 2 records of 2\n');
    expect(lines('new/b.jsonl')).toEqual([shareGpt('Grüß dich', '🙂'), shareGpt('Bye', 'See you.')]);
    expect(readdirSync(join(folder, 'new'))).toEqual(['b.jsonl']);
  });
  it('reads a JSON list', async () => {
    const list = JSON.stringify([shareGpt('Hi', 'Hello!'), shareGpt('Bye', 'See you.')], undefined, 2);
    const { code } = await run(file('a.json', list), '--to', 'chat', '-o', 'b.jsonl');
    expect(code).toBe(0);
    expect(lines('b.jsonl')).toEqual([chat('Hi', 'Hello!'), chat('Bye', 'See you.')]);
    expect((await run(file('c.json', '[{"messages": ]'), '--to', 'chat', '-o', 'd.jsonl')).err).toContain(
      'c.json begins',
    );
    const object = '{\n"messages": []\n}\n';
    expect((await run(file('e.json', object), '--to', 'chat', '-o', 'd.jsonl')).err).toContain('is one JSON object');
    const bad = await run(file('f.json', '[{"text": "a"}, 3]'), '--to', 'text', '-o', 'd.jsonl');
    expect([bad.code, bad.err]).toEqual([1, expect.stringContaining('f.json, entry 2: The record is no JSON object.')]);
  });
  it('writes nothing when a record is refused', async () => {
    const name = file(
      'a.jsonl',
      jsonl(chat('Hi', 'Hello!'), { messages: [{ role: 'assistant', content: 'a' }] }, { messages: 3 }, { text: 'a' }) +
        '{"messages": [}\n' +
        '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "x"}], "n": 12345678901234567890}\n',
    );
    const { code, out, err } = await run(name, '--to', 'instruction', '-o', 'b.jsonl');
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('a.jsonl:2: An instruction is one question and one answer, but this is assistant.');
    expect(err).toContain('a.jsonl:3: "messages" must be a list, but it is the number 3.');
    expect(err).toContain('a.jsonl:4: The record is text, and the file is read as chat.');
    expect(err).toContain('a.jsonl:5: ');
    expect(err).toContain('a.jsonl:6: A number has more digits than can be kept.');
    expect(err).toContain('5 records of 6 cannot become instruction. Nothing was written.');
    expect(readdirSync(folder)).toEqual(['a.jsonl']);
    const skipped = await run(name, '--to', 'instruction', '-o', 'b.jsonl', '--skip-refused');
    expect(skipped.code).toBe(1);
    expect(skipped.out).toContain('5 records left out: instruction cannot express them\nb.jsonl: 1 record of 6\n');
    expect(lines('b.jsonl')).toEqual([{ instruction: 'Hi', output: 'Hello!' }]);
  });
  it('finds wrong bytes', async () => {
    const bytes = Buffer.concat([Buffer.from('{"text": "'), Buffer.of(0xff), Buffer.from('"}\n{"text": "b"}\n')]);
    const { code, err } = await run(file('a.jsonl', bytes), '--from', 'text', '--to', 'text', '-o', 'b.jsonl');
    expect([code, err]).toEqual([1, expect.stringContaining('a.jsonl:1: ')]);
    const wide = await run(
      file('c.jsonl', Buffer.from('\uFEFF{"text": "a"}', 'utf16le')),
      '--to',
      'text',
      '-o',
      'b.jsonl',
    );
    expect([wide.code, wide.err]).toEqual([2, expect.stringContaining('UTF-16')]);
    expect(existsSync(join(folder, 'b.jsonl'))).toBe(false);
  });
  it('survives a record that is nested more deeply than the stack', async () => {
    const depth = 100_000;
    const deep = `{"prompt": "a", "completion": "b", "tools": [{"x": ${'['.repeat(depth)}${']'.repeat(depth)}}]}\n`;
    const { code, err } = await run(file('a.jsonl', deep), '--to', 'chat', '-o', 'b.jsonl');
    expect([code, err]).toEqual([1, expect.stringContaining('a.jsonl:1: The record is nested too deeply.')]);
  });
  it('says what is left behind', async () => {
    const answer = (label: boolean): object => ({ prompt: 'Hi', completion: 'Hello!', label, id: 7 });
    const { code, out } = await run(
      file('a.jsonl', jsonl(answer(true), answer(false))),
      '--to',
      'chat',
      '-o',
      'b.jsonl',
    );
    expect(code).toBe(0);
    expect(out).toBe('1 record left out: the label is false\nnot carried: id (1 record)\nb.jsonl: 1 record of 2\n');
  });
  it('writes preferences in both spellings', async () => {
    const name = file('a.jsonl', jsonl({ prompt: 'Hi', chosen: 'Hello!', rejected: 'No.' }));
    expect((await run(name, '--to', 'preference', '--style', 'openai', '-o', 'b.jsonl')).code).toBe(0);
    expect(lines('b.jsonl')).toEqual([
      {
        input: { messages: [{ role: 'user', content: 'Hi' }] },
        preferred_output: [{ role: 'assistant', content: 'Hello!' }],
        non_preferred_output: [{ role: 'assistant', content: 'No.' }],
      },
    ]);
    const pairs = await run(name, '--to', 'unpaired-preference', '-o', 'c.jsonl');
    expect(pairs.out).toBe('c.jsonl: 2 records from 1\n');
  });
  it('replaces nothing without --force', async () => {
    const name = file('a.jsonl', jsonl(chat('Hi', 'Hello!')));
    file('b.jsonl', 'precious');
    const { code, err } = await run(name, '--to', 'sharegpt', '-o', 'b.jsonl');
    expect([code, err]).toEqual([2, expect.stringContaining('is there already')]);
    expect(readFileSync(join(folder, 'b.jsonl'), 'utf8')).toBe('precious');
    expect((await run(name, '--to', 'sharegpt', '-o', 'b.jsonl', '--force')).code).toBe(0);
    expect(lines('b.jsonl')).toEqual([shareGpt('Hi', 'Hello!')]);
    expect((await run(name, '--to', 'sharegpt', '-o', 'a.jsonl', '--force')).code).toBe(0);
    expect(lines('a.jsonl')).toEqual([shareGpt('Hi', 'Hello!')]);
  });
  it.each([
    [['a.jsonl', '-o', 'b'], 'The new format is missing.'],
    [['a.jsonl', '--to', 'chat'], 'The new file is missing.'],
    [['a.jsonl', '--to', 'chta', '-o', 'b'], 'Did you mean "chat"?'],
    [['a.jsonl', '--to', 'chat', '--style', 'x', '-o', 'b'], '--style x is not known.'],
    [['a.jsonl', '--to', 'chat', '-o', 'b'], 'a.jsonl is text and cannot become chat.'],
    [['no.jsonl', '--to', 'chat', '-o', 'b'], 'no.jsonl'],
    [['unknown.jsonl', '--to', 'chat', '-o', 'b'], 'no records of a known format'],
    [['empty.jsonl', '--to', 'chat', '-o', 'b'], 'no record'],
  ])('refuses %j', async (args, message) => {
    file('a.jsonl', jsonl({ text: 'a' }));
    file('unknown.jsonl', jsonl({ question: 'a' }));
    file('empty.jsonl', '');
    const { code, err } = await run(...args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(existsSync(join(folder, 'b'))).toBe(false);
  });
});
