/**
 * Greedy answers from a base model with or without an adapter, by running the forward graph of training again for every
 * token: the very arithmetic that was trained, in batches, without a cache.
 */
import type { EncodedExample } from '../../dataset/example';
import { createCollator } from '../../training/batches';
import { type CheckedBase, locateWeights } from '../../training/base';
import type { Engine } from '../../training/engines/engine';
import type { Training } from '../../training/models/modules';
import type { Parameter } from '../../training/optimizer';
import { createEvaluationSession, layoutFor } from '../../training/session';
import type { BaseModel } from '../../training/weights/base-model';

export interface GenerationOptions {
  readonly engine: Engine;
  readonly base: BaseModel;
  readonly checked: CheckedBase;
  readonly adapter: { readonly training: Training; readonly parameters: readonly Parameter[] } | undefined;
  /** Where weights that cannot be used in place are put; the caller removes it. */
  readonly scratchFile: string;
  readonly maxNewTokens: number;
  readonly batchSize: number;
  /** Finished answers so far. */
  readonly onProgress: (done: number) => void;
}

/** The answers to the prompts (token ids), in their order, without special tokens. */
export async function generateGreedily(prompts: readonly Int32Array[], options: GenerationOptions): Promise<string[]> {
  const { engine, base, checked, adapter, maxNewTokens } = options;
  const { config, tokenizer, template, tensors, padId } = checked;
  const longest = prompts.reduce((n, prompt) => Math.max(n, prompt.length), 0) + maxNewTokens;
  const layout = layoutFor(longest, config.vocabulary);
  const session = await createEvaluationSession(
    {
      engine,
      config,
      weights: locateWeights(base, tensors, options.scratchFile),
      training: adapter?.training ?? { method: 'none' },
      ...layout,
    },
    adapter?.parameters ?? [],
  );
  const collate = createCollator({ config, padId, ...layout });
  const endOfTurn = template.endOfTurn === undefined ? undefined : tokenizer.tokenId(template.endOfTurn);
  const ends = new Set([endOfTurn, tokenizer.eos?.id]);
  // Where positions are learned, an answer ends with the last of them.
  const room = config.learnedPositions ? config.maxPositions : Infinity;
  const answers = prompts.map((): number[] => []);
  let done = 0;
  try {
    for (let at = 0; at < prompts.length; at += options.batchSize) {
      let open = prompts.slice(at, at + options.batchSize).map((_, i) => at + i);
      for (let n = 0; n < maxNewTokens && open.length > 0; n++) {
        const batch = collate(open.map((i) => [withQuestionMark(prompts[i]!, answers[i]!)]));
        const { predictions } = await session.forward(batch);
        const before = open.length;
        open = open.filter((i, row) => {
          const token = predictions[row]!;
          if (ends.has(token)) return false;
          answers[i]!.push(token);
          return prompts[i]!.length + answers[i]!.length < room;
        });
        if (open.length < before) options.onProgress((done += before - open.length));
      }
      if (open.length > 0) options.onProgress((done += open.length));
    }
  } finally {
    await session.dispose();
  }
  return answers.map((ids) => tokenizer.decode(ids, { skipSpecialTokens: true }));
}

/** The text so far and one more place, whose label (any token) makes the graph predict it. */
function withQuestionMark(prompt: Int32Array, answer: readonly number[]): EncodedExample {
  const tokens = Int32Array.from([...prompt, ...answer, 0]);
  const trained = new Uint8Array(tokens.length);
  trained[tokens.length - 1] = 1;
  return { line: 0, tokens, trained, lostTokens: 0, lostTrainedTokens: 0 };
}
