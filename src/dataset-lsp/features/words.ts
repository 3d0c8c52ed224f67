/** `1 record`, `1,204 records`. */
export function counted(count: number, noun: string): string {
  return `${numbered(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function numbered(count: number): string {
  return count.toLocaleString('en-US');
}

/** `980`, `412k`, `3.1M`. */
export function rounded(count: number): string {
  if (count < 1000) return String(count);
  const [value, unit] = count < 999_500 ? [count / 1000, 'k'] : [count / 1_000_000, 'M'];
  return `${value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)}${unit}`;
}

/** Whole percent; neither 0 nor 100 for what is only nearly so. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const value = Math.round((part / whole) * 100);
  const shown = part > 0 && value === 0 ? 1 : part < whole && value === 100 ? 99 : value;
  return `${shown} %`;
}

/** The first words of a text, on one line. */
export function beginning(text: string, most: number): string {
  const flat = text
    .slice(0, most * 4)
    .replace(/\s+/g, ' ')
    .trim();
  if (flat.length <= most) return flat;
  const cut = flat.slice(0, most);
  const space = cut.lastIndexOf(' ');
  return `${space > most / 2 ? cut.slice(0, space) : cut.replace(/[\uD800-\uDBFF]$/, '')}…`;
}
