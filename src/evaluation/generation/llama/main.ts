/** The process that runs llama.cpp: `llama.mjs`, started by `client.ts`, ends with it. */
import { loadLlama, type LlamaModel, openLlama } from './model';
import type { LlamaReply, LlamaRequest } from './protocol';

let model: LlamaModel | undefined;
const cancelled = new Set<number>();

process.on('disconnect', () => process.exit(0));
process.on('message', (request: LlamaRequest) => {
  if (request.type === 'cancel') cancelled.add(request.id);
  else void handle(request).catch((error: unknown) => fail(request, error));
});

async function handle(request: Exclude<LlamaRequest, { type: 'cancel' }>): Promise<void> {
  if (request.type === 'probe') {
    const { device } = await openLlama({ gpu: true, threads: 1 });
    return reply({ type: 'loaded', device });
  }
  if (request.type === 'load') {
    model = await loadLlama(request, (fraction) => reply({ type: 'loading', fraction }));
    return reply({ type: 'loaded', device: model.device });
  }
  if (!model) throw new Error('No model is loaded.');
  const { id } = request;
  const watch = {
    cancelled: () => cancelled.has(id),
    onToken: (token: number) => reply({ type: 'token', id, token }),
    onAlive: () => reply({ type: 'alive' }),
  };
  if (request.type === 'answer') reply({ type: 'answered', id, finish: await model.answer(request, watch) });
  else reply({ type: 'scored', id, scores: await model.score(request, watch) });
  cancelled.delete(id);
}

function fail(request: Exclude<LlamaRequest, { type: 'cancel' }>, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  reply({ type: 'failed', id: 'id' in request ? request.id : undefined, message });
}

function reply(message: LlamaReply): void {
  // The client may have gone while a token was computed; then this process ends with the channel.
  if (process.connected) process.send?.(message);
}
