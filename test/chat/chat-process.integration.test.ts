import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ChatEvent, parseChatEvent } from '../../src/chat/protocol';
import { startChatProcess } from '../../src/workbench/chat-process';
import type { ChatProcess } from '../../src/webview/chat-session';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'dist/cli.js');
const BASE = join(ROOT, 'media/sample/base');
const GREEDY = { temperature: 0, topP: 1, topK: 0, minP: 0, repeatPenalty: 1, seed: 0 };
const TICKET = 'Hello, my order 67315 has not arrived.';

let open: ChatProcess | undefined;
afterEach(() => open?.dispose());
beforeAll(() => {
  // Without the bundle nothing below can be true.
  execFileSync(process.execPath, [CLI, '--version']);
});

function start(path: string): {
  readonly chat: ChatProcess;
  readonly events: ChatEvent[];
  readonly ended: Promise<{ message: string }>;
  until(match: (event: ChatEvent) => boolean): Promise<ChatEvent>;
} {
  const events: ChatEvent[] = [];
  const waiting = new Set<() => void>();
  let ended = (_problem: { message: string }): void => undefined;
  const over = new Promise<{ message: string }>((done) => (ended = done));
  const chat = startChatProcess({
    ...{ nodePath: process.execPath, cliPath: CLI, path, cwd: ROOT },
    onEvent: (event) => {
      events.push(event);
      for (const wake of waiting) wake();
    },
    onEnd: (problem) => ended(problem),
  });
  open = chat;
  const until = (match: (event: ChatEvent) => boolean): Promise<ChatEvent> =>
    new Promise((done) => {
      const look = (): void => {
        const found = events.find(match);
        if (!found) return;
        waiting.delete(look);
        done(found);
      };
      waiting.add(look);
      look();
    });
  return { chat, events, ended: over, until };
}

describe('the process of a chat', () => {
  it('answers, stops, refuses what is too long, and goes on', async () => {
    const { chat, events, until } = start(BASE);
    const ask = (id: number, content: string, maxNewTokens: number): void =>
      chat.send({
        type: 'send',
        id,
        side: 'base',
        messages: [{ role: 'user', content }],
        sampling: { ...GREEDY, maxNewTokens },
      });
    ask(1, TICKET, 12);
    const first = await until((event) => event.type === 'done');
    if (first.type !== 'done') throw new Error('No answer.');
    const streamed = events.flatMap((event) => (event.type === 'text' && event.id === 1 ? [event.text] : []));
    expect(streamed.join('')).toBe(first.text);
    expect(first.tokens).toBeGreaterThan(0);
    expect(first.tokens).toBeLessThanOrEqual(12);
    ask(2, 'parcel '.repeat(14_286), 12);
    expect(await until((event) => event.type === 'error')).toMatchObject({ id: 2, code: 'prompt-too-long' });
    // It may come before the first token, or after the last one of an answer that is short.
    ask(3, TICKET, 400);
    await until((event) => event.type === 'started' && event.id === 3);
    chat.send({ type: 'cancel', id: 3 });
    await until((event) => event.type === 'done' && event.id === 3);
    ask(4, TICKET, 12);
    expect(await until((event) => event.type === 'done' && event.id === 4)).toMatchObject({ text: first.text });
  });

  it('says why there is nothing to chat with', async () => {
    const { until, ended } = start(join(ROOT, 'media'));
    const error = await until((event) => event.type === 'error');
    expect(error).toMatchObject({ id: null, side: null });
    expect('message' in error && error.message).toContain(join(ROOT, 'media'));
    await ended;
  });

  it('ends with its input, whoever held it', async () => {
    const child: ChildProcess = spawn(process.execPath, [CLI, 'chat', BASE, '--json'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await new Promise<void>((opened) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        if (parseChatEvent(line)?.type === 'ready') opened();
      });
    });
    child.stdin!.end();
    expect(await new Promise((done) => child.once('exit', done))).toBe(0);
  });
});

it('answers one message that is piped in', () => {
  const flags = ['--temperature', '0', '--max-new-tokens', '12'];
  const piped = spawnSync(process.execPath, [CLI, 'chat', BASE, ...flags], { input: `${TICKET}\n`, encoding: 'utf8' });
  expect([piped.status, piped.stderr]).toEqual([0, '']);
  expect(piped.stdout.length).toBeGreaterThan(5);
  const tuned = spawnSync(process.execPath, [CLI, 'chat', BASE, '--tuned', '--prompt', 'Hi'], { encoding: 'utf8' });
  expect(tuned.status).toBe(2);
  expect(tuned.stderr).toContain('base is no tuned model.');
});
