/** The forms that a model is exported in, and the types of numbers that each of them can have. */
import { Failure } from '../common/failure';
import type { Subjects } from '../evaluation/subject';
import { GGUF_TYPES, type GgufType, QUANTIZER_TYPES, type QuantizerType } from './gguf-types';
import type { WeightType } from './verify';

export const TARGETS = {
  peft: 'the adapter as Hugging Face PEFT saves it',
  merged: 'base and adapter in one, as a Hugging Face folder (safetensors)',
  gguf: 'base and adapter in one GGUF file, for llama.cpp and LM Studio',
  'gguf-lora': 'the adapter as GGUF, for llama.cpp over a base in GGUF',
  ollama: 'a GGUF file and the Modelfile that makes an Ollama model of it',
} as const;

export type Target = keyof typeof TARGETS;

export const isTarget = (text: string): text is Target => Object.hasOwn(TARGETS, text);

const FLOAT_TYPES = ['float32', 'float16', 'bfloat16'] as const;

export type ExportType = (typeof FLOAT_TYPES)[number] | GgufType | QuantizerType;

/** The first one is taken where none is named; `undefined`: what the base has. */
export function typesOf(to: Target): readonly ExportType[] {
  if (to === 'peft') return ['float32'];
  if (to === 'gguf-lora') return ['F32'];
  return to === 'merged' ? FLOAT_TYPES : [...GGUF_TYPES, ...QUANTIZER_TYPES];
}

/**
 * The type that was asked for, in any spelling of it, or one that suits the base.
 * @throws Failure (exit code 2) `no-adapter` where there is nothing to write, `usage` where the target has no such type
 */
export function typeFor(to: Target, asked: string | undefined, subjects: Subjects): ExportType {
  requireAdapter(to, subjects);
  const types = typesOf(to);
  if (asked === undefined)
    return to === 'merged' ? storedType(subjects) : to === 'gguf' || to === 'ollama' ? 'F16' : types[0]!;
  const wanted = NAMES[asked.toLowerCase()] ?? asked.toLowerCase();
  const found = types.find((type) => (NAMES[type.toLowerCase()] ?? type.toLowerCase()) === wanted);
  if (found !== undefined) return found;
  throw new Failure('usage', `--type ${asked} is not possible with --to ${to}.`, `Choose ${types.join(', ')}.`, 2);
}

const NAMES: Readonly<Record<string, string>> = {
  float32: 'f32',
  fp32: 'f32',
  float16: 'f16',
  fp16: 'f16',
  bf16: 'bfloat16',
};

function requireAdapter(to: Target, { name, tuned }: Subjects): void {
  if ((to !== 'peft' && to !== 'gguf-lora') || tuned?.adapter) return;
  throw new Failure(
    'no-adapter',
    `${name} has no adapter: ${tuned ? 'all its weights were trained' : 'it is a whole model'}.`,
    'Export it with --to merged, gguf or ollama.',
    2,
  );
}

/** The type that most weights of the base have; of quantised ones the 16 bits that hold them. */
function storedType({ base: { model } }: Subjects): ExportType {
  const bytes = new Map<string, number>();
  for (const tensor of model.tensors.values()) bytes.set(tensor.dtype, (bytes.get(tensor.dtype) ?? 0) + tensor.bytes);
  const [most] = [...bytes].sort(([, a], [, b]) => b - a)[0]!;
  return most === 'F32' ? 'float32' : most === 'BF16' ? 'bfloat16' : 'float16';
}

/** What the check may find. */
export function weightTypeOf(type: ExportType): WeightType {
  if (type === 'F32' || type === 'float32') return 'float32';
  if (type === 'F16' || type === 'float16') return 'float16';
  return type === 'bfloat16' ? 'bfloat16' : type === 'Q8_0' ? '8 bits' : '4 bits';
}
