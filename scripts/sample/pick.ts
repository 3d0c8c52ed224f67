import type { Random } from '../../src/common/random';

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random.integer(items.length)];
  if (item === undefined) throw new Error('pick() needs at least one item.');
  return item;
}

/** True with the given probability. */
export function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

/** Replaces every `{key}`; an unknown key is an error. "a" before a vowel becomes "an". */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/(\ba )?\{(\w+)\}/g, (_, article: string | undefined, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`No value for {${key}} in "${text}".`);
    if (article === undefined) return value;
    return `${/^[AEIOU]/i.test(value) ? 'an' : 'a'} ${value}`;
  });
}
