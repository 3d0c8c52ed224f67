import type { TokenStatistics } from '../../../dataset/statistics';
import { h } from '../dom';
import { countText, plural } from '../format';
import { niceTicks } from '../scale';

const HEIGHT = 196;
const LEFT = 40;
const RIGHT = 8;
const TOP = 14;
const BOTTOM = HEIGHT - 34;

/** Bars of the number of records by tokens; what lies beyond the maximum length is hatched. */
export function histogram(tokens: TokenStatistics, width: number): SVGElement {
  const { histogram: bins, maxLength, perRecord } = tokens;
  const end = bins.width * bins.counts.length;
  const top = Math.max(...bins.counts, 1);
  const ticks = niceTicks(0, top, 4).filter((tick) => Number.isInteger(tick));
  const ceiling = Math.max(top, ticks.at(-1) ?? top);
  const x = (value: number): number => LEFT + (Math.min(value, end) / end) * (width - LEFT - RIGHT);
  const y = (value: number): number => BOTTOM - (value / ceiling) * (BOTTOM - TOP);
  const root = s('svg', { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', class: 'histogram' });
  root.setAttribute('aria-label', sentence(tokens));
  root.append(hatching());
  for (const tick of ticks) {
    root.append(s('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }));
    root.append(label(LEFT - 6, y(tick) + 3.5, countText(tick), 'end'));
  }
  for (const [i, count] of bins.counts.entries()) {
    if (count === 0) continue;
    const from = i * bins.width;
    // A single record must be seen beside a thousand.
    const height = Math.max(2, BOTTOM - y(count));
    const last = i === bins.counts.length - 1 && perRecord.max >= end;
    const bar = s('rect', {
      class: from >= maxLength ? 'bar cut' : 'bar',
      x: x(from) + 0.5,
      y: BOTTOM - height,
      width: Math.max(1, x(from + bins.width) - x(from) - 1),
      height,
    });
    const range = last
      ? `${countText(from)} tokens or more`
      : `${countText(from)}–${countText(from + bins.width - 1)} tokens`;
    bar.append(s('title', {}, `${range}: ${plural(count, 'record')}`));
    root.append(bar);
  }
  root.append(s('line', { class: 'axis', x1: LEFT, x2: width - RIGHT, y1: BOTTOM, y2: BOTTOM }));
  const limitShown = maxLength < end;
  const taken: number[] = limitShown ? [x(maxLength)] : [];
  for (const tick of niceTicks(0, end, Math.max(2, Math.floor(width / 110)))) {
    if (tick > end || taken.some((at) => Math.abs(at - x(tick)) < 44)) continue;
    root.append(label(x(tick), BOTTOM + 15, countText(tick), 'middle'));
  }
  if (limitShown) root.append(...limitMarks(maxLength, x(maxLength), width));
  root.append(...percentileMarks(perRecord, x, width));
  return root;
}

function limitMarks(maxLength: number, at: number, width: number): SVGElement[] {
  const right = width - at > 110;
  return [
    s('line', { class: 'limit', x1: at, x2: at, y1: TOP - 8, y2: BOTTOM + 4 }),
    label(at, BOTTOM + 15, countText(maxLength), 'middle', 'strong'),
    label(right ? at + 8 : at - 8, TOP + 2, 'maximum length', right ? 'start' : 'end', 'plain'),
  ];
}

function percentileMarks(
  spread: TokenStatistics['perRecord'],
  x: (value: number) => number,
  width: number,
): SVGElement[] {
  const marks = [
    { at: x(spread.median), text: `half are below ${countText(spread.median)}` },
    { at: x(spread.p95), text: `95 % are below ${countText(spread.p95)}` },
  ];
  const longest = `longest ${countText(spread.max)}`;
  const wide = (text: string): number => text.length * 6;
  const out: SVGElement[] = [label(width - RIGHT, BOTTOM + 31, longest, 'end')];
  let free = LEFT - 20;
  for (const { at, text } of marks) {
    const from = Math.max(free, at - wide(text) / 2);
    if (from + wide(text) > width - RIGHT - wide(longest) - 8) continue;
    out.push(s('line', { class: 'axis', x1: at, x2: at, y1: BOTTOM + 18, y2: BOTTOM + 21 }));
    out.push(label(from, BOTTOM + 31, text, 'start'));
    free = from + wide(text) + 12;
  }
  return out;
}

/** The same as a table, for those who do not see the picture. */
export function histogramTable({ histogram: { width, counts }, perRecord }: TokenStatistics): HTMLElement {
  const rows = counts.flatMap((count, i) => {
    const open = i === counts.length - 1 && perRecord.max >= width * counts.length;
    const range = open
      ? `${countText(i * width)} or more`
      : `${countText(i * width)}–${countText((i + 1) * width - 1)}`;
    return count === 0 ? [] : [h('tr', {}, h('td', {}, range), h('td', { class: 'number' }, countText(count)))];
  });
  return h(
    'table',
    {},
    h('caption', { class: 'unseen' }, 'Records by tokens'),
    h(
      'thead',
      {},
      h('tr', {}, h('th', { scope: 'col' }, 'Tokens'), h('th', { scope: 'col', class: 'number' }, 'Records')),
    ),
    h('tbody', {}, ...rows),
  );
}

function sentence({ perRecord, cutRecords, maxLength }: TokenStatistics): string {
  const cut =
    cutRecords > 0 ? ` ${plural(cutRecords, 'record')} longer than the maximum of ${countText(maxLength)}.` : '';
  return `Records by tokens: from ${countText(perRecord.min)} to ${countText(perRecord.max)}, half of them below ${countText(perRecord.median)}.${cut}`;
}

function hatching(): SVGElement {
  const pattern = s('pattern', {
    id: 'hatch',
    width: 5,
    height: 5,
    patternUnits: 'userSpaceOnUse',
    patternTransform: 'rotate(45)',
  });
  pattern.append(s('path', { class: 'hatch', d: 'M0 0V5' }));
  const defs = s('defs', {});
  defs.append(pattern);
  return defs;
}

function label(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end', kind = ''): SVGElement {
  return s('text', { x, y, 'text-anchor': anchor, class: kind }, text);
}

function s(tag: string, attributes: Readonly<Record<string, string | number>>, text?: string): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}
