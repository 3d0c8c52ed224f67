/** Round numbers and ranges of axes. */

/** Steps of 1, 2 or 5 times a power of ten inside [low, high]: about as many as wanted, and never more. */
export function niceTicks(low: number, high: number, most: number): number[] {
  if (!(high > low) || most < 1) return Number.isFinite(low) ? [low] : [];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  for (const factor of [1, 2, 5, 10, 20, 50]) {
    const step = factor * power;
    const first = Math.ceil(low / step - 1e-9);
    const last = Math.floor(high / step + 1e-9);
    if (last - first + 1 > most) continue;
    // Dividing by a whole number keeps 0.3 from becoming 0.30000000000000004.
    const parts = step < 1 ? Math.round(1 / step) : 0;
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
      parts > 0 ? (first + i) / parts : (first + i) * step,
    );
  }
  return [];
}

/** The same on a logarithmic axis: powers of ten, with 2 and 5 between them when there is room. */
export function logTicks(low: number, high: number, most: number): number[] {
  if (!(low > 0) || !(high > low)) return [];
  for (const factors of [[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const factor of factors) {
        const value = power < 0 ? factor / 10 ** -power : factor * 10 ** power;
        if (value >= low && value <= high) ticks.push(value);
      }
    if (ticks.length <= most && ticks.length >= 2) return ticks;
  }
  return niceTicks(low, high, most).filter((tick) => tick > 0);
}

/** A round number at or above `value`, for axes that start at 0. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const exponent = Math.floor(Math.log10(value));
  // 2 / 10000 is 0.0002; 2 * 0.0001 is a little less.
  const times = (factor: number): number => (exponent < 0 ? factor / 10 ** -exponent : factor * 10 ** exponent);
  return times([1, 1.5, 2, 3, 4, 5, 6, 8].find((factor) => times(factor) >= value) ?? 10);
}

/** Linear interpolation between the order statistics; `values` must be sorted. */
export function quantile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) return NaN;
  const at = (values.length - 1) * share;
  const low = values[Math.floor(at)]!;
  const high = values[Math.ceil(at)]!;
  return low + (high - low) * (at - Math.floor(at));
}

export interface LossFit {
  readonly low: number;
  readonly high: number;
  /** First steps that lie above the range, and how far they reach. */
  readonly start?: { readonly lastStep: number; readonly highest: number };
  /** Later values above the range. */
  readonly spikes?: { readonly count: number; readonly highest: number; readonly step: number };
}
export interface LossPoints {
  readonly step: ArrayLike<number>;
  readonly loss: ArrayLike<number>;
}

const START_SHARE = 0.1;
const MARGIN = 0.3;
const SAMPLES = 2000;

/**
 * Range of the loss axis: it fits what follows the first tenth of the steps, where the loss falls so fast that it
 * would take most of the height. A few spikes do not stretch it either. What is cut is named in the result.
 * `firm` series (smoothed, validation) are never cut after the start; of the `raw` one, one value in 200 may be.
 * Without `cutStart` (a part of the run is looked at) the first steps are like all others.
 */
export function fitLoss(raw: LossPoints, firm: readonly LossPoints[], cutStart: boolean): LossFit | undefined {
  const count = raw.step.length;
  const startStep = count < 40 || !cutStart ? -Infinity : raw.step[Math.floor(count * START_SHARE)]!;
  const stride = Math.max(1, Math.floor(count / SAMPLES));
  const sample = new Float64Array(Math.ceil(count / stride));
  let size = 0;
  let later = -Infinity;
  for (let i = 0; i < count; i++) {
    const value = raw.loss[i]!;
    if (raw.step[i]! <= startStep || !Number.isFinite(value)) continue;
    if (i % stride === 0) sample[size++] = value;
    if (value > later) later = value;
  }
  const sorted = sample.subarray(0, size).sort();
  let low = quantile(sorted, 0.005);
  let high = quantile(sorted, 0.995);
  for (const series of firm)
    for (let i = 0; i < series.step.length; i++) {
      const value = series.loss[i]!;
      if (series.step[i]! <= startStep || !Number.isFinite(value)) continue;
      low = Number.isNaN(low) ? value : Math.min(low, value);
      high = Number.isNaN(high) ? value : Math.max(high, value);
    }
  if (Number.isNaN(low)) return undefined;
  const spread = Math.max(high - low, Math.abs(high) * 0.02, 1e-6);
  // What is hardly above the rest is shown, not called a spike.
  const top = (later <= high + spread * MARGIN ? Math.max(high, later) : high) + spread * 0.08;
  const bottom = low >= 0 ? Math.max(0, low - spread * 0.08) : low - spread * 0.08;
  const cut = findCut(raw, firm, top, top + spread * MARGIN, startStep);
  // A start that is hardly higher than the rest is shown whole.
  if (cut.start && cut.start.highest <= top + spread * MARGIN && !cut.spikes)
    return { low: bottom, high: cut.start.highest + spread * 0.05 };
  return { low: bottom, high: top, ...cut };
}

function findCut(
  raw: LossPoints,
  firm: readonly LossPoints[],
  top: number,
  spikeFrom: number,
  startStep: number,
): Pick<LossFit, 'start' | 'spikes'> {
  let start: { lastStep: number; highest: number } | undefined;
  let spikes: { count: number; highest: number; step: number } | undefined;
  for (const series of [raw, ...firm])
    for (let i = 0; i < series.step.length; i++) {
      const value = series.loss[i]!;
      const step = series.step[i]!;
      if (!(value > top)) continue;
      if (step <= startStep)
        start = { lastStep: Math.max(start?.lastStep ?? 0, step), highest: Math.max(start?.highest ?? 0, value) };
      else if (series === raw && value > spikeFrom)
        spikes =
          spikes && spikes.highest >= value
            ? { ...spikes, count: spikes.count + 1 }
            : { count: (spikes?.count ?? 0) + 1, highest: value, step };
    }
  return { ...(start ? { start } : {}), ...(spikes ? { spikes } : {}) };
}
