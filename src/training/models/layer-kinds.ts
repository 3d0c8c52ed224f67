/** In what the layers of one model differ: how far they look back, and how they learn where a token stands. */
import { Failure } from '../../common/failure';
import type { JsonObject } from './rope';

export interface LayerKind {
  /** Looks back at most `slidingWindow` tokens. */
  readonly windowed: boolean;
  /** `none`: positions are known from the order of attention alone (NoPE). */
  readonly rope: 'global' | 'local' | 'none';
}

/** `layer_types` where config.json has them, else the family's own rule. */
export function readLayerKinds(
  config: JsonObject,
  family: string,
  layers: number,
  window: number | undefined,
  path: string,
): LayerKind[] {
  const list = (key: string): readonly unknown[] | undefined => {
    const value = config[key];
    if (value === undefined || value === null) return undefined;
    if (Array.isArray(value) && value.length >= layers) return value;
    throw bad(path, `"${key}" must be a list with an entry for each of the ${layers} layers`);
  };
  const number = (key: string, fallback: number): number => {
    const value = config[key];
    return typeof value === 'number' ? value : fallback;
  };
  const types = list('layer_types');
  for (const type of types ?? [])
    if (type !== 'full_attention' && type !== 'sliding_attention')
      throw new Failure(
        'unknown-architecture',
        `${path}: layers of the type ${JSON.stringify(type)} are not supported.`,
        'Choose a model whose layer_types are full_attention and sliding_attention.',
        2,
      );
  const rotated = list('no_rope_layers'); // 1 where a layer does have RoPE.
  const hasRope = (i: number): boolean =>
    family !== 'smollm3' ||
    (rotated ? rotated[i] !== 0 && rotated[i] !== false : (i + 1) % number('no_rope_layer_interval', 4) !== 0);
  const isSliding = (i: number): boolean => {
    if (family === 'mistral' || family === 'phi3') return true;
    if (types) return types[i] === 'sliding_attention';
    if (family === 'gemma2') return i % 2 === 0;
    if (family === 'gemma3_text') return (i + 1) % number('sliding_window_pattern', 6) !== 0;
    if (family === 'smollm3') return !hasRope(i);
    return i >= number('max_window_layers', 28);
  };
  return Array.from({ length: layers }, (_, i) => ({
    windowed: window !== undefined && isSliding(i),
    rope: !hasRope(i) ? 'none' : family === 'gemma3_text' && isSliding(i) ? 'local' : 'global',
  }));
}

function bad(path: string, what: string): Failure {
  return new Failure(
    'bad-model-config',
    `${path}: ${what} in the model's configuration.`,
    'Fetch config.json of the model again.',
    2,
  );
}
