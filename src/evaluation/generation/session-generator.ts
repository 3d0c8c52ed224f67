/**
 * A generator over the forward graph of training: the very arithmetic that was trained. For every token the whole text is
 * computed again, in batches of all open answers; there is no cache.
 */
import { type Random, createRandom } from '../../common/random';
import type { EncodedExample } from '../../dataset/example';
import { type Batch, createCollator } from '../../training/batches';
import type { CheckedBase } from '../../training/base';
import type { EvaluationSession, layoutFor } from '../../training/session';
import { ANY_TOKEN, labelled } from './labelled';
import { createTextStream, requireRoom, stopTokens } from './answer-parts';
import type { Answer, AnswerOptions, Generator } from './generator';
import { isGreedy, sampleToken } from './sampler';
import { scoreContinuations } from './score-continuations';

/** A session that is open, for example that of a run in training, and what it was made of. */
export interface OpenModel {
  readonly session: EvaluationSession;
  readonly checked: Pick<CheckedBase, 'config' | 'tokenizer' | 'template' | 'padId'>;
  readonly layout: ReturnType<typeof layoutFor>;
}

interface Job {
  readonly options: AnswerOptions;
  readonly random: Random;
  /** Of the prompt and of the answer. */
  readonly text: number[];
  readonly promptLength: number;
  /** Tells of the answer so far, and ends it where there is a reason. */
  readonly tell: (finish?: Answer['finish']) => void;
  readonly fail: (error: unknown) => void;
}

export interface SessionGeneratorOptions extends Pick<Generator, 'parallel' | 'contextLength'> {
  /** Asked before every token: whether all answers are cancelled. */
  readonly cancelled?: (() => boolean) | undefined;
}

/** The session stays the caller's: it must be disposed after the generator. */
export function createSessionGenerator(
  { session, checked, layout }: OpenModel,
  { parallel, contextLength, cancelled = () => false }: SessionGeneratorOptions,
): Generator {
  const { config, tokenizer, padId } = checked;
  const collator = createCollator({ config, padId, ...layout });
  const collate = (rows: readonly EncodedExample[]): Batch => collator(rows.map((row) => [row]));
  const stops = new Set(stopTokens(checked));
  const waiting: Job[] = [];
  let open: Job[] = [];
  let working = false;

  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    try {
      // Those that ask at the same time share the first batch.
      await Promise.resolve();
      for (;;) {
        open.push(...waiting.splice(0, parallel - open.length));
        const all = cancelled();
        open = open.filter((job) => !(all || job.options.signal?.aborted) || end(job, 'cancelled'));
        if (open.length === 0 && waiting.length === 0) break;
        if (open.length === 0) continue;
        const tokens = await nextTokens(open);
        open = open.filter((job, i) => !take(job, tokens[i]!));
      }
    } catch (error) {
      for (const job of [...open, ...waiting]) job.fail(error);
      open = [];
      waiting.length = 0;
    } finally {
      working = false;
    }
  };
  const end = (job: Job, finish: Answer['finish']): false => {
    job.tell(finish);
    return false;
  };
  /** Whether the answer ends with this token. */
  const take = (job: Job, token: number): boolean => {
    const { text, promptLength, options, tell } = job;
    if (!stops.has(token)) text.push(token);
    const full = text.length - promptLength >= options.sampling.maxNewTokens || text.length >= contextLength;
    const finish = stops.has(token) ? 'stop' : full ? 'length' : undefined;
    tell(finish);
    return finish !== undefined;
  };
  const nextTokens = async (jobs: readonly Job[]): Promise<readonly number[]> => {
    const batch = collate(jobs.map(({ text }) => labelled([...text, ANY_TOKEN], 1)));
    if (jobs.every(({ options }) => isGreedy(options.sampling))) return [...(await session.forward(batch)).predictions];
    const { data } = await session.logits(batch);
    const rows = data as Float32Array;
    return jobs.map(({ text, options, random }, i) => {
      const logits = rows.subarray(i * config.vocabulary, (i + 1) * config.vocabulary);
      return sampleToken(logits, text, options.sampling, random);
    });
  };

  return {
    parallel,
    contextLength,
    answer: async (prompt, options) => {
      requireRoom(prompt, 1, contextLength);
      if (options.sampling.maxNewTokens < 1) return { text: '', tokens: [], finish: 'length' };
      const decode = (ids: readonly number[]): string => tokenizer.decode(ids, { skipSpecialTokens: true });
      const stream = createTextStream(decode, options.onText);
      const text = [...prompt];
      return await new Promise<Answer>((done, fail) => {
        const tell = (finish?: Answer['finish']): void => {
          const tokens = text.slice(prompt.length);
          stream(tokens, finish !== undefined);
          if (finish) done({ text: decode(tokens), tokens, finish });
        };
        const random = createRandom(options.sampling.seed);
        waiting.push({ options, random, text, promptLength: prompt.length, tell, fail });
        void work();
      });
    },
    logLikelihoods: (prompt, continuations) => {
      for (const continuation of continuations) requireRoom(prompt, continuation.length, contextLength);
      return scoreContinuations(session, collate, { prompt, continuations, parallel, vocabulary: config.vocabulary });
    },
    dispose: () => Promise.resolve(),
  };
}
