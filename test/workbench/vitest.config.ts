import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// One file drives one window from start to end; a step that fails leaves nothing for the next ones to build on.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/workbench/*.test.ts'],
    fileParallelism: false,
    bail: 1,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 20_000 } },
  },
});
