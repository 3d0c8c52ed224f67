/** Models that are refused, by what they are, and what to choose in their place. */
import { Failure } from '../../common/failure';
import { objectOf } from './config-reader';
import type { JsonObject } from './rope';

/** Throws a Failure (exit code 2) where config.json is that of a model that cannot be trained here. */
export function requireSupported(config: JsonObject, families: readonly string[], path: string): void {
  const family = String(config.model_type ?? 'not named');
  requirePlainWeights(config, path);
  const experts = ['num_local_experts', 'num_experts', 'n_routed_experts'].some((key) => Number(config[key] ?? 0) > 0);
  if (experts || /moe|mixtral/.test(family))
    throw unknown(
      `${path}: the model (of type "${family}") is a mixture of experts, which is not supported.`,
      `Choose a dense model of the same family, of type ${families.join(', ')}.`,
    );
  if (!families.includes(family)) throw unknownFamily(config, family, families, path);
  if (config.use_bidirectional_attention === true)
    throw unknown(
      `${path}: the model attends in both directions (use_bidirectional_attention), so it does not write text.`,
      'Choose a model that was made to write, not to embed.',
    );
}

function unknownFamily(config: JsonObject, family: string, families: readonly string[], path: string): Failure {
  if (family === 'gemma3')
    return unknown(
      `${path}: the architecture "gemma3" is not supported.`,
      'This is a Gemma 3 that also reads images. Choose one for text alone (gemma3_text), such as 270m or 1b, or a GGUF file of its text part.',
    );
  const list = `${families.join(', ')} (TinyLlama and SmolLM 2 are of type llama, Qwen 2.5 of type qwen2)`;
  const other = objectOf(config.vision_config) ? 'images' : objectOf(config.audio_config) ? 'sound' : undefined;
  if (other)
    return unknown(
      `${path}: the architecture "${family}" is not supported: it also reads ${other}.`,
      `Choose a model for text alone, of type ${list}.`,
    );
  const encoder = config.is_encoder_decoder === true ? ': it is an encoder with a decoder' : '';
  return unknown(
    `${path}: the architecture "${family}" is not supported${encoder}.`,
    `Choose a model of type ${list}.`,
  );
}

/** A checkpoint whose weights are packed by some method of quantisation; ours quantises plain weights itself. */
function requirePlainWeights(config: JsonObject, path: string): void {
  const quantization = objectOf(config.quantization_config);
  if (!quantization) return;
  const bits = quantization.bits ?? (quantization.load_in_4bit ? 4 : quantization.load_in_8bit ? 8 : undefined);
  const method = String(quantization.quant_method ?? 'a method that it does not name');
  throw new Failure(
    'quantized-checkpoint',
    `${path}: the weights are quantised by ${method}${typeof bits === 'number' ? ` (${bits} bits)` : ''}, so they cannot be read as numbers.`,
    'Choose the model that was not quantised (names without 4bit, GPTQ, AWQ, FP8), or a GGUF file of it; method qlora quantises plain weights itself.',
    2,
  );
}

const unknown = (message: string, hint: string): Failure => new Failure('unknown-architecture', message, hint, 2);
