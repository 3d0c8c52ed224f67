/** Writes an adapter as GGUF, for llama.cpp's `--lora` and Ollama's `ADAPTER`, over a base in GGUF. */
import { Failure } from '../common/failure';
import type { Subject } from '../evaluation/subject';
import { type LoraConfig, loraScale, moduleOf } from '../training/adapters/lora';
import type { Parameter } from '../training/optimizer';
import { GGUF_LAYOUTS } from '../training/weights/gguf-architectures';
import { type GgufHeads, permute, permutedHeads, storedName } from '../training/weights/gguf-layout';
import type { GgufEntry } from './gguf-file';
import { writeTensors } from './gguf';
import { headsOf, modelEntries } from './gguf-metadata';
import type { GgufTensor } from './gguf-tensors';

/** Why the adapter cannot be kept apart from the base; `undefined` where it can. */
export function ggufAdapterSupport({ adapter }: Pick<Subject, 'adapter'>): string | undefined {
  if (!adapter) return 'there is no adapter';
  return adapter.lora.dora === true ? 'llama.cpp has no DoRA, only adapters that are added to the weights' : undefined;
}

/**
 * In F32. @throws Failure (exit code 2) `gguf-adapter-unsupported`, `gguf-unsupported`; else `disk-full`, `write-failed`
 */
export async function writeGgufAdapter(file: string, subject: Subject): Promise<void> {
  const reason = ggufAdapterSupport(subject);
  if (reason !== undefined || !subject.adapter)
    throw new Failure(
      'gguf-adapter-unsupported',
      `The adapter cannot be written as GGUF: ${reason}.`,
      'Export the merged model instead (--to gguf).',
      2,
    );
  // Refuses a model that llama.cpp would compute otherwise.
  modelEntries(subject);
  const { lora, parameters } = subject.adapter;
  const heads = headsOf(subject.checked.config);
  const entries: GgufEntry[] = [
    ['general.architecture', 'string', heads.architecture],
    ['general.type', 'string', 'adapter'],
    ['adapter.type', 'string', 'lora'],
    ['adapter.lora.alpha', 'float32', alphaOf(lora)],
  ];
  await writeTensors(
    file,
    entries,
    parameters.map((parameter) => tensorOf(parameter, heads)),
    {},
  );
}

/** llama.cpp multiplies by alpha / r, whatever the training had. */
const alphaOf = (lora: LoraConfig): number => loraScale(lora) * lora.r;

/** A [r, in] as it is; B [out, r] with its rows in the order of those of the base. */
function tensorOf({ name, shape, data }: Parameter, heads: GgufHeads): GgufTensor {
  const module = moduleOf(name);
  const stored = storedName(GGUF_LAYOUTS[heads.architecture], `${module}.weight`);
  if (stored === undefined) throw new Error(`${module} has no place in a GGUF file of ${heads.architecture}`);
  const isB = name.endsWith('.lora_B.weight');
  const permuted = isB ? permutedHeads(module, heads) : undefined;
  const read = (): Float32Array => (permuted === undefined ? data : permute(data, permuted, heads.headSize));
  return { name: `${stored}.lora_${isB ? 'b' : 'a'}`, type: 'F32', shape, read };
}
