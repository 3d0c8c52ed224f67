import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { decodeText } from '../../../src/dataset/encoding';
import type { CheckedFile } from '../../../src/dataset-lsp/check';
import { lintText, type LintOptions } from '../../../src/dataset-lsp/linter';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export function temporaryFolder(): {
  readonly path: string;
  write(name: string, content: string | Buffer): string;
  remove(): void;
} {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'check-')));
  return {
    path,
    write: (name, content) => {
      writeFileSync(join(path, name), content);
      return join(path, name);
    },
    remove: () => rmSync(path, { recursive: true }),
  };
}

/** The thread's bundle, with the vocabulary where it lies in a package. */
export async function buildWorker(folder: string): Promise<string> {
  const outfile = join(folder, 'dist', 'check-worker.js');
  mkdirSync(join(folder, 'dist'), { recursive: true });
  symlinkSync(join(root, 'media'), join(folder, 'media'), 'junction');
  await build({
    entryPoints: [join(root, 'src/dataset-lsp/check/worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: ['onnxruntime-node'],
    logLevel: 'error',
  });
  return outfile;
}

/** What the linter says of the same bytes in memory. */
export function lintBytes(
  bytes: Buffer,
  options: LintOptions = {},
): Pick<CheckedFile, 'format' | 'summary' | 'problems'> {
  const { text, problems } = decodeText(bytes);
  return lintText(text, { ...options, encoding: problems });
}

export function comparable({
  format,
  summary,
  problems,
}: Pick<CheckedFile, 'format' | 'summary' | 'problems'>): unknown {
  return { format, summary: { ...summary, tokensEstimated: undefined }, problems };
}
