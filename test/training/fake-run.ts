import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { FakePlan } from './fake-trainer';

/** Bundles the fake trainer into `folder`; returns the path of the script. */
export function buildFakeTrainer(folder: string): string {
  const outfile = join(folder, 'trainer.js');
  buildSync({
    entryPoints: [join(import.meta.dirname, 'fake-trainer.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  return outfile;
}

export function plan(value: FakePlan): void {
  process.env['FAKE_TRAINER'] = JSON.stringify(value);
}

/** A new folder with its real path; `remove` deletes it. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'ft-test-')));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Waits until `value()` is neither false nor undefined nor null. */
export async function until<T>(value: () => T | Promise<T>, what: string, ms = 8000): Promise<NonNullable<T>> {
  const deadline = Date.now() + ms;
  for (;;) {
    const result = await value();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`Waited in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}
