import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRandom } from '../../../src/common/random';
import { BANDS, SignatureTable } from '../../../src/dataset/minhash';
import { BlockFile } from '../../../src/dataset-lsp/check/block-file';
import { temporaryFolder } from './support';

const folder = temporaryFolder();
afterEach(() => vi.unstubAllEnvs());

describe('signatures in a file', () => {
  it('are those of a table in memory', () => {
    vi.stubEnv('TMPDIR', folder.path);
    const store = new BlockFile();
    const stored = new SignatureTable(store);
    const kept = new SignatureTable();
    const random = createRandom(3);
    const signature = new Uint32Array(BANDS);
    const rows = 70 * 16_384 + 5;
    for (let row = 0; row < rows; row++) {
      for (let band = 0; band < BANDS; band++) signature[band] = random.integer(2 ** 32 - 1);
      // One in nine has no words.
      const one = row % 9 === 0 ? undefined : signature;
      stored.add(one);
      kept.add(one);
    }
    for (const band of [0, 7, BANDS - 1])
      expect(Buffer.from(stored.column(band).buffer).equals(Buffer.from(kept.column(band).buffer))).toBe(true);
    for (const row of [1, 16_385, 500_000, rows - 1]) expect(stored.agreeing(row, row)).toBe(BANDS);
    expect(stored.agreeing(0, 9)).toBe(BANDS);
    expect(stored.agreeing(1, rows - 1)).toBe(kept.agreeing(1, rows - 1));
    store.close();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('say what to do when there is no room', () => {
    vi.stubEnv('TMPDIR', `${folder.path}/gone`);
    expect(() => new BlockFile().add(new Uint32Array(4))).toThrow(/needs a temporary file, which cannot be written/);
  });
});
