/** Models with random adapters, one for each thing in which merging differs. */
import { join } from 'node:path';
import type { Subject } from '../../src/evaluation/subject';
import { withAdapter } from './models';

const ORACLES = join(__dirname, '..', 'training', 'weights', 'oracles');

export interface ExportCase {
  readonly name: string;
  readonly subject: Subject;
}

export function exportCases(): ExportCase[] {
  const at = (file: string): string => join(ORACLES, `${file}.gguf`);
  const families = ['qwen3', 'smollm3', 'gemma2', 'gemma3', 'phi3', 'gpt2'];
  return [
    { name: 'llama-lora', subject: withAdapter(at('llama')) },
    { name: 'llama-rslora', subject: withAdapter(at('llama'), { rslora: true }) },
    { name: 'llama-dora', subject: withAdapter(at('llama'), { dora: true }) },
    { name: 'llama-qlora', subject: { ...withAdapter(at('llama')), nf4: { doubleQuant: true } } },
    { name: 'qwen2-lora', subject: withAdapter(at('qwen2')) },
    { name: 'qwen2-dora-rslora', subject: withAdapter(at('qwen2'), { dora: true, rslora: true }) },
    { name: 'qwen2-qlora', subject: { ...withAdapter(at('qwen2')), nf4: { doubleQuant: false } } },
    ...families.map((family) => ({ name: `${family}-lora`, subject: withAdapter(at(`families/${family}`)) })),
    { name: 'gemma3-dora', subject: withAdapter(at('families/gemma3'), { dora: true }) },
    { name: 'gpt2-dora', subject: withAdapter(at('families/gpt2'), { dora: true }) },
    { name: 'phi3-qlora', subject: { ...withAdapter(at('families/phi3')), nf4: { doubleQuant: true } } },
  ];
}
