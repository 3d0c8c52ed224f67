import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import { loadMethod, loadOracle, relativeError } from './oracle';
import { quantizedWeights } from './quantized';
import { replay, startingAdapter } from './replay';

// `npm test` points Vulkan's loader at Chromium's software device where there is no GPU (scripts/lib/system.mjs).
const device = process.env.VK_ICD_FILENAMES;
const reason = device === undefined ? ' (skipped: VK_ICD_FILENAMES names no Vulkan device)' : '';
const required = process.env.CI === 'true';

describe.skipIf(device === undefined && !required)(`the same graph on WebGPU${reason}`, () => {
  it('the device is there', () => {
    expect(existsSync(device!)).toBe(true);
  });

  // Grouped queries, a tied head and biases; an own head and all seven layers; caps, GELU and windows; fused matrices.
  it.each(['llama-tied', 'qwen2', 'mistral', 'gemma2', 'phi3'] as const)(
    '%s: the losses of 20 steps',
    async (model) => {
      const { dump, tensors } = loadOracle(model);
      const parameters = startingAdapter(tensors);
      const engine = createOnnxRuntimeEngine({ device: 'webgpu', threads: 2, prepack: true });
      const tolerance = { loss: 1e-3, gradientNorm: 1e-2 };
      await replay(engine, model, { method: 'lora', lora: dump.lora }, parameters, dump.training, tolerance);
      for (const { name, data } of parameters)
        expect(relativeError(data, tensors.get(`trained.${name}`)!.data), name).toBeLessThan(1e-2);
    },
  );

  // Decoded in the graph, by operations that this device partly leaves to the processor.
  it('qwen2 in NF4: the losses of 3 steps', async () => {
    const { dump } = loadMethod('qlora-qwen2');
    const engine = createOnnxRuntimeEngine({ device: 'webgpu', threads: 2, prepack: true });
    const training = { method: 'lora' as const, lora: dump.lora };
    const tolerance = { loss: 1e-3, gradientNorm: 1e-2 };
    const weights = quantizedWeights('qwen2', true);
    const parameters = startingAdapter(loadOracle('qwen2').tensors);
    const expected = { ...dump.training!, steps: dump.training!.steps.slice(0, 3) };
    await replay(engine, 'qwen2', training, parameters, expected, tolerance, 0, weights);
  });
});
