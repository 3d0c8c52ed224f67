import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Failure } from '../../common/failure';
import { lintBlock, type ChunkResult } from './chunk';
import { taskOf, type LineJob } from './job';
import { LineReader, type ByteRange, type OpenFile } from './line-block';
import type { WorkerAnswer, WorkerSetup } from './worker-protocol';

/** One range of a file after the other, each with what its lines say. */
export interface DoneChunk {
  readonly range: ByteRange;
  /** Byte of the first line. */
  readonly offset: number;
  readonly result: ChunkResult;
}

export interface Threads {
  /** Bundle of `worker.ts`; without it, everything is done in this thread. */
  readonly workerPath: string | undefined;
  readonly count: number;
}

// Below this, starting threads takes longer than the work.
const SMALL_FILE = 4 << 20;
const THREAD_CHUNK = 4 << 20;
// This thread has other things to do in between.
const OWN_CHUNK = 256 << 10;

/**
 * Goes through a file in ranges, by threads when it is large, and yields them in their order.
 * Throws the signal's reason when it is aborted, and a `Failure` when the file changes or a line needs too much memory.
 */
export function runChunks(
  file: OpenFile,
  job: LineJob,
  { workerPath, count }: Threads,
  signal?: AbortSignal,
): AsyncGenerator<DoneChunk, void> {
  const size = file.size - file.begin;
  if (workerPath === undefined || size <= SMALL_FILE)
    return runHere(file, job, rangesOf(file, workerPath === undefined ? OWN_CHUNK : THREAD_CHUNK), signal);
  const threads = Math.max(1, Math.min(count, Math.ceil(size / THREAD_CHUNK)));
  return runInThreads(file, job, rangesOf(file, THREAD_CHUNK), { workerPath, count: threads }, signal);
}

function rangesOf({ begin, size }: OpenFile, step: number): ByteRange[] {
  const ranges: ByteRange[] = [];
  for (let start = begin; start < size; start += step) ranges.push({ start, end: Math.min(size, start + step) });
  return ranges;
}

async function* runHere(
  file: OpenFile,
  job: LineJob,
  ranges: readonly ByteRange[],
  signal: AbortSignal | undefined,
): AsyncGenerator<DoneChunk, void> {
  const reader = new LineReader(file);
  const task = taskOf(job);
  for (const range of ranges) {
    signal?.throwIfAborted();
    const block = reader.read(range);
    yield { range, offset: block.offset, result: lintBlock(block, task) };
    await setImmediate();
  }
}

/** Ranges that are done before an earlier one wait for it; so many may be under way. */
const AHEAD = 4;

async function* runInThreads(
  file: OpenFile,
  job: LineJob,
  ranges: readonly ByteRange[],
  { workerPath, count }: { readonly workerPath: string; readonly count: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<DoneChunk, void> {
  const done = new Map<number, DoneChunk>();
  const idle: Worker[] = [];
  let next = 0;
  let wanted = 0;
  let failure: unknown;
  let wake = (): void => undefined;
  const fail = (error: unknown): void => {
    failure ??= error;
    wake();
  };
  const dispatch = (): void => {
    while (idle.length > 0 && next < ranges.length && next < wanted + AHEAD * count) send(idle.pop()!, next++);
  };
  const underWay = new Map<Worker, number>();
  const send = (worker: Worker, index: number): void => {
    underWay.set(worker, index);
    worker.postMessage(ranges[index]);
  };
  const { fd, path, size, begin } = file;
  const setup: WorkerSetup = { file: { fd, path, size, begin }, job };
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(workerPath, { workerData: setup });
    worker.on('message', (answer: WorkerAnswer) => {
      const index = underWay.get(worker)!;
      if (!answer.ok) {
        const { code, message, hint, exitCode } = answer.failure;
        return fail(new Failure(code, message, hint, exitCode));
      }
      done.set(index, { range: ranges[index]!, offset: answer.offset, result: answer.result });
      idle.push(worker);
      dispatch();
      wake();
    });
    worker.on('error', (error: unknown) => fail(outOfMemory(error, file, ranges[underWay.get(worker) ?? 0])));
    return worker;
  });
  const abort = (): void => fail(signal?.reason);
  signal?.addEventListener('abort', abort);
  try {
    signal?.throwIfAborted();
    idle.push(...workers);
    while (wanted < ranges.length) {
      dispatch();
      if (failure !== undefined) throw failure;
      const chunk = done.get(wanted);
      if (!chunk) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      done.delete(wanted++);
      yield chunk;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function outOfMemory(error: unknown, { path }: OpenFile, range: ByteRange | undefined): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ERR_WORKER_OUT_OF_MEMORY' || !range) return error;
  return new Failure(
    'data-too-large',
    `${path} has a line after byte ${range.start} that needs more memory than there is.`,
    'Split the record, or set NODE_OPTIONS=--max-old-space-size to more megabytes.',
    2,
  );
}
