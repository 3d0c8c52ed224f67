/** Values of metrics as text, the same on the terminal, in the Markdown report and on the pages. Pure. */
import { countText } from '../common/count-text';
import type { MetricResult } from './report';

type Unit = MetricResult['unit'];
type Value = number | null | undefined;

/** Where there is no number. */
export const NO_VALUE = '–';
const DECIMALS: Readonly<Record<Unit, number>> = { share: 1, points: 1, none: 3, tokens: 1 };
const MOST_DECIMALS = 5;

/** As many decimals as the unit has, or more where a difference would else be 0. */
export function decimalsFor(unit: Unit, ...differences: readonly Value[]): number {
  const sizes = differences.map((value) => Math.abs(shown(value ?? 0, unit))).filter((size) => size > 0);
  const needed = sizes.length === 0 ? 0 : Math.ceil(-Math.log10(Math.max(...sizes)));
  return Math.min(MOST_DECIMALS, Math.max(DECIMALS[unit], needed));
}

/** Shares are percents: `72.4 %`, `27.3`, `2.991`, `12,346`. */
export function valueText(value: Value, unit: Unit, decimals?: number): string {
  if (!isNumber(value)) return NO_VALUE;
  return `${digits(value, unit, decimals)}${unit === 'share' ? ' %' : ''}`;
}

/** With its sign; of shares in percentage points: `+15.8`, `−5.420`, `0.0`. */
export function differenceText(value: Value, unit: Unit, decimals?: number): string {
  return isNumber(value) ? signed(digits(value, unit, decimals)) : NO_VALUE;
}

/** `+66 %`, `−0.4 %`, `+2,310 %`. */
export function percentText(share: number): string {
  const percent = Math.abs(share * 100);
  return `${signed(digits(share, 'share', percent < 1 && percent !== 0 ? 1 : 0))} %`;
}

function isNumber(value: Value): value is number {
  return Number.isFinite(value);
}

function shown(value: number, unit: Unit): number {
  return unit === 'share' ? value * 100 : value;
}

/** Large numbers without a unit, such as the perplexity of an untrained model, have no digits worth reading. */
function digits(value: number, unit: Unit, given: number | undefined): string {
  const number = shown(value, unit);
  const decimals = given ?? (unit === 'none' && Math.abs(number) >= 100 ? 0 : DECIMALS[unit]);
  const text = Math.abs(number) >= 1000 ? countText(number) : number.toFixed(decimals);
  return /[1-9]/.test(text) ? text.replace('-', '−') : text.replace('-', '');
}

function signed(text: string): string {
  return text.startsWith('−') || !/[1-9]/.test(text) ? text : `+${text}`;
}
