import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

import { afterAll } from 'vitest';

import { Failure } from '../../../src/common/failure';

const ORACLES = path.join(__dirname, 'oracles');

/** Path of a file made by scripts/oracles/weights.py. */
export function oracle(name: string): string {
  return path.join(ORACLES, name);
}

export function oracleJson<T>(name: string): T {
  return JSON.parse(fs.readFileSync(oracle(name), 'utf8')) as T;
}

export function fromBase64(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text, 'base64')).buffer;
}

/** An empty folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'weights-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The failure that a call ends with; any other error, or none, makes the test fail. */
export function failureOf(call: () => unknown): Failure {
  try {
    call();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('No failure');
}
