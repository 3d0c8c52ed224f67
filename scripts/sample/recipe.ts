import type { Shape } from './initial-weights';
import { VOCABULARY_SIZE } from './tokenizer';

export const SHAPE: Shape = {
  hidden: 128,
  layers: 4,
  intermediate: 384,
  heads: 4,
  kvHeads: 2,
  vocabulary: VOCABULARY_SIZE,
  ropeTheta: 10_000,
};

/** Settings of the trainer for the pre-training of the sample's base model: one pass over the corpus. */
export const PRETRAINING = {
  method: 'full',
  format: 'chat',
  max_length: 384,
  batch_size: 16,
  gradient_accumulation_steps: 1,
  max_steps: 1200,
  learning_rate: 3e-3,
  lr_scheduler: 'cosine',
  warmup_steps: 50,
  weight_decay: 0.05,
  adam_beta2: 0.98,
  seed: 1,
  name: 'sample-base',
} as const;
