import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatSession, Question } from '../../src/chat/chat-session';
import type { ChatReply } from '../../src/chat/protocol';
import { DEFAULT_SAMPLING } from '../../src/chat/sampling';
import { chatCommand } from '../../src/cli/chat';
import { readChatInput } from '../../src/cli/chat-input';
import { chatInTerminal, replyWords } from '../../src/cli/chat-terminal';
import { readArguments } from '../../src/cli/command';
import type { Terminal } from '../../src/cli/terminal';
import { Failure } from '../../src/common/failure';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'chat-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const REPLY: ChatReply = { text: '', finish: 'stop', promptTokens: 9, tokens: 4, seconds: 2 };

/** Types the lines; the models answer with the number of messages and the seed. */
async function type(
  lines: readonly string[],
  sides: readonly ('base' | 'tuned')[] = ['tuned'],
): Promise<{
  readonly asked: Question[];
  readonly drafts: string[];
  readonly text: string;
  readonly notes: string;
}> {
  const asked: Question[] = [];
  const drafts: string[] = [];
  let [text, notes, at] = ['', '', 0];
  const session: ChatSession = {
    name: 'run',
    system: '',
    models: [],
    load: () => Promise.reject(new Error('Nothing is to be loaded.')),
    answer: (question) => {
      asked.push(question);
      if (question.messages.at(-1)!.content === 'crash')
        return Promise.reject(new Failure('model-crashed', 'The process ended.', 'Ask again.'));
      const words = `${question.side} ${question.messages.length} ${question.sampling.seed}`;
      question.onText(words);
      return Promise.resolve({ ...REPLY, text: words });
    },
    dispose: () => Promise.resolve(),
  };
  await chatInTerminal(
    {
      ask: (draft) => {
        drafts.push(draft);
        return Promise.resolve(lines[at++]);
      },
      write: (part) => void (text += part),
      note: (words) => void (notes += words),
      interruptible: (work) => work(new AbortController().signal),
    },
    { session, sides, system: '', sampling: DEFAULT_SAMPLING, resolve: (path) => join(folder, path) },
  );
  return { asked, drafts, text, notes };
}

describe('the chat in a terminal', () => {
  it('keeps the conversation, and changes it with commands', async () => {
    const { asked, drafts, text } = await type([
      'Hi',
      '/system Be short.',
      'Two \\',
      'lines',
      '/retry',
      '/edit',
      'Three',
      '/undo',
      '/undo',
      'Again',
      '/clear',
      'New',
      '/system -',
      '//slash',
    ]);
    const contents = asked.map(({ messages }) => messages.map(({ content }) => content));
    expect(contents).toEqual([
      ['Hi'],
      ['Be short.', 'Hi', 'tuned 1 0', 'Two \nlines'],
      ['Be short.', 'Hi', 'tuned 1 0', 'Two \nlines'],
      ['Be short.', 'Hi', 'tuned 1 0', 'Three'],
      ['Be short.', 'Again'],
      ['Be short.', 'New'],
      ['New', 'tuned 2 0', '/slash'],
    ]);
    // Only another seed gives another answer.
    expect(asked.map(({ sampling }) => sampling.seed)).toEqual([0, 0, 1, 0, 0, 0, 0]);
    expect(drafts.filter((draft) => draft !== '')).toEqual(['Two \nlines']);
    expect(text.split('\n')[0]).toBe('tuned 1 0');
  });

  it('asks both models, each with its own answers', async () => {
    const { asked, notes } = await type(['Hi', 'And?'], ['base', 'tuned']);
    expect(asked.map(({ messages }) => messages[1]?.content)).toEqual([undefined, undefined, 'base 1 0', 'tuned 1 0']);
    expect(notes).toContain('base:\n');
    expect(notes).toContain('4 tokens, 2.0 tokens/s\n');
  });

  it('adds the last answer to a data file', async () => {
    const { notes } = await type(
      ['/save a.jsonl', 'Hi', '/save', '/save a.jsonl', '/save no/such/a.jsonl', '/quit', 'no'],
      ['base', 'tuned'],
    );
    expect(notes).toContain('Nothing was said yet.');
    expect(notes).toContain('/save needs a file.');
    expect(notes).toContain('Added to a.jsonl as line 1.');
    expect(notes).toMatch(/no\/such\/a.jsonl could not be written/);
    const { messages } = JSON.parse(readFileSync(join(folder, 'a.jsonl'), 'utf8')) as { messages: unknown[] };
    expect(messages.at(-1)).toEqual({ role: 'assistant', content: 'tuned 1 0' });
  });

  it('says what goes wrong and goes on; a message without an answer is forgotten', async () => {
    const { asked, notes } = await type([
      'crash',
      '/sytem x',
      '/set heat 1',
      '/set top-p 2',
      '/set temperature=0.2',
      'Hi',
    ]);
    expect(notes).toContain('The process ended.\nAsk again.');
    expect(notes).toContain('There is no /sytem. Did you mean /system?');
    expect(notes).toContain('There is no setting heat.');
    expect(notes).toContain('top-p cannot be 2.\nGive a number from 0 to 1.');
    expect(asked[1]!.messages).toEqual([{ role: 'user', content: 'Hi' }]);
    expect(asked[1]!.sampling.temperature).toBe(0.2);
  });
});

it.each([
  ['  ', { kind: 'nothing' }],
  [' Hi ', { kind: 'message', text: 'Hi' }],
  ['/system  a\nb', { kind: 'command', name: 'system', argument: 'a\nb' }],
  ['/', { kind: 'unknown', name: '', near: undefined }],
  ['/toString', { kind: 'unknown', name: 'toString' }],
])('reads %j', (line, expected) => expect(readChatInput(line)).toMatchObject(expected));

it('says how long an answer was and why it ended', () => {
  expect(replyWords({ tokens: 1, seconds: 0, finish: 'length' })).toBe('1 token, ended by the limit of tokens');
  expect(replyWords({ tokens: 1234, seconds: 10, finish: 'cancelled' })).toBe('1,234 tokens, 123.4 tokens/s, stopped');
});

it.each([
  [['--tuned', '--both'], /exclude each other/],
  [['--temperature', 'hot'], /--temperature cannot be hot/],
  [['--max-new-tokens', '0'], /--max-new-tokens cannot be 0/],
  [['--top-k', '1.5'], /--top-k cannot be 1.5/],
  [['--engine', 'x'], /--engine x is not known/],
  [['--template', 'x'], /--template x is not known/],
  [['--context-length', '1'], /--context-length 1 is not possible/],
  [['--prompt', 'Hi'], /no run|There is no/],
])('refuses %j', async (flags, message) => {
  const terminal: Terminal = {
    ...{ out: () => undefined, err: () => undefined, live: false, color: false, colorOut: false, unicode: true },
    ...{ columns: () => 80, cwd: folder },
  };
  const input = readArguments(chatCommand, ['no-such', ...flags]);
  await expect((async () => await chatCommand.run(input, terminal))()).rejects.toMatchObject({
    message: expect.stringMatching(message) as string,
    exitCode: 2,
  });
});
