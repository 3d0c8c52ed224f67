import { readingWords, type Reading } from '../../../evaluation/reading';
import type { MetricResult } from '../../../evaluation/report';
import type { Axis, Span } from './axis';
import { percentText } from '../../../evaluation/numbers';

const HEIGHT = 22;
const HEAD_HEIGHT = 14;
/** Room that the longest label beside a mark takes. */
const LABEL = 44;

/** The numbers of the axis, for the head of its column. */
export function axisHead({ width, ticks }: Axis): SVGSVGElement {
  const svg = picture(width, HEAD_HEIGHT, { 'aria-hidden': 'true' });
  for (const { x, share } of ticks)
    svg.append(shape('text', { x, y: 11, 'text-anchor': 'middle' }, share === 0 ? '0' : percentText(share)));
  return svg;
}

/** One interval: a bar between its ends, a mark at the difference, and the number beside it. */
export function axisMark(axis: Axis, span: Span | null, reading: Reading, metric: MetricResult): SVGSVGElement {
  const { width, ticks, x } = axis;
  const middle = HEIGHT / 2;
  const svg = picture(width, HEIGHT, { role: 'img', 'aria-label': nameOf(span, reading, metric) });
  for (const tick of ticks) {
    const kind = tick.share === 0 ? 'zero' : 'grid';
    svg.append(shape('line', { class: kind, x1: tick.x, x2: tick.x, y1: 0, y2: HEIGHT }));
  }
  if (span === null) {
    const words = noSpan(metric);
    if (words !== '') svg.append(shape('text', { x: x(0) + 8, y: middle + 4 }, words));
    return svg;
  }
  const group = shape('g', { class: `mark ${reading ?? 'unclear'}` });
  const [low, value, high] = [x(span.low), x(span.value), x(span.high)];
  group.append(shape('line', { x1: low, x2: high, y1: middle, y2: middle }));
  for (const end of [low, high]) group.append(shape('line', { x1: end, x2: end, y1: middle - 4, y2: middle + 4 }));
  group.append(
    reading === 'worse'
      ? shape('path', { d: `M${value} ${middle - 5}l5 5l-5 5l-5 -5z` })
      : shape('circle', { cx: value, cy: middle, r: 4 }),
  );
  const right = Math.max(high, value + 5) + 6;
  const fits = right + LABEL <= width;
  const place = fits ? { x: right } : { x: Math.min(low, value - 5) - 6, 'text-anchor': 'end' };
  svg.append(group, shape('text', { ...place, y: middle + 4 }, percentText(span.value)));
  return svg;
}

function noSpan({ base, difference }: MetricResult): string {
  if (!difference || difference.value === null) return '';
  return base.value === 0 && difference.value !== 0 ? 'the base is 0' : '';
}

function nameOf(span: Span | null, reading: Reading, { unit }: MetricResult): string {
  if (!span) return 'No share of the base value';
  const { low, value, high } = span;
  return `${percentText(value)} of the base value, between ${percentText(low)} and ${percentText(high)}: ${readingWords(reading, unit)}`;
}

type Attributes = Readonly<Record<string, string | number>>;

function picture(width: number, height: number, attributes: Attributes): SVGSVGElement {
  return shape('svg', { class: 'interval', width, height, viewBox: `0 0 ${width} ${height}`, ...attributes });
}

function shape<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Attributes,
  text = '',
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== '') element.textContent = text;
  return element;
}
