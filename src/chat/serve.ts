/** `fine-tune chat --json`: answers the requests on its input until that closes. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Failure } from '../common/failure';
import type { ChatSession } from './chat-session';
import type { Side } from './conversation';
import { BadRequest, type ChatEvent, type ChatRequest, parseChatRequest } from './protocol';

export interface ServeOptions {
  readonly session: ChatSession;
  /** Loaded at once, in this order. */
  readonly sides: readonly Side[];
  readonly input: Readable;
  readonly send: (event: ChatEvent) => void;
}

export async function serveChat({ session, sides, input, send }: ServeOptions): Promise<void> {
  const open = new Map<number, AbortController>();
  send({ type: 'opened', name: session.name, models: session.models, system: session.system });
  const answer = async ({ id, ...question }: Extract<ChatRequest, { type: 'send' }>): Promise<void> => {
    const abort = new AbortController();
    open.get(id)?.abort();
    open.set(id, abort);
    try {
      const reply = await session.answer({
        ...question,
        signal: abort.signal,
        onStart: () => send({ type: 'started', id }),
        onText: (text) => send({ type: 'text', id, text }),
      });
      send({ type: 'done', id, ...reply });
    } catch (error) {
      send({ type: 'error', id, side: question.side, ...wordsOf(error) });
    } finally {
      if (open.get(id) === abort) open.delete(id);
    }
  };
  const receive = (line: string): void => {
    if (line.trim() === '') return;
    try {
      const request = parseChatRequest(line);
      if (request.type === 'cancel') open.get(request.id)?.abort();
      else void answer(request);
    } catch (error) {
      send({ type: 'error', id: error instanceof BadRequest ? error.id : null, side: null, ...wordsOf(error) });
    }
  };
  const lines = createInterface({ input, crlfDelay: Infinity });
  const closed = new Promise<void>((done) => {
    lines.on('line', receive);
    lines.once('close', done);
  });
  const load = async (side: Side): Promise<void> => {
    try {
      let told = -1;
      const model = await session.load(side, (share) => {
        const fraction = Math.floor(share * 100) / 100;
        if (fraction > told) send({ type: 'loading', side, fraction: (told = fraction) });
      });
      send({ type: 'ready', side, ...model });
    } catch (error) {
      send({ type: 'error', id: null, side, ...wordsOf(error) });
    }
  };
  // One after the other: together they would need the memory of loading twice.
  void sides.reduce((before, side) => before.then(() => load(side)), Promise.resolve());
  await closed;
  for (const abort of open.values()) abort.abort();
  await session.dispose();
}

function wordsOf(error: unknown): { readonly code: string; readonly message: string; readonly hint: string } {
  if (error instanceof Failure) return { code: error.code, message: error.message, hint: error.hint };
  // Not the user's fault: the stack is what a report of this needs.
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'internal', message, hint: 'Please report this.' };
}
