import { meanOfBest } from './metric';

/** Share of predictions that equal a reference character for character. */
export const exactMatch = meanOfBest((prediction, reference) => (prediction === reference ? 1 : 0));
