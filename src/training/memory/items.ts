import type { MemoryEstimate } from './estimate';

/** What the items are called where they are shown. */
export const MEMORY_ITEMS: Readonly<Record<keyof MemoryEstimate, string>> = {
  weights: 'base weights',
  packed: 'base weights, packed for speed',
  trained: 'trained weights',
  optimizer: 'optimiser (two moments)',
  gradients: 'gradients',
  activations: 'activations and logits',
  evaluation: 'evaluation',
  runtime: 'program and engine',
};
