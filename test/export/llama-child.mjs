// What llama.cpp computes with GGUF files, in a process of its own. Reads jobs (JSON) from stdin, writes their results.
import { text } from 'node:stream/consumers';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';

const jobs = JSON.parse(await text(process.stdin));
const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  progressLogs: false,
  logLevel: LlamaLogLevel.error,
  maxThreads: 1,
});
const results = [];
for (const { model: modelPath, adapter, tokens, texts = [], contextSize } of jobs) {
  const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
  const tokenized = texts.map((one) => [...model.tokenize(one, true)]);
  const result = { tokenized, eog: [model.tokens.eos, model.tokens.eot] };
  if (tokens) {
    const context = await model.createContext({
      contextSize,
      flashAttention: false,
      experimentalKvCacheKeyType: 'F32',
      experimentalKvCacheValueType: 'F32',
      swaFullCache: true,
      ...(adapter && { lora: { adapters: [{ filePath: adapter, scale: 1 }] } }),
    });
    const sequence = context.getSequence();
    const outputs = await sequence.controlledEvaluate(
      tokens.map((token) => [token, { generateNext: { logits: true, options: { temperature: 0 } } }]),
    );
    result.logits = outputs.map(({ next }) => {
      const row = [];
      for (const [token, logit] of next.logits) row[token] = logit;
      return row;
    });
    await context.dispose();
  }
  results.push(result);
  await model.dispose();
}
process.stdout.write(JSON.stringify(results), () => process.exit(0));
