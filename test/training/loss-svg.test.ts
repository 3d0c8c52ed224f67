import { describe, expect, it } from 'vitest';
import { lossSvg } from '../../src/training/loss-svg';
import { evaluation, metrics, sampleRun, started } from './sample-events';

const count = (svg: string, part: string): number => svg.split(part).length - 1;
const pathOf = (svg: string, kind: string): string => new RegExp(`class="${kind}"[^>]* d="([^"]*)"`).exec(svg)![1]!;

describe('lossSvg', () => {
  const svg = lossSvg(sampleRun());

  it('draws raw and smoothed loss, a ring a validation and the best as a diamond', () => {
    expect(count(pathOf(svg, 'line raw'), 'L')).toBe(149);
    expect(count(pathOf(svg, 'line smooth'), 'L')).toBe(149);
    expect(count(svg, 'class="ring"')).toBe(10);
    expect(count(svg, 'class="diamond"')).toBe(1);
    expect(svg).toContain('best validation 0.729 at step 105');
    expect(svg).toMatch(/>train 0\.6\d\d</);
    expect(svg).toContain('>epoch 2<');
    expect(svg).toContain('prefers-color-scheme: dark');
  });

  it('maps a value to its height: the tick of the same number is at the same place', () => {
    const flat = lossSvg([started(), ...Array.from({ length: 30 }, (_, i) => metrics(i + 1, 2)), evaluation(30, 3)]);
    const tick = /text x="56" y="([\d.]+)" text-anchor="end">2\.0</.exec(flat)!;
    const line = /^M[\d.]+ ([\d.]+)L/.exec(pathOf(flat, 'line raw'))!;
    expect(Number(line[1])).toBeCloseTo(Number(tick[1]) - 4, 0);
  });

  it('breaks the line where the loss is no number, and says where that began', () => {
    const broken = lossSvg([metrics(1, 3), metrics(2, 2), metrics(3, null), metrics(4, 2), metrics(5, 1)]);
    expect(count(pathOf(broken, 'line raw'), 'M')).toBe(2);
    expect(broken).toContain('not a number at step 3');
  });

  it('escapes the name and stays small and complete on a long run', () => {
    const long = lossSvg([started({ name: 'a <b> & "c"', stepsPerEpoch: 5000 }), ...sampleRun(15_000).slice(1)]);
    expect(long).toContain('Loss of a &lt;b&gt; &amp; &quot;c&quot;');
    expect(long.length).toBeLessThan(500_000);
  });

  it('keeps a spike of one step among many', () => {
    const events = Array.from({ length: 8000 }, (_, i) => metrics(i + 1, i === 5000 ? 9 : 1));
    const heights = [...pathOf(lossSvg(events), 'line raw').matchAll(/ (-?[\d.]+)/g)].map((match) => Number(match[1]));
    expect(Math.min(...heights)).toBeLessThan(0);
  });

  it('says so when there is nothing to draw', () => {
    expect(lossSvg([])).toContain('No loss was recorded.');
    expect(lossSvg([metrics(1, null)])).toContain('No loss was recorded.');
  });
});
