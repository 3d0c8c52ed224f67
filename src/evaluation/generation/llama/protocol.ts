/** What the client and the process that runs llama.cpp tell each other, through Node's channel (structured clones). */
import type { Sampling, Score } from '../generator';

export type LlamaRequest =
  | ({ readonly type: 'load' } & LoadRequest)
  | ({ readonly type: 'answer'; readonly id: number } & AnswerRequest)
  | ({ readonly type: 'score'; readonly id: number } & ScoreRequest)
  | { readonly type: 'cancel'; readonly id: number }
  /** Whether the libraries can be loaded; answered as `load` is. */
  | { readonly type: 'probe' };

export interface LoadRequest {
  /** GGUF file. */
  readonly model: string;
  /** GGUF file of a LoRA adapter. llama.cpp knows it by its path: another adapter needs another name. */
  readonly adapter: string | undefined;
  /** Most tokens of prompt and answer together. */
  readonly contextLength: number;
  /** Answers that are written at once. */
  readonly sequences: number;
  readonly gpu: boolean;
  /** Most threads; fewer are used while other programs work. */
  readonly threads: number;
}

export interface AnswerRequest {
  readonly prompt: Int32Array;
  readonly sampling: Sampling;
  /** Token ids that end the answer. */
  readonly stops: readonly number[];
}

export interface ScoreRequest {
  readonly prompt: Int32Array;
  readonly continuations: readonly Int32Array[];
}

export type LlamaReply =
  | { readonly type: 'loading'; /** From 0 to 1. */ readonly fraction: number }
  | { readonly type: 'loaded'; /** `cpu`, or the GPU's interface and name. */ readonly device: string }
  | { readonly type: 'token'; readonly id: number; readonly token: number }
  /** A part of a long prompt is done. */
  | { readonly type: 'alive' }
  | { readonly type: 'answered'; readonly id: number; readonly finish: 'stop' | 'length' | 'cancelled' }
  | { readonly type: 'scored'; readonly id: number; readonly scores: readonly Score[] }
  /** Without an id: the model could not be loaded. */
  | { readonly type: 'failed'; readonly id: number | undefined; readonly message: string };
