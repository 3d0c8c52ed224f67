import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ChatSession, createChatSession, type OpenGenerator } from '../../src/chat/chat-session';
import type { ChatEvent } from '../../src/chat/protocol';
import { serveChat } from '../../src/chat/serve';
import { Failure } from '../../src/common/failure';
import { encodePrompt } from '../../src/dataset/labels';
import type { Answer, AnswerOptions, Generator } from '../../src/evaluation/generation/generator';
import { openSubjects, type Subjects } from '../../src/evaluation/subject';
import { DEFAULT_SAMPLING } from '../../src/chat/sampling';

const SAMPLE = 'media/sample/base';
const base = openSubjects(SAMPLE);
const subjects: Subjects = { ...base, name: 'tuned-run', tuned: base.base };

/** A model that says what it was asked, word by word, or does what a test wants. */
class Fake implements Generator {
  readonly parallel = 1;
  readonly contextLength = 64;
  disposed = false;
  prompts: Int32Array[] = [];
  constructor(readonly reply: (options: AnswerOptions) => Promise<Answer>) {}
  answer(prompt: Int32Array, options: AnswerOptions): Promise<Answer> {
    this.prompts.push(prompt);
    return this.reply(options);
  }
  logLikelihoods(): never {
    throw new Error('A chat asks for none.');
  }
  dispose(): Promise<void> {
    this.disposed = true;
    return Promise.resolve();
  }
}

const says =
  (...words: readonly string[]) =>
  (options: AnswerOptions): Promise<Answer> => {
    for (const word of words) options.onText?.(word);
    return Promise.resolve({ text: words.join(''), tokens: words.map((_, i) => i), finish: 'stop' });
  };
const untilStopped = ({ signal, onText }: AnswerOptions): Promise<Answer> => {
  onText?.('So ');
  return new Promise((done) =>
    signal!.addEventListener('abort', () => done({ text: 'So ', tokens: [1], finish: 'cancelled' })),
  );
};

let opened: Fake[];
let reply: (options: AnswerOptions) => Promise<Answer>;
beforeEach(() => {
  opened = [];
  reply = says('Hi', ' there');
});
const open: OpenGenerator = (_subject, { onProgress }) => {
  onProgress(0.5);
  const fake = new Fake((options) => reply(options));
  opened.push(fake);
  return Promise.resolve({ generator: fake, engine: 'a fake' });
};

/** Runs the protocol over lines; `type` writes one, `until` waits for an event. */
function serve(session: ChatSession): {
  type(line: unknown): void;
  until(match: (event: ChatEvent) => boolean): Promise<ChatEvent>;
  end(): Promise<ChatEvent[]>;
} {
  const input = new PassThrough();
  const events: ChatEvent[] = [];
  const waiting = new Set<() => void>();
  const ended = serveChat({
    ...{ session, sides: ['tuned', 'base'], input },
    send: (event) => {
      events.push(event);
      for (const wake of waiting) wake();
    },
  });
  return {
    type: (line) => void input.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`),
    until: (match) =>
      new Promise((done) => {
        const look = (): void => {
          const found = events.find(match);
          if (!found) return;
          waiting.delete(look);
          done(found);
        };
        waiting.add(look);
        look();
      }),
    end: async () => {
      input.end();
      await ended;
      return events;
    },
  };
}

const ask = (id: number, content = 'Hello?', side = 'tuned'): unknown => ({
  ...{ type: 'send', id, side },
  messages: [{ role: 'user', content }],
});

describe('fine-tune chat --json', () => {
  it('loads the models, streams answers and ends with its input', async () => {
    const chat = serve(createChatSession(subjects, open, 'Be short.'));
    chat.type({ ...(ask(1) as object), sampling: { temperature: 0, seed: 3 } });
    await chat.until((event) => event.type === 'done');
    await chat.until((event) => event.type === 'ready' && event.side === 'base');
    const events = await chat.end();
    expect(events[0]).toEqual({
      type: 'opened',
      name: 'tuned-run',
      models: [
        { side: 'base', name: 'base' },
        { side: 'tuned', name: 'tuned-run' },
      ],
      system: 'Be short.',
    });
    expect(
      events.filter((event) => event.type === 'ready').map(({ side, contextLength }) => [side, contextLength]),
    ).toEqual([
      ['tuned', 64],
      ['base', 64],
    ]);
    const mine = events.filter((event) => 'id' in event && event.id === 1);
    const { template, tokenizer } = subjects.base.checked;
    const prompt = encodePrompt(
      { messages: [{ role: 'user', content: 'Hello?', trained: false }] },
      { template, tokenizer },
    );
    expect(mine.map((event) => (event.type === 'done' ? { ...event, seconds: 0 } : event))).toEqual([
      { type: 'started', id: 1 },
      { type: 'text', id: 1, text: 'Hi' },
      { type: 'text', id: 1, text: ' there' },
      {
        ...{ type: 'done', id: 1, text: 'Hi there', finish: 'stop', tokens: 2, seconds: 0 },
        promptTokens: prompt.length,
      },
    ]);
    expect([...opened[0]!.prompts[0]!]).toEqual([...prompt]);
    // Each model was loaded once, and let go of.
    expect(opened.map(({ disposed }) => disposed)).toEqual([true, true]);
  });

  it('stops an answer, and one that waits for it', async () => {
    reply = untilStopped;
    const chat = serve(createChatSession(subjects, open));
    chat.type(ask(1));
    chat.type(ask(2, 'Hello?', 'base'));
    await chat.until((event) => event.type === 'text');
    chat.type({ type: 'cancel', id: 2 });
    chat.type({ type: 'cancel', id: 1 });
    await chat.until((event) => event.type === 'done' && event.id === 2);
    const events = await chat.end();
    const done = events.flatMap((event) => (event.type === 'done' ? [[event.id, event.text, event.finish]] : []));
    expect(done).toEqual([
      [1, 'So ', 'cancelled'],
      [2, '', 'cancelled'],
    ]);
  });

  it('stops what it writes when its input closes', async () => {
    reply = untilStopped;
    const chat = serve(createChatSession(subjects, open));
    chat.type(ask(1));
    await chat.until((event) => event.type === 'text');
    await chat.end();
    expect(opened.every(({ disposed }) => disposed)).toBe(true);
  });

  it('loads a model anew after it has crashed', async () => {
    reply = () => Promise.reject(new Failure('model-crashed', 'The process ended.', 'Again.'));
    const chat = serve(createChatSession(subjects, open));
    await chat.until((event) => event.type === 'ready' && event.side === 'base');
    chat.type(ask(1));
    expect(await chat.until((event) => event.type === 'error')).toEqual({
      ...{ type: 'error', id: 1, side: 'tuned', code: 'model-crashed', message: 'The process ended.', hint: 'Again.' },
    });
    reply = says('Back.');
    chat.type(ask(2));
    expect(await chat.until((event) => event.type === 'done')).toMatchObject({ id: 2, text: 'Back.' });
    expect(opened).toHaveLength(3);
    expect(opened[0]!.disposed).toBe(true);
    await chat.end();
  });

  it('says how long a conversation is that is too long, and goes on', async () => {
    const chat = serve(createChatSession(subjects, open));
    chat.type(ask(1, 'parcel '.repeat(14_286)));
    const error = await chat.until((event) => event.type === 'error');
    expect(error).toMatchObject({ id: 1, code: 'prompt-too-long', hint: 'Shorten the message.' });
    expect('message' in error && error.message).toMatch(/has [\d,]{6,} tokens, and the model reads 64 at most/);
    chat.type(ask(2));
    await chat.until((event) => event.type === 'done' && event.id === 2);
    await chat.end();
  });

  it.each([
    ['not json', /JSON object on one line/, null],
    [{ type: 'send' }, /"id" must be a whole number/, null],
    [{ type: 'sing', id: 1 }, /"send" or "cancel", not "sing"/, 1],
    [{ ...(ask(1) as object), side: 'left' }, /"side" must be "base" or "tuned"/, 1],
    [{ ...(ask(1) as object), messages: [{ role: 'assistant', content: 'a' }] }, /ends with a message of the user/, 1],
    [
      {
        ...(ask(1) as object),
        messages: [
          { role: 'x', content: 'a' },
          { role: 'user', content: 'b' },
        ],
      },
      /list of/,
      1,
    ],
    [{ ...(ask(1) as object), sampling: { heat: 1 } }, /may have temperature, topP/, 1],
    [{ ...(ask(1) as object), sampling: { topP: 2 } }, /"topP" cannot be 2. Give a number from 0 to 1/, 1],
  ])('refuses the request %j and goes on', async (line, message, id) => {
    const chat = serve(createChatSession(subjects, open));
    chat.type(line);
    expect(await chat.until((event) => event.type === 'error')).toMatchObject({
      ...{ code: 'bad-request', id },
      message: expect.stringMatching(message) as string,
    });
    chat.type(ask(2));
    await chat.until((event) => event.type === 'done' && event.id === 2);
    await chat.end();
  });

  it('tells of a model that cannot be loaded; the other one answers', async () => {
    const failing: OpenGenerator = (subject, options) =>
      opened.length > 0
        ? Promise.reject(new Failure('no-memory', 'Too large.', 'Close something.'))
        : open(subject, options);
    const chat = serve(createChatSession(subjects, failing));
    expect(await chat.until((event) => event.type === 'error')).toMatchObject({
      id: null,
      side: 'base',
      code: 'no-memory',
    });
    chat.type(ask(1, 'Hello?', 'base'));
    chat.type(ask(2));
    expect(await chat.until((event) => event.type === 'error' && event.id === 1)).toMatchObject({ code: 'no-memory' });
    await chat.until((event) => event.type === 'done' && event.id === 2);
    await chat.end();
  });

  it('has no tuned model where nothing was tuned', async () => {
    const session = createChatSession(base, open);
    expect(session.models).toEqual([{ side: 'base', name: 'base' }]);
    await expect(session.load('tuned')).rejects.toMatchObject({ code: 'no-tuned-model', exitCode: 2 });
  });
});

it('has llama.cpp’s defaults', () => {
  expect(DEFAULT_SAMPLING).toEqual({
    ...{ temperature: 0.8, topP: 0.95, topK: 40, minP: 0.05, repeatPenalty: 1, maxNewTokens: 512, seed: 0 },
  });
});
