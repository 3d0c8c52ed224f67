/** The learning rate of a step, as transformers' `get_*_schedule_with_warmup` define it; step 0 is the first update. */
export interface Schedule {
  readonly kind: 'linear' | 'cosine' | 'constant';
  readonly peak: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

export function learningRateAt(step: number, { kind, peak, warmupSteps, totalSteps }: Schedule): number {
  if (step < warmupSteps) return (peak * step) / warmupSteps;
  if (kind === 'constant') return peak;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  return kind === 'linear' ? peak * (1 - progress) : (peak / 2) * (1 + Math.cos(Math.PI * progress));
}
