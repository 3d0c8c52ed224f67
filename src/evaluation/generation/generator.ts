/** What writes answers, whatever runs the model. */

/** The usual parameters, with the names and meanings that llama.cpp and OpenAI give them. */
export interface Sampling {
  readonly maxNewTokens: number;
  /** 0: always the likeliest token. */
  readonly temperature: number;
  /** Only the likeliest tokens that together have this share; 1: all. */
  readonly topP: number;
  /** Only so many likeliest tokens; 0: all. */
  readonly topK: number;
  /** Only tokens at least this share as likely as the likeliest; 0: all. */
  readonly minP: number;
  /** 1: none. */
  readonly repeatPenalty: number;
  /** The same seed, prompt and parameters give the same answer. */
  readonly seed: number;
}

export const GREEDY: Omit<Sampling, 'maxNewTokens'> = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  repeatPenalty: 1,
  seed: 0,
};

export interface Answer {
  /** Without special tokens, as the tokenizer of the model decodes it. */
  readonly text: string;
  /** Token ids without the one that ended it. */
  readonly tokens: readonly number[];
  /** It ended its turn; the limit of new tokens or of the context came first; or it was cancelled. */
  readonly finish: 'stop' | 'length' | 'cancelled';
}

/** How likely a continuation is. */
export interface Score {
  /** Natural logarithm, summed over its tokens. */
  readonly logProbability: number;
  /** Every token of it is the likeliest one there. */
  readonly greedy: boolean;
}

export interface AnswerOptions {
  readonly sampling: Sampling;
  readonly signal?: AbortSignal | undefined;
  /** Told of new text as it is written; whole characters only. */
  readonly onText?: ((text: string) => void) | undefined;
}

/** One model, loaded. Calls may overlap: as many as `parallel` run at once, the others wait. */
export interface Generator {
  readonly parallel: number;
  /** Most tokens of prompt and answer together. */
  readonly contextLength: number;
  /**
   * @param prompt token ids, as `encodePrompt` makes them
   * @throws Failure `prompt-too-long` where the prompt leaves no room for an answer
   */
  answer(prompt: Int32Array, options: AnswerOptions): Promise<Answer>;
  /**
   * Natural logarithms of the probability of each continuation after the prompt: the sum over its tokens, and whether
   * every token of it is the likeliest there. One forward pass over the prompt serves all continuations.
   */
  logLikelihoods(prompt: Int32Array, continuations: readonly Int32Array[]): Promise<readonly Score[]>;
  dispose(): Promise<void>;
}
