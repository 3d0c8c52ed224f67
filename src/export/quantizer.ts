/** llama.cpp's own quantiser, for the types that are not written here. It is found on the PATH, never fetched. */
import { spawn } from 'node:child_process';
import { accessSync, constants, renameSync, rmSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure } from '../common/failure';
import type { QuantizerType } from './gguf-types';

const NAME = process.platform === 'win32' ? 'llama-quantize.exe' : 'llama-quantize';
/** Of what it prints, what is shown where it fails. */
const SHOWN_CHARACTERS = 500;

/** @throws Failure `no-llama-quantize` (exit code 2) */
export function requireQuantizer(type: QuantizerType): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => join(folder, NAME)).find(isProgram);
  if (found !== undefined) return found;
  throw new Failure(
    'no-llama-quantize',
    `Files of the type ${type} are made by llama.cpp's program llama-quantize, which is not on the PATH.`,
    'Install llama.cpp, or choose F32, F16, Q8_0 or Q4_0, which need no other program.',
    2,
  );
}

/**
 * Turns a GGUF file into one of another type; the source is removed. The file has its name only when it is whole.
 * @throws Failure `quantizer-failed` with the last lines that the program printed; the reason of the signal
 */
export async function quantize(
  program: string,
  source: string,
  file: string,
  type: QuantizerType,
  signal: AbortSignal | undefined,
): Promise<void> {
  const partial = `${file}.partial`;
  try {
    const { code, output } = await run(program, [source, partial, type], signal);
    signal?.throwIfAborted();
    if (code !== 0)
      throw new Failure(
        'quantizer-failed',
        `${program} could not write ${file} (${code}): ${output.slice(-SHOWN_CHARACTERS).trim()}`,
        'Check the free space and the version of llama.cpp, or choose F32, F16, Q8_0 or Q4_0.',
      );
    renameSync(partial, file);
  } finally {
    for (const name of [source, partial]) rmSync(name, { force: true });
  }
}

async function run(
  program: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ readonly code: number | string; readonly output: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      output = (output + bytes.toString()).slice(-2 * SHOWN_CHARACTERS);
    });
  const stop = (): boolean => child.kill();
  signal?.addEventListener('abort', stop);
  try {
    return await new Promise((resolve) => {
      child.on('error', (error) => resolve({ code: 'not started', output: error.message }));
      child.on('close', (code, killedBy) => resolve({ code: code ?? String(killedBy), output }));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
