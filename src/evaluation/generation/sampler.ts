/** The next token from the numbers that the model gives all tokens; pure. In the order of llama.cpp's usual chain. */
import type { Random } from '../../common/random';
import type { Sampling } from './generator';

type Choice = Pick<Sampling, 'temperature' | 'topP' | 'topK' | 'minP' | 'repeatPenalty'>;

/** Tokens that a repeated one is looked for in, as in llama.cpp. */
export const PENALTY_TOKENS = 64;

/** Whether always the likeliest token is taken, so that the numbers of the others are not needed. */
export function isGreedy({ temperature, repeatPenalty }: Choice): boolean {
  return temperature <= 0 && repeatPenalty === 1;
}

/**
 * @param logits of all tokens, [vocabulary]; left as they are
 * @param history tokens of prompt and answer so far
 * @returns token id
 */
export function sampleToken(logits: Float32Array, history: readonly number[], choice: Choice, random: Random): number {
  const penalized = penalize(logits, history, choice.repeatPenalty);
  if (choice.temperature <= 0) return indexOfMax(penalized);
  const candidates = cut(penalized, choice);
  const highest = penalized[candidates[0]!]!;
  const weights = candidates.map((token) => Math.exp((penalized[token]! - highest) / choice.temperature));
  let left = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
  const drawn = weights.findIndex((weight) => (left -= weight) < 0);
  return candidates[drawn < 0 ? candidates.length - 1 : drawn]!;
}

/** Keskar et al. 2019 (CTRL), section 4.1: what was said is less likely; below zero that is a multiplication. */
function penalize(logits: Float32Array, history: readonly number[], penalty: number): Float32Array {
  if (penalty === 1) return logits;
  const changed = logits.slice();
  for (const token of new Set(history.slice(-PENALTY_TOKENS))) {
    const logit = changed[token]!;
    changed[token] = logit > 0 ? logit / penalty : logit * penalty;
  }
  return changed;
}

/** The tokens that may be drawn, the likeliest first: top k, then top p of what is left, then min p. */
function cut(logits: Float32Array, { topK, topP, minP }: Choice): number[] {
  const sorted = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]!);
  const kept = topK > 0 ? sorted.slice(0, topK) : sorted;
  const highest = logits[kept[0]!]!;
  const shares = kept.map((token) => Math.exp(logits[token]! - highest));
  const total = shares.reduce((sum, share) => sum + share, 0);
  let count = kept.length;
  if (topP < 1) {
    let sum = 0;
    count = shares.findIndex((share) => (sum += share) >= topP * total) + 1 || kept.length;
  }
  const likely = shares.findIndex((share) => share < minP);
  return kept.slice(0, Math.max(1, Math.min(count, likely < 0 ? count : likely)));
}

export function indexOfMax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
