/** Curves of speed and memory beside each other, a row of charts for each axis; both axes of a chart are logarithmic. */
import type { Point, Series } from './growth';

export interface Axis {
  readonly label: string;
  readonly series: readonly Series[];
}

const WIDTH = 400;
const HEIGHT = 250;
const MARGIN = { left: 64, right: 16, top: 30, bottom: 44 };
const COLORS = ['#2563eb', '#c2410c', '#15803d'];
const MEASURES: readonly { readonly label: string; readonly of: (point: Point) => number }[] = [
  { label: 'tokens/s', of: (point) => point.tokensPerSecond },
  { label: 'peak MB', of: (point) => point.peakMegabytes },
];

export function growthSvg(axes: readonly Axis[]): string {
  const charts = axes.flatMap((axis, row) =>
    MEASURES.map(
      (measure, column) => `<g transform="translate(${column * WIDTH},${row * HEIGHT})">${chart(axis, measure)}</g>`,
    ),
  );
  const size = { width: WIDTH * MEASURES.length, height: HEIGHT * axes.length };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${size.width}" height="${size.height}" fill="#fff"/>`,
    ...charts,
    '</svg>\n',
  ].join('\n');
}

function chart({ label, series }: Axis, measure: (typeof MEASURES)[number]): string {
  const points = series.flatMap((one) => one.points);
  const x = scale(
    points.map((point) => point.x),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const y = scale(points.map(measure.of), HEIGHT - MARGIN.bottom, MARGIN.top);
  const grid = y.ticks.map(
    (tick) =>
      `<path d="M${MARGIN.left} ${y.at(tick)}H${WIDTH - MARGIN.right}" stroke="#ddd"/>` +
      `<text x="${MARGIN.left - 6}" y="${y.at(tick) + 4}" text-anchor="end" fill="#333">${tick}</text>`,
  );
  const marks = [...new Set(points.map((point) => point.x))].map(
    (tick) =>
      `<text x="${x.at(tick)}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle" fill="#333">${tick}</text>`,
  );
  const lines = series.map(({ memory, points: own }, i) => {
    const color = COLORS[i % COLORS.length]!;
    const places = own.map((point) => [x.at(point.x), y.at(measure.of(point))] as const);
    const dots = places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${color}"/>`);
    const legend = `<text x="${MARGIN.left + 90 + 70 * i}" y="18" fill="${color}">● ${memory}</text>`;
    return `<polyline points="${places.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join('')}${legend}`;
  });
  const titles =
    `<text x="${MARGIN.left}" y="18" font-weight="bold" fill="#111">${measure.label}</text>` +
    `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle" fill="#333">${label}</text>`;
  return [...grid, ...marks, ...lines, titles].join('\n');
}

interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** From powers of two below all values to above them. */
function scale(values: readonly number[], from: number, to: number): Scale {
  const low = Math.floor(Math.log2(Math.min(...values)) * 2) / 2;
  const high = Math.ceil(Math.log2(Math.max(...values)) * 2) / 2;
  const at = (value: number): number =>
    Math.round(from + ((Math.log2(value) - low) / Math.max(high - low, 0.5)) * (to - from));
  const ticks = [1, 2, 5].flatMap((digit) => Array.from({ length: 7 }, (_, power) => digit * 10 ** power));
  return { at, ticks: ticks.filter((tick) => Math.log2(tick) >= low && Math.log2(tick) <= high) };
}
