import { describe, expect, it } from 'vitest';
import { createAxis, spanOf } from '../../../src/webview/app/evaluation/axis';
import { compareWords, type Stretch } from '../../../src/webview/app/evaluation/differences';
import { differenceText, decimalsFor, percentText, valueText } from '../../../src/evaluation/numbers';
import { savedView } from '../../../src/webview/app/evaluation/view';

/** Marked stretches in brackets. */
const shown = (text: readonly Stretch[]): string =>
  text.map((stretch) => (stretch.marked ? `[${stretch.text}]` : stretch.text)).join('');
const compare = (a: string, b: string): [string, string] => {
  const both = compareWords(a, b);
  return [shown(both.a), shown(both.b)];
};

describe('differences between answers', () => {
  it.each([
    ['edit the address', 'change the address', '[edit] the address', '[change] the address'],
    ['send the file now', 'send it', 'send [the file now]', 'send [it]'],
    ['It is Paris.', 'It is paris', 'It is [Paris.]', 'It is [paris]'],
    ['same', 'same', 'same', 'same'],
    ['one\n\ntwo', 'one two', 'one\n\ntwo', 'one two'],
    ['', 'all new', '', '[all new]'],
    ['all gone', '', '[all gone]', ''],
    ['  ', 'a', '  ', '[a]'],
    ['{"city": "Köln"}', '{"city": "Bonn"}', '{"city": "[Köln]"}', '{"city": "[Bonn]"}'],
  ])('%j and %j', (a, b, first, second) => {
    expect(compare(a, b)).toEqual([first, second]);
  });

  it('finds words where there are no spaces', () => {
    const [first, second] = compare('東京は日本の首都です', '大阪は日本の首都です');
    expect(first).toBe('[東京]は日本の首都です');
    expect(second).toBe('[大阪]は日本の首都です');
  });

  it('keeps every character of both texts', () => {
    const [a, b] = ['a  b\tc 👩‍👩‍👧 d', 'x b\r\nc e 👩‍👩‍👧'];
    const both = compareWords(a, b);
    expect(both.a.map(({ text }) => text).join('')).toBe(a);
    expect(both.b.map(({ text }) => text).join('')).toBe(b);
  });

  it('compares very long texts by the words that they share', () => {
    const long = (word: string): string => Array.from({ length: 20_000 }, (_, i) => `${word}${i % 3000}`).join(' ');
    const both = compareWords(`${long('a')} end`, `${long('b')} other end here`);
    expect(both.b.at(-1)).toEqual({ text: 'here', marked: true });
  });
});

describe('the axis of changes', () => {
  const span = (low: number, value: number, high: number) => ({ low, value, high });

  it('gives intervals as shares of the base value', () => {
    const base = { value: 8, interval: null };
    const difference = { value: -4, interval: { low: -5, high: -3 }, pValue: 0.01 };
    expect(spanOf({ base, difference })).toEqual(span(-0.625, -0.5, -0.375));
    expect(spanOf({ base: { value: -8, interval: null }, difference })).toEqual(span(-0.625, -0.5, -0.375));
    expect(spanOf({ base: { value: 0, interval: null }, difference })).toBeNull();
    expect(spanOf({ base, difference: null })).toBeNull();
    expect(spanOf({ base, difference: { value: null, interval: null, pValue: null } })).toBeNull();
    expect(spanOf({ base, difference: { ...difference, interval: null } })).toEqual(span(-0.5, -0.5, -0.5));
  });

  it.each([
    ['small', [span(-0.013, -0.01, 0.004)]],
    ['huge', [span(-0.99, -0.98, -0.97), span(40, 50, 60), span(-0.01, 0, 0.01)]],
    ['none', []],
  ])('holds %s changes, in order, with the numbers apart', (_name, spans) => {
    const axis = createAxis(spans, 340);
    const places = spans.flatMap(({ low, value, high }) => [low, value, high]);
    for (const place of places) {
      expect(axis.x(place)).toBeGreaterThanOrEqual(0);
      expect(axis.x(place)).toBeLessThanOrEqual(340);
    }
    expect(axis.x(0.01) - axis.x(0)).toBeGreaterThan(1);
    const ticks = axis.ticks.map(({ x }) => x);
    expect(axis.ticks.some(({ share }) => share === 0)).toBe(true);
    for (let i = 1; i < ticks.length; i++) expect(ticks[i]! - ticks[i - 1]!).toBeGreaterThanOrEqual(38);
  });

  it('shows 1 % and 1,000 % apart from 0 and from each other', () => {
    const { x } = createAxis([span(-0.02, -0.01, 0), span(8, 10, 12)], 340);
    expect(x(0) - x(-0.01)).toBeGreaterThan(4);
    expect(x(10) - x(1)).toBeGreaterThan(30);
  });
});

describe('numbers of metrics', () => {
  it('are written by their unit', () => {
    expect(valueText(0.7241, 'share')).toBe('72.4 %');
    expect(valueText(27.345, 'points')).toBe('27.3');
    expect(valueText(2.9912, 'none')).toBe('2.991');
    expect(valueText(21_345.6, 'none')).toBe('21,346');
    expect(valueText(138.6, 'tokens')).toBe('138.6');
    expect(valueText(null, 'share')).toBe('–');
    expect(differenceText(0.158, 'share')).toBe('+15.8');
    expect(differenceText(-5.42, 'none')).toBe('−5.420');
    expect(differenceText(-0.0001, 'none')).toBe('0.000');
    expect(differenceText(undefined, 'none')).toBe('–');
    expect(percentText(-0.6445)).toBe('−64 %');
    expect(percentText(13.95)).toBe('+1,395 %');
    expect(percentText(0.004)).toBe('+0.4 %');
    expect(percentText(0)).toBe('0 %');
  });

  it('get the decimals that a small difference needs', () => {
    expect(decimalsFor('none', -0.0004)).toBe(4);
    expect(decimalsFor('none', -5.42)).toBe(3);
    expect(decimalsFor('share', 0.00004)).toBe(3);
    expect(decimalsFor('share', 0, null, undefined)).toBe(1);
    expect(decimalsFor('none', 1e-12)).toBe(5);
  });
});

it('takes only what it knows of a saved view', () => {
  const first = savedView(undefined);
  expect(savedView({ filter: 'worst', metric: 'f1', search: 'x', subjects: ['mmlu', 3] })).toEqual({
    filter: 'worst',
    metric: 'f1',
    search: 'x',
    subjects: ['mmlu'],
  });
  expect(savedView({ filter: 'wurst', metric: 3, search: null, subjects: 'mmlu' })).toEqual(first);
});
