/** Values of metrics as text. Shares are percents; a difference of shares is in points of percent and carries its sign. */
import type { MetricResult } from '../../../evaluation/report';
import { countText } from '../format';

type Unit = MetricResult['unit'];

const NONE = '–';
const DECIMALS: Readonly<Record<Unit, number>> = { share: 1, points: 1, none: 2, tokens: 0 };
const MOST_DECIMALS = 5;

/** As many decimals as the unit has, or more where a difference would else be 0. */
export function decimalsFor(unit: Unit, ...differences: readonly (number | null | undefined)[]): number {
  const sizes = differences.map((value) => Math.abs(shown(value ?? 0, unit))).filter((size) => size > 0);
  const needed = sizes.length === 0 ? 0 : Math.ceil(-Math.log10(Math.max(...sizes)));
  return Math.min(MOST_DECIMALS, Math.max(DECIMALS[unit], needed));
}

/** `72.4 %`, `2.99`, `139`. */
export function valueText(value: number | null | undefined, unit: Unit, decimals = DECIMALS[unit]): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  return `${digits(shown(value, unit), decimals)}${unit === 'share' ? ' %' : ''}`;
}

/** `+15.8`, `−5.42`. */
export function changeText(value: number | null | undefined, unit: Unit, decimals = DECIMALS[unit]): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  return signed(digits(shown(value, unit), decimals));
}

/** `+66 %`, `−0.4 %`, `+2,310 %`. */
export function percentText(share: number): string {
  const percent = share * 100;
  return `${signed(digits(percent, Math.abs(percent) < 1 && percent !== 0 ? 1 : 0))} %`;
}

function shown(value: number, unit: Unit): number {
  return unit === 'share' ? value * 100 : value;
}

function digits(value: number, decimals: number): string {
  if (Math.abs(value) >= 1000) return countText(value);
  const text = value.toFixed(decimals);
  return (Number(text) === 0 ? text.replace('-', '') : text).replace('-', '−');
}

function signed(text: string): string {
  return text.startsWith('−') || /^0(\.0*)?$/.test(text) ? text : `+${text}`;
}
