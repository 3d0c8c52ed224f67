// A thread of `check`: lints the ranges of bytes it is sent, and answers each.
import { parentPort, workerData } from 'node:worker_threads';
import { Failure } from '../../common/failure';
import { lintBlock } from './chunk';
import { taskOf } from './job';
import { LineReader, type ByteRange } from './line-block';
import type { WorkerAnswer, WorkerSetup } from './worker-protocol';

const { file, job } = workerData as WorkerSetup;
const reader = new LineReader(file);
let task: ReturnType<typeof taskOf> | undefined;

parentPort?.on('message', (range: ByteRange) => {
  let answer: WorkerAnswer;
  let transfer: ArrayBuffer[] = [];
  try {
    task ??= taskOf(job);
    const block = reader.read(range);
    const result = lintBlock(block, task);
    answer = { ok: true, offset: block.offset, result };
    transfer = [
      result.rowOffsets.buffer,
      ...Object.values(result.facts).map((column: { readonly buffer: ArrayBuffer }) => column.buffer),
    ];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, hint, exitCode } = error;
    answer = { ok: false, failure: { code, message, hint, exitCode } };
  }
  parentPort?.postMessage(answer, transfer);
});
