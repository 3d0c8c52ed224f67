import { join } from 'node:path';
import type { OpenMemoryQuestion } from '../../../src/training/memory/choose-memory';
import { dataSizes } from '../../../src/training/memory/choose-memory';
import type { MemoryQuestion } from '../../../src/training/memory/estimate';
import { readDecoderConfig } from '../../../src/training/models/config';
import { baseTensors } from '../../../src/training/models/tensors';
import { parseSettings, resolveDefaults } from '../../../src/training/settings';

/** The shape of SmolLM2-135M. */
const config = readDecoderConfig(
  {
    model_type: 'llama',
    hidden_size: 576,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    intermediate_size: 1536,
    vocab_size: 49_152,
    tie_word_embeddings: true,
  },
  join('smollm2', 'config.json'),
);

const tensors = new Map(
  baseTensors(config).map(({ name, shape }) => [name, { name, dtype: 'F32', shape, file: '', offset: 0, bytes: 0 }]),
);

/** Records of `tokens` tokens that are trained whole; settings as far as they are not the usual ones. */
export function openQuestion(written: Readonly<Record<string, unknown>>, tokens = 512): OpenMemoryQuestion {
  const parsed = parseSettings({ device: 'cpu', ...written });
  if (!parsed.ok) throw new Error(parsed.problems.map((p) => p.message).join(' '));
  const settings = resolveDefaults(parsed.settings, { stepsPerEpoch: 10, physicalCores: 2, name: 'a' });
  const side = { tokens: new Int32Array(tokens), trained: new Uint8Array(tokens).fill(1) };
  const record = { line: 1, ...side, lostTokens: 0, lostTrainedTokens: 0 };
  const example = settings.objective === 'dpo' ? { ...record, rejected: record } : record;
  return { config, base: { tensors }, settings, ...dataSizes(settings, { train: [example], validation: [] }) };
}

export function question(
  memory: 'fast' | 'low',
  written: Readonly<Record<string, unknown>>,
  tokens?: number,
): MemoryQuestion {
  const open = openQuestion(written, tokens);
  return { ...open, settings: { ...open.settings, memory } };
}
