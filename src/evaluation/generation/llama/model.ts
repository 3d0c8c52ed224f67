/** A GGUF model in llama.cpp. Everything here may end the process: it runs in one of its own. */
import {
  type ControlledEvaluateInputItem,
  type LlamaContextSequence,
  type Llama,
  LlamaLogLevel,
  type Token,
  getLlama,
} from 'node-llama-cpp';
import type { Score } from '../generator';
import { PENALTY_TOKENS } from '../sampler';
import type { AnswerRequest, LoadRequest, ScoreRequest } from './protocol';
import { createBusyMeter } from './busy-cores';
import { contextSizeFor } from './context-size';
import { type Sequences, commonPrefix, createSequences } from './sequences';

export interface LlamaModel {
  /** `cpu`, or the GPU's interface and name. */
  readonly device: string;
  answer(request: AnswerRequest, watch: Watch): Promise<'stop' | 'length' | 'cancelled'>;
  score(request: ScoreRequest, watch: Watch): Promise<Score[]>;
}

interface Watch {
  readonly cancelled: () => boolean;
  readonly onToken: (token: number) => void;
  /** A part of a long prompt is done. */
  readonly onAlive: () => void;
}

/** Tokens of a prompt that are computed at once; a request can be cancelled in between. */
const BATCH = 512;
const MEASURE_MS = 1000;

export async function loadLlama(request: LoadRequest, onProgress: (fraction: number) => void): Promise<LlamaModel> {
  const busyCores = createBusyMeter();
  const { llama, device } = await openLlama(request);
  const model = await llama.loadModel({
    modelPath: request.model,
    ...(device === 'cpu' && { gpuLayers: 0 }),
    onLoadProgress: onProgress,
  });
  const context = await model.createContext({
    contextSize: contextSizeFor(request.contextLength),
    sequences: request.sequences,
    batchSize: BATCH,
    threads: request.threads,
    ...(request.adapter !== undefined && { lora: { adapters: [{ filePath: request.adapter, scale: 1 }] } }),
    // On a processor keys and values in 16 bits are no faster, and cost three digits of a log-probability.
    ...(device === 'cpu' && {
      flashAttention: false,
      experimentalKvCacheKeyType: 'F32' as const,
      experimentalKvCacheValueType: 'F32' as const,
    }),
    // A whole cache, or the beginning of a prompt could not be used again with a sliding window.
    swaFullCache: true,
  });
  yieldToOthers(llama, request.threads, busyCores);
  const sequences = createSequences(context);
  return {
    device,
    answer: (ask, watch) => answer(sequences, ask, request.contextLength, watch),
    score: (ask, watch) => score(sequences, ask, watch),
  };
}

/** The libraries, without a model. */
export async function openLlama({
  gpu,
  threads,
}: Pick<LoadRequest, 'gpu' | 'threads'>): Promise<{ readonly llama: Llama; readonly device: string }> {
  const options = {
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
    maxThreads: threads,
  } as const;
  if (gpu) {
    const llama = await getLlama({ ...options, gpu: 'auto' });
    // Vulkan is found where it has no device, too.
    const names = llama.gpu === false ? [] : await llama.getGpuDeviceNames();
    if (names.length > 0) return { llama, device: `${String(llama.gpu)} (${names.join(', ')})` };
  }
  return { llama: await getLlama({ ...options, gpu: false }), device: 'cpu' };
}

/**
 * llama.cpp's threads wait for each other hundreds of times a token without sleeping. Where another program holds the
 * core of one of them, all stand still: one thread is then a hundred times as fast as two.
 */
function yieldToOthers(llama: Llama, threads: number, busyCores: () => number): void {
  const adapt = (): void => {
    llama.maxThreads = Math.max(1, Math.round(threads - busyCores()));
  };
  adapt();
  setInterval(adapt, MEASURE_MS).unref();
}

async function answer(
  sequences: Sequences,
  { prompt, sampling, stops }: AnswerRequest,
  contextLength: number,
  watch: Watch,
): Promise<'stop' | 'length' | 'cancelled'> {
  const tokens = tokensOf(prompt);
  return await sequences.use(tokens, async (sequence) => {
    if (!(await evaluateBeforeLast(sequence, tokens, watch))) return 'cancelled';
    const room = Math.min(sampling.maxNewTokens, contextLength - tokens.length);
    let written = 0;
    for await (const token of sequence.evaluate(tokens.slice(-1), {
      temperature: sampling.temperature,
      topK: sampling.topK,
      topP: sampling.topP,
      minP: sampling.minP,
      seed: sampling.seed,
      ...(sampling.repeatPenalty !== 1 && {
        repeatPenalty: {
          penalty: sampling.repeatPenalty,
          punishTokens: () => sequence.contextTokens.slice(-PENALTY_TOKENS),
        },
      }),
      yieldEogToken: true,
    })) {
      if (watch.cancelled()) return 'cancelled';
      if (stops.includes(token)) return 'stop';
      watch.onToken(token);
      if (++written >= room) return 'length';
    }
    return 'stop';
  });
}

async function score(sequences: Sequences, { prompt, continuations }: ScoreRequest, watch: Watch): Promise<Score[]> {
  const tokens = tokensOf(prompt);
  return await sequences.use(tokens, async (sequence) => {
    if (!(await evaluateBeforeLast(sequence, tokens, watch))) return [];
    const answers = continuations.map(tokensOf);
    const firsts = [...new Set(answers.flatMap((answer) => answer.slice(0, 1)))];
    const atPrompt = await predict(sequence, [[tokens.at(-1)!, firsts]]);
    const scores: Score[] = [];
    for (const answer of answers) {
      const later = await predict(
        sequence,
        answer.slice(0, -1).map((token, i) => [token, [answer[i + 1]!]]),
      );
      await keepOnly(sequence, tokens.length);
      watch.onAlive();
      const steps = answer.map((token, i) => (i === 0 ? atPrompt[0]! : later[i - 1]!)(token));
      scores.push({
        logProbability: steps.reduce((sum, step) => sum + step.logProbability, 0),
        greedy: steps.every((step) => step.greedy),
      });
    }
    return scores;
  });
}

/** Evaluates tokens; after each one, tells of the asked tokens how likely they are next. */
async function predict(
  sequence: LlamaContextSequence,
  items: readonly (readonly [token: Token, asked: readonly Token[]])[],
): Promise<((token: Token) => Score)[]> {
  if (items.length === 0) return [];
  const outputs = await sequence.controlledEvaluate(
    items.map(([token, tokens]): ControlledEvaluateInputItem => [
      token,
      {
        generateNext: {
          // The filter's own `includeMax` names a wrong token; the first of one is the right one.
          logits: { filter: { tokens, includeTop: 1 } },
          totalLogitWeight: true,
          options: { temperature: 0 },
        },
      },
    ]),
  );
  return items.map((_, i) => {
    const next = outputs[i]?.next;
    if (!next?.logits || next.totalLogitWeight === undefined) throw new Error('llama.cpp gave no logits.');
    const { logits, totalLogitWeight } = next;
    const highest = Math.max(...logits.values());
    return (token) => {
      const logit = logits.get(token);
      if (logit === undefined || !Number.isFinite(logit)) throw new Error(`llama.cpp gave no logit of token ${token}.`);
      return { logProbability: logit - highest - Math.log(totalLogitWeight), greedy: logit === highest };
    };
  });
}

/** Brings the sequence to the tokens but the last one, computing only what it does not hold yet. False where it was cancelled. */
async function evaluateBeforeLast(
  sequence: LlamaContextSequence,
  tokens: readonly Token[],
  { cancelled, onAlive }: Watch,
): Promise<boolean> {
  await keepOnly(sequence, Math.min(commonPrefix(sequence.contextTokens, tokens), tokens.length - 1));
  for (let at = sequence.nextTokenIndex; at < tokens.length - 1; at += BATCH) {
    if (cancelled()) return false;
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, Math.min(at + BATCH, tokens.length - 1)));
    onAlive();
  }
  return !cancelled();
}

async function keepOnly(sequence: LlamaContextSequence, length: number): Promise<void> {
  const end = sequence.nextTokenIndex;
  if (length < end) await sequence.eraseContextTokenRanges([{ start: length, end }]);
}

/** The library brands its token ids. */
function tokensOf(ids: Int32Array): Token[] {
  return Array.from(ids, (id) => id as Token);
}
