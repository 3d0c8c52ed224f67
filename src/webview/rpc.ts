/**
 * One end of a pair that talks over any channel of plain messages. Both ends are the same function with the type
 * arguments swapped. A request ends in a result or an error, also when the handler throws, when nobody answers in
 * time, and when the channel closes: nothing stays pending for ever.
 */

/** Requests by name: what is sent, and what comes back. */
export type Requests = { readonly [K in string]: { readonly params: unknown; readonly result: unknown } };
/** Notices by name: what is sent; nobody answers. */
export type Notices = { readonly [K in string]: unknown };

export type RequestHandlers<R extends Requests> = {
  readonly [K in keyof R]: (params: R[K]['params']) => R[K]['result'] | Promise<R[K]['result']>;
};
export type NoticeHandlers<N extends Notices> = { readonly [K in keyof N]: (payload: N[K]) => void };

export interface RpcOptions<Served extends Requests, Heard extends Notices> {
  readonly post: (message: unknown) => void;
  readonly requests: RequestHandlers<Served>;
  readonly notices: NoticeHandlers<Heard>;
  /** Calls back after a while unless cancelled. The clock is a parameter so that tests need not wait. */
  readonly after: (milliseconds: number, run: () => void) => () => void;
  readonly timeoutMs: number;
}

export interface Rpc<Asked extends Requests, Sent extends Notices> {
  /** Rejects with `RpcError`. */
  ask<K extends keyof Asked & string>(name: K, params: Asked[K]['params']): Promise<Asked[K]['result']>;
  notify<K extends keyof Sent & string>(name: K, payload: Sent[K]): void;
  /** Takes whatever came through the channel; messages of others are ignored. */
  receive(message: unknown): void;
  /** Rejects what is open. Later requests are rejected at once. */
  close(): void;
}

/** What the other end said, or why it said nothing (`code` is then `closed` or `timeout`). */
export class RpcError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = 'RpcError';
  }
}

type Wire =
  | { readonly rpc: 'request'; readonly id: number; readonly name: string; readonly params: unknown }
  | { readonly rpc: 'result'; readonly id: number; readonly result: unknown }
  | {
      readonly rpc: 'error';
      readonly id: number;
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    }
  | { readonly rpc: 'notice'; readonly name: string; readonly payload: unknown };

export function createRpc<Asked extends Requests, Sent extends Notices, Served extends Requests, Heard extends Notices>(
  options: RpcOptions<Served, Heard>,
): Rpc<Asked, Sent> {
  const pending = new Map<number, { settle: (reply: Wire) => void; fail: (error: RpcError) => void }>();
  let nextId = 1;
  let closed = false;

  const answer = async (id: number, name: string, params: unknown): Promise<void> => {
    let reply: Wire;
    try {
      if (!Object.hasOwn(options.requests, name)) throw new RpcError('unknown-request', `No request "${name}".`, '');
      reply = { rpc: 'result', id, result: await options.requests[name]!(params) };
    } catch (error) {
      reply = { rpc: 'error', id, ...describeError(error) };
    }
    if (!closed) options.post(reply);
  };

  return {
    ask<K extends keyof Asked & string>(name: K, params: Asked[K]['params']) {
      return new Promise<Asked[K]['result']>((resolve, reject) => {
        if (closed) {
          reject(new RpcError('closed', 'The connection is closed.', ''));
          return;
        }
        const id = nextId++;
        const end = (): void => {
          cancel();
          pending.delete(id);
        };
        const fail = (error: RpcError): void => {
          end();
          reject(error);
        };
        const cancel = options.after(options.timeoutMs, () =>
          fail(new RpcError('timeout', `No answer within ${options.timeoutMs / 1000} s.`, 'Try again.')),
        );
        pending.set(id, {
          fail,
          settle: (reply) => {
            if (reply.rpc === 'error') fail(new RpcError(reply.code, reply.message, reply.hint));
            else if (reply.rpc === 'result') {
              end();
              resolve(reply.result);
            }
          },
        });
        options.post({ rpc: 'request', id, name, params } satisfies Wire);
      });
    },
    notify: (name, payload) => {
      if (!closed) options.post({ rpc: 'notice', name, payload } satisfies Wire);
    },
    receive: (message) => {
      if (closed || !isWire(message)) return;
      switch (message.rpc) {
        case 'request':
          void answer(message.id, message.name, message.params);
          return;
        case 'result':
        case 'error':
          pending.get(message.id)?.settle(message);
          return;
        case 'notice':
          if (Object.hasOwn(options.notices, message.name))
            options.notices[message.name]!(message.payload as Heard[string]);
          return;
        default:
          message satisfies never;
      }
    },
    close: () => {
      closed = true;
      for (const { fail } of [...pending.values()]) fail(new RpcError('closed', 'The connection was closed.', ''));
    },
  };
}

/** Reads code and hint by their names: a failure of any area carries them, and this file knows none of the areas. */
function describeError(error: unknown): { code: string; message: string; hint: string } {
  const known = typeof error === 'object' && error !== null ? (error as { code?: unknown; hint?: unknown }) : {};
  return {
    code: typeof known.code === 'string' ? known.code : 'internal',
    message: error instanceof Error ? error.message : String(error),
    hint: typeof known.hint === 'string' ? known.hint : '',
  };
}

function isWire(message: unknown): message is Wire {
  if (typeof message !== 'object' || message === null) return false;
  const { rpc, id, name } = message as { rpc?: unknown; id?: unknown; name?: unknown };
  switch (rpc) {
    case 'request':
      return typeof id === 'number' && typeof name === 'string';
    case 'result':
    case 'error':
      return typeof id === 'number';
    case 'notice':
      return typeof name === 'string';
    default:
      return false;
  }
}
