import { beforeEach, expect, it } from 'vitest';
import type { ChatEvent, ChatRequest } from '../../src/chat/protocol';
import type { GoodAnswer } from '../../src/chat/record';
import { createRpc, type Rpc } from '../../src/webview/rpc';
import type { ChatAction, ChatHostNotices, ChatPageRequests, ChatState } from '../../src/webview/chat-protocol';
import { createChatPageSession } from '../../src/webview/chat-session';

type None = Record<never, never>;
type Send = Extract<ChatRequest, { type: 'send' }>;

let page: Rpc<ChatPageRequests, None>;
let sent: ChatRequest[];
let starts: number;
let emit: (event: ChatEvent) => void;
let end: (problem: { message: string; hint: string }) => void;
let saved: GoodAnswer[];
let told: ChatHostNotices['answer'][];
let timers: (() => void)[];
let disposed: number;

beforeEach(() => {
  [sent, saved, told, timers, starts, disposed] = [[], [], [], [], 0, 0];
  // Before the page is there, nobody hears.
  const pages: (typeof page)[] = [];
  const session = createChatPageSession({
    name: 'run',
    start: (onEvent, onEnd) => {
      starts++;
      [emit, end] = [onEvent, onEnd];
      return { send: (request) => void sent.push(request), dispose: () => void disposed++ };
    },
    save: (answer) => {
      saved.push(answer);
      return Promise.resolve('Added.');
    },
    copyText: () => Promise.resolve(),
    post: (message) => pages[0]?.receive(message),
    after: (milliseconds, run) => {
      // The others are time limits.
      if (milliseconds < 1000) timers.push(run);
      return () => undefined;
    },
  });
  page = createRpc<ChatPageRequests, None, None, ChatHostNotices>({
    post: (message) => session.receive(message),
    after: () => () => undefined,
    timeoutMs: 1000,
    requests: {},
    notices: { state: () => undefined, answer: (one) => void told.push(one) },
  });
  pages.push(page);
  emit({
    type: 'opened',
    name: 'run',
    system: '',
    models: [
      { side: 'base', name: 'b' },
      { side: 'tuned', name: 't' },
    ],
  });
});

const act = (action: ChatAction): Promise<string> => page.ask('act', action);
const state = (): Promise<ChatState> => page.ask('ready', null);
const both = ['base', 'tuned'] as const;
const done = (id: number, text: string): void =>
  emit({ type: 'done', id, text, finish: 'stop', promptTokens: 5, tokens: 2, seconds: 1 });
const contents = (request: ChatRequest | undefined): readonly string[] =>
  (request as Send).messages.map(({ content }) => content);

it('asks both models, the tuned one first, and each goes on with its own answers', async () => {
  await act({ type: 'setUp', system: 'Be short.', sampling: { ...(await state()).sampling, temperature: 0 } });
  await act({ type: 'send', text: 'Hi', sides: both });
  expect(sent.map((one) => (one as Send).side)).toEqual(['tuned', 'base']);
  done(1, 'T');
  done(2, 'B');
  await act({ type: 'send', text: 'And?', sides: both });
  expect(contents(sent[2])).toEqual(['Be short.', 'Hi', 'T', 'And?']);
  expect(contents(sent[3])).toEqual(['Be short.', 'Hi', 'B', 'And?']);
  expect((sent[3] as Send).sampling.temperature).toBe(0);
  expect((await state()).turns[0]!.answers.tuned).toEqual({
    state: 'done',
    text: 'T',
    finish: 'stop',
    tokens: 2,
    seconds: 1,
  });
});

it('begins with the system prompt of the training data, until the user has another', async () => {
  emit({ type: 'opened', name: 'run', models: [], system: 'As trained.' });
  expect((await state()).system).toBe('As trained.');
  await act({ type: 'setUp', system: '', sampling: (await state()).sampling });
  await act({ type: 'restart' });
  emit({ type: 'opened', name: 'run', models: [], system: 'As trained.' });
  expect((await state()).system).toBe('');
});

it('tells of new text now and then, and all of it when it is asked', async () => {
  await act({ type: 'send', text: 'Hi', sides: ['tuned'] });
  emit({ type: 'started', id: 1 });
  for (const text of ['a', 'b', 'c']) emit({ type: 'text', id: 1, text });
  expect([told.length, timers.length]).toEqual([0, 1]);
  // A page that was hidden and is drawn anew.
  expect((await state()).turns[0]!.answers.tuned).toEqual({ state: 'writing', text: 'abc' });
  timers[0]!();
  expect(told).toEqual([{ turn: 0, side: 'tuned', answer: { state: 'writing', text: 'abc' } }]);
});

it('stops, answers again with another seed, and edits', async () => {
  await act({ type: 'send', text: 'Hi', sides: both });
  await act({ type: 'stop' });
  expect(sent.slice(2)).toEqual([
    { type: 'cancel', id: 1 },
    { type: 'cancel', id: 2 },
  ]);
  done(1, 'T');
  done(2, '');
  await act({ type: 'regenerate', side: 'tuned' });
  await act({ type: 'regenerate', side: 'tuned' });
  // While it is written there is no second one.
  expect(sent.slice(4).map((one) => (one as Send).sampling.seed)).toEqual([1]);
  done(3, 'T2');
  await act({ type: 'send', text: 'And?', sides: both });
  // The base answered with nothing, so that turn is none of its own.
  expect([contents(sent[5]), contents(sent[6])]).toEqual([['Hi', 'T2', 'And?'], ['And?']]);
  await act({ type: 'edit', turn: 0, text: 'Hello', sides: ['base'] });
  expect(sent.slice(7)).toMatchObject([
    { type: 'cancel', id: 4 },
    { type: 'cancel', id: 5 },
    { side: 'base', id: 6 },
  ]);
  // What still comes of the answers that are forgotten belongs nowhere.
  emit({ type: 'text', id: 4, text: 'late' });
  done(5, 'late');
  const { turns } = await state();
  expect(turns).toEqual([{ user: 'Hello', answers: { base: { state: 'waiting', text: '' } } }]);
});

it('says that the process has ended, and starts it again with the next message', async () => {
  await act({ type: 'send', text: 'Hi', sides: ['tuned'] });
  emit({ type: 'text', id: 1, text: 'So' });
  end({ message: 'Killed.', hint: 'Again.' });
  const after = await state();
  expect(after.failure).toEqual({ message: 'Killed.', hint: 'Again.' });
  expect(after.turns[0]!.answers.tuned).toMatchObject({ state: 'failed', text: 'So', problem: { message: 'Killed.' } });
  await act({ type: 'send', text: 'Hi again', sides: ['tuned'] });
  expect(starts).toBe(2);
  expect((await state()).failure).toBeNull();
  expect(contents(sent.at(-1))).toEqual(['Hi again']);
});

it('keeps the first reason why a chat cannot begin, and tells of a model that cannot be loaded', async () => {
  emit({ type: 'error', id: null, side: 'base', code: 'x', message: 'Too large.', hint: '' });
  expect((await state()).models[0]).toMatchObject({ state: 'failed', problem: { message: 'Too large.' } });
  emit({ type: 'error', id: null, side: null, code: 'x', message: 'No such run.', hint: '' });
  end({ message: 'Ended with code 2.', hint: '' });
  expect((await state()).failure?.message).toBe('No such run.');
  await act({ type: 'restart' });
  expect([starts, (await state()).failure]).toEqual([2, null]);
});

it('gives a good answer away with what was said before and the other answer', async () => {
  await act({ type: 'send', text: 'Hi', sides: both });
  done(1, 'T');
  done(2, 'B');
  expect(await act({ type: 'save', turn: 0, side: 'tuned', text: 'Better' })).toBe('Added.');
  expect(saved).toEqual([{ messages: [{ role: 'user', content: 'Hi' }], answer: 'Better', worse: 'B' }]);
});
