/** How tensors lie in a GGUF file: their names, the order of their rows, what is added to them; both ways. */
import { type GgufArchitecture, GGUF_LAYOUTS, type GgufLayout } from './gguf-architectures';

/** What decides the order of rows. */
export interface GgufHeads {
  readonly architecture: GgufArchitecture;
  readonly heads: number;
  readonly keyHeads: number;
  readonly headSize: number;
}

/** Hugging Face's name of a tensor of the file; `undefined` where a plain model of the family has no such tensor. */
export function nameIn({ whole, layers, inLayer }: GgufLayout, stored: string): string | undefined {
  const [, layer, part, kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(stored) ?? [];
  if (part === undefined) return undefined;
  const name = layer === undefined ? whole[part] : inLayer[part];
  if (name === undefined) return undefined;
  return layer === undefined ? `${name}.${kind}` : `${layers}.${layer}.${name}.${kind}`;
}

/** The other way: the file's name of a tensor that the table has; `undefined` for others. */
export function storedName({ whole, layers, inLayer }: GgufLayout, name: string): string | undefined {
  const [, module, kind] = /^(.+)\.(weight|bias)$/.exec(name) ?? [];
  if (module === undefined) return undefined;
  const keyOf = (names: Readonly<Record<string, string>>, wanted: string): string | undefined =>
    Object.keys(names).find((key) => names[key] === wanted);
  const [, layer, part] = module.startsWith(`${layers}.`)
    ? (/^(\d+)\.(.+)$/.exec(module.slice(layers.length + 1)) ?? [])
    : [];
  const key = part === undefined ? keyOf(whole, module) : keyOf(inLayer, part);
  if (key === undefined) return undefined;
  return layer === undefined ? `${key}.${kind}` : `blk.${layer}.${key}.${kind}`;
}

/** What the file has added to the values of a tensor: one to the norms of Gemma. */
export function raisedBy(name: string, architecture: GgufArchitecture): 0 | 1 {
  return /norm\.weight$/.test(name) ? GGUF_LAYOUTS[architecture].normOffset : 0;
}

/** Heads whose rows llama.cpp reorders (q and k of some architectures); `undefined` for other tensors and modules. */
export function permutedHeads(name: string, { architecture, heads, keyHeads }: GgufHeads): number | undefined {
  if (!GGUF_LAYOUTS[architecture].interleaved) return undefined;
  if (/\.q_proj(\.\w+)?$/.test(name)) return heads;
  return /\.k_proj(\.\w+)?$/.test(name) ? keyHeads : undefined;
}

/**
 * llama.cpp rotates neighbouring rows (2i, 2i+1) where Hugging Face rotates rows i and i + half of a head, so its
 * converter interleaves the two halves of every head: row 2i + h of the file is row h·half + i.
 */
export function permute(values: Float32Array, heads: number, headSize: number): Float32Array {
  return moveRows(values, heads, headSize, (result, stored, plain) => result.set(values.subarray(...plain), stored[0]));
}

/** Undoes `permute`. */
export function unpermute(values: Float32Array, heads: number, headSize: number): Float32Array {
  return moveRows(values, heads, headSize, (result, stored, plain) => result.set(values.subarray(...stored), plain[0]));
}

/** First number of a row and the one behind its last. */
type Row = readonly [number, number];

function moveRows(
  values: Float32Array,
  heads: number,
  headSize: number,
  move: (result: Float32Array, stored: Row, plain: Row) => void,
): Float32Array {
  const result = new Float32Array(values.length);
  const columns = values.length / (heads * headSize);
  const row = (index: number): Row => [index * columns, (index + 1) * columns];
  for (let first = 0; first < heads * headSize; first += headSize)
    for (let i = 0; i < headSize; i++) move(result, row(first + i), row(first + (i % 2) * (headSize / 2) + (i >> 1)));
  return result;
}
