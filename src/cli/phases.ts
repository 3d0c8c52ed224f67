import type { PhaseName } from '../training/protocol';

/** What the trainer does in each phase, in words. */
export const PHASES: Readonly<Record<PhaseName, string>> = {
  load: 'Loading the base model',
  tokenize: 'Tokenizing the data',
  device: 'Trying the devices',
  compile: 'Compiling the graph',
  reference: 'Computing the reference log-probabilities',
  train: 'Training',
  evaluate: 'Evaluating',
  save: 'Saving a checkpoint',
  export: 'Writing the adapter',
};
