import * as path from 'node:path';

import { describe, expect, test } from 'vitest';

import { createTokenizer } from '../../../src/dataset/tokenizer';
import { createCollator } from '../../../src/training/batches';
import { createOnnxRuntimeEngine } from '../../../src/training/engines/onnxruntime';
import { readDecoderConfig } from '../../../src/training/models/config';
import { baseTensors } from '../../../src/training/models/tensors';
import { createEvaluationSession } from '../../../src/training/session';
import { openBaseModel } from '../../../src/training/weights/base-model';
import { materializeWeights } from '../../../src/training/weights/materialize';
import { relativeError } from '../oracle';
import { oracle, oracleJson, temporaryFolder } from './support';

interface Dump {
  readonly tokens: number[];
  /** Of every position, the logits of the first tokens of the vocabulary. */
  readonly logits: number[][];
  /** Texts and what transformers makes of them with the tokenizer in the file. */
  readonly texts: [string, number[]][];
}

const folder = temporaryFolder();

// Written by llama.cpp's `gguf` package; the logits are those of the model before it was converted (gguf_families.py).
describe.each(['qwen3', 'smollm3', 'gemma2', 'gemma3', 'phi3', 'phi3-longrope', 'gpt2'])('%s from GGUF', (family) => {
  const { tokens, logits, texts } = oracleJson<Dump>(`families/${family}.json`);
  const model = openBaseModel(oracle(`families/${family}.gguf`));

  test('the same logits as transformers', async () => {
    const config = readDecoderConfig(model.config, model.path);
    const names = baseTensors(config).map(({ name }) => name);
    const locations = materializeWeights(model, names, path.join(folder, `${family}.f32`));
    for (const { name, shape } of baseTensors(config)) expect(model.tensors.get(name)?.shape, name).toEqual(shape);
    expect([...model.tensors.keys()].sort()).toEqual(names.sort());
    const layout = { blocks: 1, headChunks: 1 };
    const session = await createEvaluationSession(
      {
        engine: createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: true }),
        weights: { location: (name) => locations.get(name)! },
        config,
        training: { method: 'none' },
        ...layout,
      },
      [],
    );
    const example = { line: 1, tokens: Int32Array.from(tokens), trained: new Uint8Array(tokens.length).fill(1) };
    const batch = createCollator({ config, padId: 0, ...layout })([
      [{ ...example, lostTokens: 0, lostTrainedTokens: 0 }],
    ]);
    const { data } = await session.logits(batch);
    const width = logits[0]!.length;
    // The last position predicts nothing, so it has no logits here.
    const expected = logits.slice(0, -1).flat();
    const found = logits
      .slice(0, -1)
      .flatMap((_, row) => [...data.subarray(row * config.vocabulary, row * config.vocabulary + width)]);
    expect(relativeError(found, expected)).toBeLessThan(1e-5);
    await session.dispose();
  });

  test.runIf(texts.length > 0)('the same tokens as transformers', () => {
    const tokenizer = createTokenizer(model.tokenizerJson, model.tokenizerConfig);
    const wrong = texts.flatMap(([text, expected]) => {
      const found = [...tokenizer.encode(text).ids];
      return found.join() === expected.join() ? [] : [{ text, found, expected }];
    });
    expect(wrong).toEqual([]);
  });
});
