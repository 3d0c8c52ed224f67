import { expect, it } from 'vitest';
import { createOnnxRuntimeEngine } from '../../../src/training/engines/onnxruntime';
import { Graph } from '../../../src/training/graph/graph';

// As in Node 24, where the package asks for this class once; its numbers have another size here, so that taking them shows.
class Float16Array extends Uint8Array {}

it('weights in 16 bits reach the engine as bits, whatever the runtime makes of them', async () => {
  Object.assign(globalThis, { Float16Array });
  const graph = new Graph();
  const half = graph.input('half', [4], 'float16');
  const engine = createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: false });
  const none = { location: (name: string): never => expect.fail(name) };
  const executable = await engine.compile({ outputs: { y: graph.add(graph.float(half), graph.scalar(1)) } }, none);
  // 1, −2, 0.5 and 65504 in IEEE 754 binary16.
  const { y } = await executable.run({ half: { data: Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x7bff), shape: [4] } });
  await executable.dispose();
  expect([...y!.data]).toEqual([2, -1, 1.5, 65505]);
});
