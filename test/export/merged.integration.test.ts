import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, describe, expect, it } from 'vitest';
import { type Subject, openSubjects } from '../../src/evaluation/subject';
import { writeMerged } from '../../src/export/merged';
import { writeAdapterFolder } from '../../src/export/peft';
import { exportCases } from './export-cases';
import { largestDifference, ownLogits } from './logits';

// With FINE_TUNE_EXPORTS the files stay there, for scripts/oracles/exports.py.
const kept = process.env['FINE_TUNE_EXPORTS'];
const root = kept ?? mkdtempSync(join(tmpdir(), 'merged-'));
afterAll(() => {
  if (kept === undefined) rmSync(root, { recursive: true, force: true });
});

const TOKENS = [3, 17, 40, 5, 99, 7, 7, 33, 11, 64, 81, 9];
/** Of the log-probability of any token; the weights are random and large, so that rounding shows. */
const LIMITS = { F32: 1e-4, F16: 0.02, BF16: 0.4 } as const;

const HALVES = [
  ['F16', 'merged-float16'],
  ['BF16', 'merged-bfloat16'],
] as const;

describe.each(exportCases())('$name', ({ name, subject }) => {
  const folder = join(root, name);
  const write = async (what: string, from: Subject, dtype: keyof typeof LIMITS, maxShardBytes: number) => {
    mkdirSync(join(folder, what), { recursive: true });
    const rest = { card: '', onProgress: () => undefined, signal: new AbortController().signal };
    await writeMerged(join(folder, what), from, { dtype, maxShardBytes, ...rest });
    return openSubjects(join(folder, what)).base;
  };
  const logits = (one: Subject): Promise<number[][]> => ownLogits(one, TOKENS, join(folder, 'scratch.f32'));

  it('computes, merged, what base and adapter compute', async () => {
    const merged = await write('merged', subject, 'F32', 10_000);
    expect(readdirSync(join(folder, 'merged'))).toContain('model.safetensors.index.json');
    const expected = await logits(subject);
    const base = await write('base', { ...subject, adapter: undefined }, 'F32', Infinity);
    const { parameters, lora } = subject.adapter!;
    const adapter = { base: base.model, parameters, lora, template: undefined, card: '' };
    writeAdapterFolder(join(folder, 'adapter'), adapter);
    expect(largestDifference(await logits(merged), expected)).toBeLessThan(LIMITS.F32);
    // The adapter counts, so that a forgotten one shows.
    expect(largestDifference(await logits(base), expected)).toBeGreaterThan(0.03);
    // Rounding is the same for all.
    if (name !== 'llama-lora' && kept === undefined) return;
    for (const [type, what] of HALVES)
      expect(largestDifference(await logits(await write(what, subject, type, Infinity)), expected)).toBeLessThan(
        LIMITS[type],
      );
  });
});
