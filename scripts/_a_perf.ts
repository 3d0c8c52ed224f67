import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { createRandom } from '../src/common/random';
import { initializeLora, isTarget, loraName } from '../src/training/adapters/lora';
import { magnitudeName, startMagnitude } from '../src/training/adapters/dora';
import { createCollator } from '../src/training/batches';
import { createOnnxRuntimeEngine } from '../src/training/engines/onnxruntime';
import { readDecoderConfig } from '../src/training/models/config';
import { linearModules } from '../src/training/models/tensors';
import { createTrainingSession, layoutFor } from '../src/training/session';
import { readSafetensorsHeader } from '../src/training/weights/safetensors';
import { readFloats } from '../src/training/weights/tensor-info';
const folder = '/tmp/fine-tune-bench/smollm2-135m';
const config = readDecoderConfig(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')), folder);
const { tensors } = readSafetensorsHeader(join(folder, 'model.safetensors'));
const weights = { location: (n: string) => tensors.get(n)! } as never;
const engine = createOnnxRuntimeEngine({ device: 'cpu', threads: 2, prepack: true });
const layout = layoutFor(512, config.vocabulary);
const collate = createCollator({ config, padId: 0, ...layout });
const random = createRandom(1);
const tokens = Int32Array.from({ length: 512 }, () => random.integer(config.vocabulary));
const trained = new Uint8Array(512).fill(1, 512 - 205);
const batch = collate([[{ line: 1, tokens, trained, lostTokens: 0, lostTrainedTokens: 0 }]] as never);
for (const targetModules of [['q_proj', 'v_proj'], ['all-linear']]) {
  const sessions = [];
  for (const [name, dora, dropout] of [['lora', false, 0], ['dora', true, 0], ['lora dropout', false, 0.1], ['dora dropout', true, 0.1]] as const) {
    const lora = { r: 8, alpha: 16, dropout, targetModules, dora };
    const modules = linearModules(config).filter((m) => isTarget(m.module, targetModules));
    const init = initializeLora(modules, 8, createRandom(1));
    const parameters = [...init].map(([n, t]) => ({ name: n, ...t }));
    if (dora) for (const m of modules) parameters.push({ name: magnitudeName(m.module), shape: [m.outFeatures], data: startMagnitude(readFloats(tensors.get(`${m.module}.weight`)!), init.get(loraName(m.module, 'A'))!.data, init.get(loraName(m.module, 'B'))!.data, lora) });
    sessions.push({ name, times: [] as number[], session: await createTrainingSession({ engine, weights, config, training: { method: 'lora', lora }, ...layout }, parameters) });
  }
  for (let i = 0; i < 4; i++) for (const s of sessions) { const c = process.cpuUsage(); await s.session.forwardBackward(batch, createRandom(i)); const d = process.cpuUsage(c); if (i) s.times.push((d.user + d.system) / 1e6); }
  for (const s of sessions) { console.log(targetModules.join(), s.name, 'CPU s/step', s.times.sort((a, b) => a - b)[1]!.toFixed(2)); await s.session.dispose(); }
}
