import { describe, expect, it } from 'vitest';
import { type Bindings, evaluateShape } from '../../../src/training/graph/dims';
import { type Value, reachable } from '../../../src/training/graph/graph';
import { readDecoderConfig } from '../../../src/training/models/config';
import { buildDecoder } from '../../../src/training/models/decoder';

const config = readDecoderConfig(
  {
    model_type: 'llama',
    hidden_size: 64,
    num_hidden_layers: 12,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    intermediate_size: 192,
    vocab_size: 64,
    tie_word_embeddings: true,
  },
  'config.json',
);
const SIZES: Bindings = new Map(
  Object.entries({ B: 1, P: 1, Q: 128, N: 128, D64: 1, D192: 1 }).map(([symbol, size]) => [symbol, size]),
);

function gradientGraph(recompute: boolean): { values: Value[]; peak: number } {
  const { graph, loss, trainable } = buildDecoder(config, {
    training: { method: 'lora', lora: { r: 2, alpha: 4, dropout: 0, targetModules: ['q_proj', 'down_proj'] } },
    blocks: 1,
    headChunks: 1,
    dropout: false,
    storedAs: () => 'float32',
    recompute,
  });
  const outputs = [
    loss,
    ...graph.gradients(
      loss,
      trainable.map((t) => t.value),
    ),
  ];
  const values = reachable(outputs);
  return { values, peak: peakNumbers(values, outputs) };
}

/** Most numbers that are alive at once when the values are made in their order and dropped after their last use. */
function peakNumbers(values: readonly Value[], outputs: readonly Value[]): number {
  const lastUse = new Map<number, number>();
  values.forEach((value, at) => value.inputs.forEach((input) => lastUse.set(input.id, at)));
  for (const output of outputs) lastUse.set(output.id, values.length);
  const size = (value: Value): number =>
    ['input', 'weight', 'constant'].includes(value.operation.kind)
      ? 0
      : evaluateShape(value.shape, SIZES).reduce((n, dim) => n * dim, 1);
  let alive = 0;
  let peak = 0;
  values.forEach((value, at) => {
    alive += size(value);
    peak = Math.max(peak, alive);
    for (const input of new Set(value.inputs)) if (lastUse.get(input.id) === at) alive -= size(input);
  });
  return peak;
}

describe('recomputation in one graph', () => {
  const kept = gradientGraph(false);
  const made = gradientGraph(true);

  it('keeps little more than the inputs of the layers', () => {
    expect(made.peak).toBeLessThan(kept.peak / 3);
  });

  it('makes each layer again once, after the gradients of the layer above', () => {
    const barriers = made.values.filter(({ operation }) => operation.kind === 'after');
    expect(barriers).toHaveLength(config.layers);
    // The last one waits for the gradient that comes in, the others for the four adapter gradients of the layer above too.
    const waits = barriers.map(({ inputs }) => inputs.length);
    expect(waits[0]).toBe(2);
    expect(Math.min(...waits.slice(1))).toBeGreaterThanOrEqual(6);
  });
});
