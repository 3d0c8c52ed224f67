import type { LlamaContext, LlamaContextSequence, Token } from 'node-llama-cpp';

/** The sequences of a context, lent to one request at a time. What a sequence holds stays in it, for the next one that begins alike. */
export interface Sequences {
  use<T>(prompt: readonly Token[], work: (sequence: LlamaContextSequence) => Promise<T>): Promise<T>;
}

export function createSequences(context: LlamaContext): Sequences {
  const free = Array.from({ length: context.totalSequences }, () =>
    context.getSequence({ contextShift: { strategy: refuseShift } }),
  );
  const waiting: (() => void)[] = [];
  return {
    use: async (prompt, work) => {
      while (free.length === 0) await new Promise<void>((go) => waiting.push(go));
      const [sequence] = free.splice(indexOfLongest(free, prompt), 1);
      try {
        return await work(sequence!);
      } finally {
        free.push(sequence!);
        waiting.shift()?.();
      }
    },
  };
}

/** Tokens at the beginning that are the same. */
export function commonPrefix(a: readonly Token[], b: readonly Token[]): number {
  const end = Math.min(a.length, b.length);
  let n = 0;
  while (n < end && a[n] === b[n]) n++;
  return n;
}

function indexOfLongest(sequences: readonly LlamaContextSequence[], prompt: readonly Token[]): number {
  const shared = sequences.map(({ contextTokens }) => commonPrefix(contextTokens, prompt));
  return shared.indexOf(Math.max(...shared));
}

/** Lengths are checked before; a full context must never lose its beginning in silence, which is the library's usual way. */
function refuseShift(): never {
  throw new Error('The context is full.');
}
