/**
 * Models to begin with: small enough for one machine, of families that can be trained here. Parameters are those that
 * the safetensors files hold, two bytes each.
 */
export interface RecommendedModel {
  readonly id: string;
  readonly parameters: number;
  readonly licence: string;
  /** Its terms must be accepted on the hub first. */
  readonly gated?: true;
  readonly note: string;
}

export const RECOMMENDED_MODELS: readonly RecommendedModel[] = [
  {
    id: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    parameters: 134_515_008,
    licence: 'Apache 2.0',
    note: 'English; good to try things out',
  },
  {
    id: 'HuggingFaceTB/SmolLM2-360M-Instruct',
    parameters: 361_821_120,
    licence: 'Apache 2.0',
    note: 'English; for short, regular answers',
  },
  {
    id: 'Qwen/Qwen2.5-0.5B-Instruct',
    parameters: 494_032_768,
    licence: 'Apache 2.0',
    note: 'many languages; a good first choice',
  },
  {
    id: 'Qwen/Qwen3-0.6B',
    parameters: 751_632_384,
    licence: 'Apache 2.0',
    note: 'many languages; thinks before it answers',
  },
  {
    id: 'Qwen/Qwen2.5-1.5B-Instruct',
    parameters: 1_543_714_304,
    licence: 'Apache 2.0',
    note: 'many languages',
  },
  {
    id: 'HuggingFaceTB/SmolLM2-1.7B-Instruct',
    parameters: 1_711_376_384,
    licence: 'Apache 2.0',
    note: 'English',
  },
  {
    id: 'google/gemma-3-270m-it',
    parameters: 268_098_176,
    licence: 'Gemma',
    gated: true,
    note: 'made to be fine-tuned for one task',
  },
  { id: 'google/gemma-3-1b-it', parameters: 999_885_952, licence: 'Gemma', gated: true, note: 'many languages' },
  {
    id: 'meta-llama/Llama-3.2-1B-Instruct',
    parameters: 1_235_814_400,
    licence: 'Llama 3.2',
    gated: true,
    note: 'eight languages',
  },
];

const DOWNLOADED_BYTES = 2;

export function downloadBytes({ parameters }: RecommendedModel): number {
  return parameters * DOWNLOADED_BYTES;
}

/**
 * Rough memory of LoRA with the usual settings: the weights as float32, once mapped and once packed for the processor,
 * and a gigabyte for everything else. Measured on SmolLM2-135M: 2.1 GB by this formula, 2.2 GB in a run.
 */
export function roughTrainingBytes({ parameters }: RecommendedModel): number {
  return 2 * 4 * parameters + 1e9;
}
