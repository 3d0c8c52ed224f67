import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DecoderConfig, readDecoderConfig } from '../../../src/training/models/config';
import { baseTensors, linearModules } from '../../../src/training/models/tensors';

interface Published {
  readonly config: Record<string, unknown>;
  /** What transformers counts; see scripts/oracles/published.py. */
  readonly parameters: number;
}

const published = JSON.parse(readFileSync(join(__dirname, 'oracles/published.json'), 'utf8')) as Record<
  string,
  Published
>;
const read = (name: string): DecoderConfig => readDecoderConfig(published[name]!.config, name);

describe('configurations of published models', () => {
  it.each(Object.entries(published))('%s has the parameters that transformers counts', (name, { parameters }) => {
    const count = baseTensors(read(name)).reduce((sum, { shape }) => sum + shape.reduce((n, size) => n * size, 1), 0);
    expect(count).toBe(parameters);
  });

  it('Llama 2 and TinyLlama have a head of their own', () => {
    expect(read('Llama 2 7B')).toMatchObject({ tiedEmbeddings: false, kvHeads: 32, slidingWindow: undefined });
    expect(read('TinyLlama 1.1B')).toMatchObject({ tiedEmbeddings: false, kvHeads: 4, headDim: 64 });
  });

  it('Mistral 7B looks back 4096 tokens in every layer', () => {
    const { slidingWindow, layerKinds } = read('Mistral 7B v0.1');
    expect(slidingWindow).toBe(4096);
    expect(layerKinds.every(({ windowed }) => windowed)).toBe(true);
  });

  it('Phi-4 mini rotates three quarters of each head, with longrope beyond 4096 tokens', () => {
    expect(read('Phi-4 mini').ropes.global).toMatchObject({
      rotated: 96,
      // √(1 + ln 32 / ln 4096)
      scaling: { type: 'longrope', originalMaxPositions: 4096, magnitude: 1.1902380714238083 },
    });
    expect(read('Phi-3.5 mini').ropes.global).toMatchObject({ rotated: 96, scaling: { type: 'longrope' } });
    expect(read('Phi-3.5 mini').headDim).toBe(96);
  });

  it('GPT-2 has learned positions, layer norms and the names of its files', () => {
    const config = read('GPT-2');
    expect(config).toMatchObject({ maxPositions: 1024, learnedPositions: true, norm: 'layer', intermediate: 3072 });
    expect(linearModules(config).slice(0, 4)).toEqual([
      { module: 'transformer.h.0.attn.c_attn', inFeatures: 768, outFeatures: 2304 },
      { module: 'transformer.h.0.attn.c_proj', inFeatures: 768, outFeatures: 768 },
      { module: 'transformer.h.0.mlp.c_fc', inFeatures: 768, outFeatures: 3072 },
      { module: 'transformer.h.0.mlp.c_proj', inFeatures: 3072, outFeatures: 768 },
    ]);
  });
});
