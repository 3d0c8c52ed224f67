/** Numbers and times as the terminal shows them. */
import type { Rewards } from '../training/protocol';

/** `null` (not finite) reads "not a number". */
export function lossText(loss: number | null): string {
  return loss === null ? 'not a number' : loss.toFixed(3);
}

/** `1,056` */
export function countText(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}

/** `15.4 k`, `1.80 M`, `1.10 B` */
export function shortCountText(n: number): string {
  for (const [size, unit] of [
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const)
    if (n >= size) return `${(n / size).toPrecision(3)} ${unit}`;
  return String(n);
}

/** `0.4 s`, `40 s`, `13 min`, `2 h 5 min` */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** `143 MiB`, `1.4 GiB` */
export function memoryText(bytes: number): string {
  const mib = bytes / 2 ** 20;
  return mib < 1000 ? `${Math.round(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

/** A setting's number without false digits: `1e-4`, `0.1`, `8`. */
export function settingText(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'number') {
    if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential();
    return String(value);
  }
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  return String(value);
}

/** `2026-11-24 12:05`, local time. */
export function dateText(iso: string): string {
  const date = new Date(iso);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Columns two spaces apart; those of `right` are aligned to the right. */
export function columnsText(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** Breaks a text into lines of at most `width` characters at spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** How far apart the answers of preference pairs are, and how often the chosen one is ahead; nothing without pairs. */
export function rewardTexts(rewards: Rewards | undefined): string[] {
  if (!rewards) return [];
  const { margins } = rewards;
  const margin = Math.abs(margins) < 0.1 ? Number(margins.toPrecision(2)) : margins.toFixed(3);
  return [`margin ${margin}`, `accuracy ${Math.round(100 * rewards.accuracies)} %`];
}
