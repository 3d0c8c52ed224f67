import type { MetricResult } from '../../../evaluation/report';

/** An interval of a difference, as shares of the base value: 0.1 is 10 % more. */
export interface Span {
  readonly low: number;
  readonly value: number;
  readonly high: number;
}

/** `null` where there is no difference, or the base is 0 and no share of it says anything. */
export function spanOf({ base, difference }: Pick<MetricResult, 'base' | 'difference'>): Span | null {
  const of = Math.abs(base.value ?? 0);
  if (of === 0 || !difference || difference.value === null) return null;
  const { low, high } = difference.interval ?? { low: difference.value, high: difference.value };
  return { low: low / of, value: difference.value / of, high: high / of };
}

export interface Tick {
  readonly share: number;
  /** Pixels from the left end. */
  readonly x: number;
}

/** One axis for changes of 1 % and of 1,000 %: even steps near 0, a power of ten for each step far from it. */
export interface Axis {
  readonly width: number;
  readonly ticks: readonly Tick[];
  /** Pixels from the left end. */
  x(share: number): number;
}

/** Changes below this are shown in proportion. */
const EVEN = 0.05;
/** An axis shows at least this much on both sides. */
const LEAST = 0.02;
/** Room for half a mark and for a label beside it. */
const SIDE = 46;
/** Likeliest first: one is left out where it would touch one before. */
const TICKS = [0, 0.1, -0.1, 1, -0.5, 10, 100, 1000, -1, 0.5, 0.01, -0.01, 0.3, -0.3, 3, 30, 300];
const TICK_ROOM = 38;

export function createAxis(spans: readonly Span[], width: number): Axis {
  const low = Math.min(-LEAST, ...spans.map((span) => span.low));
  const high = Math.max(LEAST, ...spans.map((span) => span.high));
  const bend = (share: number): number => Math.asinh(share / EVEN);
  const scale = (width - 2 * SIDE) / (bend(high) - bend(low));
  const x = (share: number): number => SIDE + (bend(share) - bend(low)) * scale;
  const ticks: Tick[] = [];
  for (const share of TICKS) {
    const tick = { share, x: x(share) };
    const inside = tick.x >= TICK_ROOM / 2 && tick.x <= width - TICK_ROOM / 2;
    if (inside && ticks.every((other) => Math.abs(other.x - tick.x) >= TICK_ROOM)) ticks.push(tick);
  }
  return { width, ticks: ticks.sort((a, b) => a.x - b.x), x };
}
