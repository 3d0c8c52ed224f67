/** The loss of a run as points: what the chart on the terminal and the SVG file draw. */
import type { TrainerEvent } from './protocol';

export interface LossPoint {
  readonly step: number;
  /** `null` where the loss was not finite: the line breaks there. */
  readonly loss: number | null;
}
export interface ValidationPoint {
  readonly step: number;
  readonly loss: number;
}
export interface LossCurve {
  readonly name: string;
  readonly train: readonly LossPoint[];
  /** One value per point of `train`. */
  readonly smoothed: readonly (number | null)[];
  readonly validation: readonly ValidationPoint[];
  readonly best?: ValidationPoint;
  /** 0 when unknown. */
  readonly stepsPerEpoch: number;
}

export const SMOOTHING = 0.9;
/** First share of the steps that does not decide the range of the y axis. */
const START_SHARE = 0.03;

export function lossCurve(events: readonly TrainerEvent[]): LossCurve {
  let name = '';
  let stepsPerEpoch = 0;
  const train: LossPoint[] = [];
  const validation: ValidationPoint[] = [];
  // A resumed run repeats the steps since its checkpoint; the later ones are those that led to the result.
  const dropFrom = (points: { readonly step: number }[], step: number): void => {
    while ((points.at(-1)?.step ?? -1) >= step) points.pop();
  };
  for (const event of events) {
    if (event.type === 'started') {
      ({ name, stepsPerEpoch } = event);
      if (event.resumedFrom === undefined) continue;
      dropFrom(train, event.resumedFrom + 1);
      dropFrom(validation, event.resumedFrom + 1);
    } else if (event.type === 'metrics') {
      dropFrom(train, event.step);
      train.push({ step: event.step, loss: event.loss });
    } else if (event.type === 'evaluation' && event.loss !== null) {
      dropFrom(validation, event.step);
      validation.push({ step: event.step, loss: event.loss });
    }
  }
  let best: ValidationPoint | undefined;
  // Step 0 is the base model: a yardstick, never a result.
  for (const point of validation) if (point.step > 0 && (!best || point.loss < best.loss)) best = point;
  return {
    name,
    train,
    smoothed: smooth(train.map((point) => point.loss)),
    validation,
    stepsPerEpoch,
    ...(best && { best }),
  };
}

/** Exponential mean, corrected for the start. A gap stays a gap and is left out of the mean. */
export function smooth(values: readonly (number | null)[], weight = SMOOTHING): (number | null)[] {
  let mean = 0;
  let total = 0;
  return values.map((value) => {
    if (value === null) return null;
    mean = weight * mean + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return mean / total;
  });
}

/**
 * Range of the y axis: the smoothed line and the validation points after the first steps, so that a high start does
 * not press the rest into a corner; with a margin, never empty. `undefined` when there is no finite loss.
 */
export function lossRange(curve: LossCurve): { readonly low: number; readonly high: number } | undefined {
  const skip = curve.train.length < 20 ? 0 : Math.ceil(curve.train.length * START_SHARE);
  const firm = [
    ...curve.smoothed.slice(skip).filter((value) => value !== null),
    ...curve.validation.map((point) => point.loss),
  ];
  let low = Infinity;
  let high = -Infinity;
  for (const value of firm) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return undefined;
  // The raw line swings around the smoothed one: give it some room.
  const margin = Math.max((high - low) * 0.12, Math.abs(high) * 0.02, 1e-6);
  return { low: low >= 0 ? Math.max(0, low - margin) : low - margin, high: high + margin };
}

/** At most `most` round numbers (1, 2, 5 × 10ⁿ) in the range. */
export function niceTicks(low: number, high: number, most: number): number[] {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  for (const factor of [1, 2, 5, 10, 20, 50]) {
    const step = factor * power;
    const first = Math.ceil(low / step - 1e-9);
    const last = Math.floor(high / step + 1e-9);
    // Multiplied, not added up: 0.1 + 0.2 is no round number.
    if (last - first + 1 <= most)
      return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  }
  return [];
}
