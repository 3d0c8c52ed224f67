/** Quantisation to NF4 as bitsandbytes does it: the same codes, bit by bit. The layout is explained in graph/nf4.ts. */
import { NF4_BLOCK, NF4_VALUES, SCALE_BLOCK, dynamicMap, nf4Names, nf4Sizes } from '../graph/nf4';
import type { StoredForm } from './materialize';

export interface Nf4Weights {
  /** Two a byte, the first in the high half; the last block is filled up with zeros. */
  readonly codes: Uint8Array;
  /** Largest magnitude in each block of 64. */
  readonly scales: Float32Array;
}

export interface QuantizedScales {
  /** Indices into `dynamicMap`; the last block is filled up. */
  readonly codes: Uint8Array;
  /** Largest magnitude in each block of 256, the mean taken away. */
  readonly scales: Float32Array;
  readonly offset: number;
}

/**
 * How a weight is kept in 4 bits. The weight's own name stands for no bytes: it only says what the others are.
 * With double quantisation 4.13 bits a number, else 4.5.
 */
export function nf4Form(name: string, shape: readonly number[], doubleQuantization: boolean): StoredForm {
  const names = nf4Names(name);
  const { blocks, scaleBlocks } = nf4Sizes(shape);
  const codes = [
    { name, dataType: 'nf4', bytes: 0 },
    { name: names.codes, dataType: 'uint8', bytes: (blocks * NF4_BLOCK) / 2 },
  ] as const;
  if (!doubleQuantization)
    return {
      tensors: [...codes, { name: names.scales, dataType: 'float32', bytes: 4 * blocks }],
      encode: (numbers) => {
        const quantized = quantizeNf4(numbers);
        return [new Uint8Array(0), quantized.codes, quantized.scales];
      },
    };
  return {
    tensors: [
      ...codes,
      { name: names.scales, dataType: 'uint8', bytes: scaleBlocks * SCALE_BLOCK },
      { name: names.scaleScales, dataType: 'float32', bytes: 4 * scaleBlocks },
      { name: names.offset, dataType: 'float32', bytes: 4 },
    ],
    encode: (numbers) => {
      const quantized = quantizeNf4(numbers);
      const scales = quantizeScales(quantized.scales);
      return [new Uint8Array(0), quantized.codes, scales.codes, scales.scales, Float32Array.of(scales.offset)];
    },
  };
}

export function quantizeNf4(weights: Float32Array): Nf4Weights {
  const { blocks } = nf4Sizes([weights.length]);
  const codes = new Uint8Array((blocks * NF4_BLOCK) / 2).fill(ZERO * 17);
  const scales = new Float32Array(blocks);
  const indices = new Uint8Array(NF4_BLOCK);
  for (let block = 0; block < blocks; block++) {
    const values = weights.subarray(block * NF4_BLOCK, (block + 1) * NF4_BLOCK);
    scales[block] = toCodes(values, NF4_SEARCH, indices.fill(ZERO));
    for (let i = 0, at = (block * NF4_BLOCK) / 2; i < NF4_BLOCK; i += 2)
      codes[at++] = (indices[i]! << 4) | indices[i + 1]!;
  }
  return { codes, scales };
}

/** The second quantisation. `offset` is the mean of the scales; it is a parameter since its last bit depends on the order of adding. */
export function quantizeScales(scales: Float32Array, offset = mean(scales)): QuantizedScales {
  const blocks = Math.ceil(scales.length / SCALE_BLOCK);
  const codes = new Uint8Array(blocks * SCALE_BLOCK);
  const largest = new Float32Array(blocks);
  const centred = scales.map((scale) => scale - offset);
  for (let block = 0, at = 0; block < blocks; block++, at += SCALE_BLOCK)
    largest[block] = toCodes(
      centred.subarray(at, at + SCALE_BLOCK),
      DYNAMIC_SEARCH,
      codes.subarray(at, at + SCALE_BLOCK),
    );
  return { codes, scales: largest, offset };
}

/** What is left of the numbers in 4 bits. */
export function throughNf4(numbers: Float32Array, doubleQuantization: boolean): Float32Array {
  const { codes, scales } = quantizeNf4(numbers);
  const decoded = doubleQuantization ? decodeScales(quantizeScales(scales)) : scales;
  return numbers.map((_, i) => {
    const pair = codes[i >> 1]!;
    return NF4_VALUES[i % 2 === 0 ? pair >> 4 : pair & 15]! * decoded[Math.floor(i / NF4_BLOCK)]!;
  });
}

function decodeScales({ codes, scales, offset }: QuantizedScales): Float32Array {
  const map = dynamicMap();
  return Float32Array.from(codes, (code, i) => Math.fround(map[code]! * scales[Math.floor(i / SCALE_BLOCK)]!) + offset);
}

/** How to find the nearest of ascending values without a search: by narrow cells of [−1, 1]. */
interface Search {
  /** Middles between neighbouring values; a number on a middle goes to the lower value. */
  readonly middles: Float32Array;
  /** Number of middles below the lower end of each cell. */
  readonly cells: Uint8Array;
}

const CELLS = 1 << 12;

function createSearch(values: Float32Array): Search {
  // One more that nothing exceeds, so that the last value needs no test of its own.
  const middles = Float32Array.from(values, (value, i) =>
    i + 1 < values.length ? (value + values[i + 1]!) / 2 : Infinity,
  );
  const cells = new Uint8Array(CELLS + 1);
  for (let cell = 0, below = 0; cell <= CELLS; cell++) {
    while (middles[below]! < (cell / CELLS) * 2 - 1) below++;
    cells[cell] = below;
  }
  return { middles, cells };
}

const NF4_SEARCH = createSearch(NF4_VALUES);
const DYNAMIC_SEARCH = createSearch(dynamicMap());
/** The code of 0. */
const ZERO = NF4_VALUES.indexOf(0);

/** Writes the code of every value, scaled by the largest magnitude, and returns that. All in the precision of float32. */
function toCodes(values: Float32Array, { middles, cells }: Search, codes: Uint8Array): number {
  let largest = 0;
  // A value that is no number makes the whole block none, so that the loss tells.
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  // bitsandbytes' smallest divisor, for blocks of zeros.
  const inverse = Math.fround(1 / Math.max(largest, Math.fround(1e-38)));
  for (let i = 0; i < values.length; i++) {
    // Beyond ±1 by a rounding at most, which changes no code.
    const scaled = Math.fround(values[i]! * inverse);
    let code = cells[((scaled + 1) * (CELLS / 2)) | 0]!;
    while (scaled > middles[code]!) code++;
    codes[i] = code;
  }
  return largest;
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return Math.fround(sum / values.length);
}
