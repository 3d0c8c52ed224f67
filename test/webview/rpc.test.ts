import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/common/failure';
import { createRpc, RpcError, type Rpc } from '../../src/webview/rpc';

type Calls = { readonly double: { readonly params: number; readonly result: number } };
type Tells = { readonly said: string };
type Nothing = Record<never, never>;

interface Pair {
  readonly client: Rpc<Calls, Tells>;
  readonly server: Rpc<Nothing, Nothing>;
  readonly heard: string[];
  readonly timers: { ms: number; run: () => void; cancelled: boolean }[];
  /** Messages from the client that are held back while `false`. */
  connected: boolean;
}

function pair(double: (value: number) => number | Promise<number>): Pair {
  const timers: Pair['timers'] = [];
  const heard: string[] = [];
  const after = (ms: number, run: () => void): (() => void) => {
    const timer = { ms, run, cancelled: false };
    timers.push(timer);
    return () => (timer.cancelled = true);
  };
  const clone = (message: unknown): unknown => structuredClone(message);
  const server: Rpc<Nothing, Nothing> = createRpc<Nothing, Nothing, Calls, Tells>({
    post: (message) => result.client.receive(clone(message)),
    requests: { double },
    notices: { said: (text) => heard.push(text) },
    after,
    timeoutMs: 500,
  });
  const client = createRpc<Calls, Tells, Nothing, Nothing>({
    post: (message) => {
      if (result.connected) server.receive(clone(message));
    },
    requests: {},
    notices: {},
    after,
    timeoutMs: 500,
  });
  const result: Pair = { client, server, heard, timers, connected: true };
  return result;
}

describe('createRpc', () => {
  it('carries a result back and cancels its timer', async () => {
    const { client, timers } = pair((value) => value * 2);
    await expect(client.ask('double', 21)).resolves.toBe(42);
    expect(timers).toMatchObject([{ ms: 500, cancelled: true }]);
  });

  it('tells the caller when the handler throws, with code and hint of a failure', async () => {
    const { client } = pair(() => {
      throw new Failure('disk-full', 'The disk is full.', 'Free some space.');
    });
    const error = await client.ask('double', 1).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ code: 'disk-full', message: 'The disk is full.', hint: 'Free some space.' });
  });

  it('tells the caller when a promise is rejected with a plain error', async () => {
    const { client } = pair(() => Promise.reject(new Error('no')));
    await expect(client.ask('double', 1)).rejects.toMatchObject({ code: 'internal', message: 'no' });
  });

  it('answers replies by their id, in whatever order they come', async () => {
    const gates: (() => void)[] = [];
    const { client } = pair((value) => new Promise((resolve) => gates.push(() => resolve(value * 2))));
    const [first, second] = [client.ask('double', 1), client.ask('double', 2)];
    gates[1]!();
    await expect(second).resolves.toBe(4);
    gates[0]!();
    await expect(first).resolves.toBe(2);
  });

  it('gives up when nobody answers', async () => {
    const both = pair((value) => value);
    both.connected = false;
    const asked = both.client.ask('double', 1);
    both.timers[0]!.run();
    await expect(asked).rejects.toMatchObject({ code: 'timeout' });
  });

  it('rejects what is open, and what comes later, when it closes', async () => {
    const both = pair((value) => value);
    both.connected = false;
    const asked = both.client.ask('double', 1);
    both.client.close();
    await expect(asked).rejects.toMatchObject({ code: 'closed' });
    await expect(both.client.ask('double', 1)).rejects.toMatchObject({ code: 'closed' });
    expect(both.timers.every((timer) => timer.cancelled)).toBe(true);
  });

  it('answers an unknown request with an error, inherited names included', () => {
    const posted: unknown[] = [];
    const rpc = createRpc<Nothing, Nothing, Nothing, Nothing>({
      post: (message) => posted.push(message),
      requests: {},
      notices: {},
      after: () => () => undefined,
      timeoutMs: 1,
    });
    rpc.receive({ rpc: 'request', id: 1, name: 'toString', params: null });
    return Promise.resolve().then(() =>
      expect(posted).toMatchObject([{ rpc: 'error', id: 1, code: 'unknown-request' }]),
    );
  });

  it('passes notices on and ignores messages of others', () => {
    const { client, server, heard } = pair((value) => value);
    client.notify('said', 'hello');
    for (const foreign of [
      null,
      'text',
      7,
      {},
      { rpc: 'notice' },
      { rpc: 'result', id: 99, result: 1 },
      { rpc: 'other' },
    ])
      server.receive(foreign);
    expect(heard).toEqual(['hello']);
  });
});
