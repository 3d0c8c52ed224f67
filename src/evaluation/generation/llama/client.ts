/** A generator whose model runs in a process of its own, with llama.cpp. */
import { type ChildProcess, fork } from 'node:child_process';
import { Failure } from '../../../common/failure';
import { createTextStream, requireRoom } from '../answer-parts';
import type { Answer, Generator, Score } from '../generator';
import { crashed, hanging, notStarted, refused } from './failures';
import type { LlamaReply, LlamaRequest, LoadRequest } from './protocol';

export interface LlamaOptions extends LoadRequest {
  /** A real Node binary, see `findNode`. */
  readonly nodePath: string;
  /** `llama.mjs`. */
  readonly childPath: string;
  /** Token ids that end an answer. */
  readonly stops: readonly number[];
  readonly decode: (tokens: readonly number[]) => string;
  /** Share of the model that is loaded, 0 to 1. */
  readonly onLoading?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Without any word from the process it is ended. */
  readonly silenceMs?: number;
}

export interface LlamaGenerator extends Generator {
  /** `cpu`, or the GPU's interface and name. */
  readonly device: string;
  /** Of the process that holds the model. */
  readonly processId: number;
}

/** A part of a prompt of a large model may take minutes on a slow processor. */
const SILENCE_MS = 10 * 60_000;
const LAST_WORDS = 2000;

/** @throws Failure `model-not-loaded` where llama.cpp refuses the file, `model-crashed`, `model-hangs`, `cancelled` */
export async function openLlamaGenerator(options: LlamaOptions): Promise<LlamaGenerator> {
  const { parallel, contextLength } = { parallel: options.sequences, contextLength: options.contextLength };
  const child = startChild(options);
  const device = await child.load();
  return {
    parallel,
    contextLength,
    device,
    processId: child.processId,
    answer: async (prompt, { sampling, signal, onText }) => {
      requireRoom(prompt, 1, contextLength);
      const tokens: number[] = [];
      const stream = createTextStream(options.decode, onText);
      if (sampling.maxNewTokens < 1) return { text: '', tokens, finish: 'length' };
      const finish = await child.answer(prompt, sampling, signal, (token) => {
        tokens.push(token);
        stream(tokens, false);
      });
      stream(tokens, true);
      return { text: options.decode(tokens), tokens, finish };
    },
    logLikelihoods: async (prompt, continuations) => {
      for (const continuation of continuations) requireRoom(prompt, continuation.length, contextLength);
      return continuations.length === 0 ? [] : await child.score(prompt, continuations);
    },
    dispose: () => child.end(),
  };
}

interface Child {
  readonly processId: number;
  load(): Promise<string>;
  answer(
    prompt: Int32Array,
    sampling: Extract<LlamaRequest, { type: 'answer' }>['sampling'],
    signal: AbortSignal | undefined,
    onToken: (token: number) => void,
  ): Promise<Answer['finish']>;
  score(prompt: Int32Array, continuations: readonly Int32Array[]): Promise<readonly Score[]>;
  end(): Promise<void>;
}

/** An open request; the one with the id 0 is the loading of the model. */
interface Pending {
  onReply(reply: LlamaReply): void;
  fail(error: Error): void;
}

function startChild(options: LlamaOptions): Child {
  const { nodePath, childPath, stops, signal, silenceMs = SILENCE_MS } = options;
  const child = fork(childPath, [], {
    execPath: nodePath,
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const pending = new Map<number, Pending>();
  let lastWords = '';
  let gone: Error | undefined;
  let silence: NodeJS.Timeout | undefined;
  let nextId = 1;

  const failAll = (error: Error): void => {
    gone ??= error;
    clearTimeout(silence);
    for (const { fail } of pending.values()) fail(gone);
    pending.clear();
  };
  const kill = (error: Error): void => {
    failAll(error);
    child.kill('SIGKILL');
  };
  const listen = (): void => {
    clearTimeout(silence);
    if (pending.size > 0) silence = setTimeout(() => kill(hanging(options, silenceMs)), silenceMs);
  };
  const exited = new Promise<void>((done) => {
    child.once('error', (error) => {
      failAll(notStarted(nodePath, error));
      done();
    });
    child.once('exit', (code, signalName) => {
      failAll(crashed(options, code, signalName, lastWords));
      done();
    });
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS);
  });
  child.on('message', (reply: LlamaReply) => {
    listen();
    if (reply.type === 'alive') return;
    pending.get('id' in reply ? (reply.id ?? 0) : 0)?.onReply(reply);
  });

  /** @param read the result in the reply that ends the request, undefined for the others */
  const ask = <T>(request: LlamaRequest, id: number, read: (reply: LlamaReply) => T | undefined): Promise<T> =>
    new Promise<T>((done, fail) => {
      if (gone) return fail(gone);
      pending.set(id, {
        fail,
        onReply: (reply) => {
          const result = reply.type === 'failed' ? undefined : read(reply);
          if (result === undefined && reply.type !== 'failed') return;
          pending.delete(id);
          listen();
          if (reply.type === 'failed') fail(refused(options, id === 0, reply.message));
          else if (result !== undefined) done(result);
        },
      });
      listen();
      send(child, request);
    });

  return {
    processId: child.pid ?? 0,
    load: async () => {
      const { model, adapter, contextLength, sequences, gpu, threads, onLoading } = options;
      const stop = (): void => kill(new Failure('cancelled', 'Loading the model was cancelled.', 'Start it again.'));
      signal?.addEventListener('abort', stop);
      try {
        if (signal?.aborted) stop();
        const request = { type: 'load', model, adapter, contextLength, sequences, gpu, threads } as const;
        return await ask(request, 0, (reply) => {
          if (reply.type === 'loading') onLoading?.(reply.fraction);
          return reply.type === 'loaded' ? reply.device : undefined;
        });
      } catch (error) {
        child.kill('SIGKILL');
        throw error;
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    },
    answer: async (prompt, sampling, stop, onToken) => {
      if (stop?.aborted) return 'cancelled';
      const id = nextId++;
      const cancel = (): void => send(child, { type: 'cancel', id });
      stop?.addEventListener('abort', cancel);
      try {
        return await ask({ type: 'answer', id, prompt, sampling, stops }, id, (reply) => {
          if (reply.type === 'token') onToken(reply.token);
          return reply.type === 'answered' ? reply.finish : undefined;
        });
      } finally {
        stop?.removeEventListener('abort', cancel);
      }
    },
    score: (prompt, continuations) => {
      const id = nextId++;
      return ask({ type: 'score', id, prompt, continuations }, id, (reply) =>
        reply.type === 'scored' ? reply.scores : undefined,
      );
    },
    end: async () => {
      kill(new Failure('model-closed', 'The model was closed.', 'Open it again.'));
      await exited;
    },
  };
}

/** To a process that has just ended nothing can be sent; its exit tells everybody. */
function send(child: ChildProcess, request: LlamaRequest): void {
  if (child.connected) child.send(request, () => undefined);
}
