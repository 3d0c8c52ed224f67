/** Rotary position embedding as llama.cpp is told about it. */
import type { DecoderConfig } from '../training/models/config';
import { type Rope, ropeFrequencies } from '../training/models/rope';
import type { GgufArchitecture } from '../training/weights/gguf-architectures';
import type { GgufEntry } from './gguf-file';

export function ropeEntries({ ropes, maxPositions }: DecoderConfig, architecture: GgufArchitecture): GgufEntry[] {
  const { global: rope, local } = ropes;
  if (!rope) return [];
  const entry = (key: string, value: number): GgufEntry => [`${architecture}.rope.${key}`, 'float32', value];
  const original = (length: number): GgufEntry => [
    `${architecture}.rope.scaling.original_context_length`,
    'uint32',
    length,
  ];
  const type = (name: string): GgufEntry => [`${architecture}.rope.scaling.type`, 'string', name];
  const entries: GgufEntry[] = [
    [`${architecture}.rope.dimension_count`, 'uint32', rope.rotated],
    entry('freq_base', rope.theta),
  ];
  if (local) entries.push(entry('freq_base_swa', local.theta));
  const { scaling } = rope;
  if (scaling?.type === 'linear') entries.push(type('linear'), entry('scaling.factor', scaling.factor));
  else if (scaling?.type === 'yarn')
    entries.push(
      type('yarn'),
      entry('scaling.factor', scaling.factor),
      original(scaling.originalMaxPositions),
      // llama.cpp multiplies by this beside its own.
      entry('scaling.attn_factor', scaling.magnitude / (1 + 0.1 * Math.log(scaling.factor))),
    );
  else if (scaling?.type === 'longrope')
    entries.push(
      ...(architecture === 'phi3' ? [] : [type('longrope')]),
      original(scaling.originalMaxPositions),
      entry('scaling.attn_factor', scaling.magnitude),
    );
  else if (architecture === 'phi3') entries.push(original(maxPositions));
  return entries;
}

/** The divisors of the frequencies that the file holds as tensors, by their names. */
export function ropeTensors({ ropes }: DecoderConfig): ReadonlyMap<string, Float32Array> {
  const rope = ropes.global;
  const { scaling } = rope ?? {};
  if (scaling?.type === 'longrope')
    return new Map([
      ['rope_factors_long.weight', Float32Array.from(scaling.long)],
      ['rope_factors_short.weight', Float32Array.from(scaling.short)],
    ]);
  if (rope && scaling?.type === 'llama3') return new Map([['rope_freqs.weight', llama3Divisors(rope)]]);
  return new Map();
}

/** Plain frequency by scaled one. */
function llama3Divisors(rope: Rope): Float32Array {
  const plain = ropeFrequencies({ ...rope, scaling: undefined }, 1).frequencies;
  const scaled = ropeFrequencies(rope, 1).frequencies;
  return Float32Array.from(plain, (frequency, i) => frequency / scaled[i]!);
}

/** Demands that llama.cpp computes RoPE as the model was trained with it. */
export function requireRope(
  { ropes, layerKinds, slidingWindow }: DecoderConfig,
  architecture: GgufArchitecture,
  demand: (fits: boolean, what: string) => void,
): void {
  const { scaling } = ropes.global ?? {};
  const factors = architecture === 'llama' || architecture === 'phi3';
  if (scaling?.type === 'llama3') demand(architecture === 'llama', 'RoPE is scaled in the way of Llama 3');
  if (scaling?.type === 'longrope') demand(factors, 'RoPE is scaled in the way of longrope');
  if (scaling?.type === 'yarn')
    demand(
      scaling.betaFast === 32 && scaling.betaSlow === 1 && scaling.truncate,
      'the scaling "yarn" of RoPE has settings of its own',
    );
  // Dynamic scaling begins behind maxPositions, where the context ends.
  demand(ropes.local?.scaling === undefined, 'RoPE is scaled in layers with a sliding window');
  const none = (i: number): boolean => architecture === 'gpt2' || (architecture === 'smollm3' && i % 4 === 3);
  demand(
    layerKinds.every((kind, i) => (kind.rope === 'none') === none(i)),
    'the layers without RoPE are others than usual',
  );
  if (architecture === 'gemma3')
    demand(
      slidingWindow !== undefined && layerKinds.every((kind) => (kind.rope === 'local') === kind.windowed),
      'layers with and without a sliding window share their RoPE',
    );
}
