/** Numbers as the dashboard writes them: a true minus sign, a comma every three digits, units by a fixed rule. */

const NONE = '–';

/** `1,056`. */
export function countText(value: number): string {
  return Number.isFinite(value) ? minus(Math.round(value).toLocaleString('en-US')) : NONE;
}

/** `1.05 M`, `12.3 k`, `812`. */
export function shortCount(value: number): string {
  if (!Number.isFinite(value)) return NONE;
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e4],
  ] as const)
    if (Math.abs(value) >= size) {
      const scaled = value / (unit === 'k' ? 1000 : size);
      return minus(`${scaled.toFixed(Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2)} ${unit}`);
    }
  return countText(value);
}

/** Three decimals. */
export function lossText(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? NONE : minus(value.toFixed(3));
}

/** A difference carries its sign: `+0.008`, `−0.021`, `0.000`. */
export function differenceText(value: number): string {
  const text = value.toFixed(3);
  return Number(text) > 0 ? `+${text}` : minus(Number(text) === 0 ? text.replace('-', '') : text);
}

/** `1.52e−4`; 0 stays `0`. */
export function rateText(value: number): string {
  if (!Number.isFinite(value)) return NONE;
  if (value === 0) return '0';
  const [digits, power] = value.toExponential(2).split('e') as [string, string];
  return minus(`${trimZeros(digits)}e${power.replace('+', '')}`);
}

/** Norms: two decimals below 100, none above. */
export function normText(value: number): string {
  return Number.isFinite(value) ? (Math.abs(value) < 100 ? minus(value.toFixed(2)) : shortCount(value)) : NONE;
}

/** Rewards: three decimals, or two digits where they are small. */
export function rewardText(value: number): string {
  if (!Number.isFinite(value)) return NONE;
  return minus(Math.abs(value) < 0.1 ? String(Number(value.toPrecision(2))) : value.toFixed(3));
}

/** Bytes as GiB, two decimals. */
export function gibText(bytes: number): string {
  return Number.isFinite(bytes) ? (bytes / 2 ** 30).toFixed(2) : NONE;
}

/** `GPU 12.30 GiB and 87 % busy`; what is NaN is not known and left out. */
export function gpuUseText(memoryBytes: number, utilization: number): string {
  const parts = [
    ...(Number.isFinite(memoryBytes) ? [`${gibText(memoryBytes)} GiB`] : []),
    ...(Number.isFinite(utilization) ? [`${Math.round(utilization * 100)} % busy`] : []),
  ];
  return parts.length === 0 ? '' : `GPU ${parts.join(' and ')}`;
}

/** `40 s`, `13 min`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  if (seconds < 1) return seconds <= 0 ? '0 s' : `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}

/** An estimate: `about 13 min`, or a range when its ends round to different numbers: `12–14 min`. */
export function estimateText(low: number, high: number): string {
  const [unit, size, decimals] = high < 99.5 ? ['s', 1, 0] : high < 6000 ? ['min', 60, 0] : ['h', 3600, 1];
  const round = (seconds: number): string => (Math.max(0, seconds) / (size as number)).toFixed(decimals as number);
  const [from, to] = [round(low), round(high)];
  return from === to ? `about ${to} ${unit}` : `${from}–${to} ${unit}`;
}

/** Tick labels of one axis with as many decimals as its finest tick needs. */
export function tickTexts(ticks: readonly number[]): string[] {
  const decimals = Math.max(0, ...ticks.map((tick) => decimalsOf(tick)));
  return ticks.map((tick) => minus(Math.abs(tick) >= 1e4 ? shortTick(tick) : tick.toFixed(Math.min(decimals, 6))));
}

/** `14:02` in the user's time zone. */
export function clockText(milliseconds: number): string {
  const date = new Date(milliseconds);
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
}

/** `24 Nov 14:02`. */
export function dayText(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return '';
  const date = new Date(milliseconds);
  const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][date.getMonth()]!;
  return `${date.getDate()} ${month} ${clockText(milliseconds)}`;
}

/** `1 step`, `2 steps`. */
export function plural(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function shortTick(tick: number): string {
  return Math.abs(tick) >= 1e6 ? `${trimZeros((tick / 1e6).toFixed(2))} M` : `${trimZeros((tick / 1e3).toFixed(1))} k`;
}

function decimalsOf(value: number): number {
  const text = trimZeros(Math.abs(value).toFixed(6));
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function minus(text: string): string {
  return text.replaceAll('-', '−');
}
