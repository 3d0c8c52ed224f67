import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Folder of the runtime's libraries for this platform, as a file at `from` finds it; `undefined` where it is not installed. */
export function engineFolder(from: string): string | undefined {
  try {
    const main = createRequire(from).resolve('onnxruntime-node');
    return join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch);
  } catch {
    return undefined;
  }
}
