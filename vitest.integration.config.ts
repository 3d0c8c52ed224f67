import { defineConfig } from 'vitest/config';

// Tests that start processes, compile graphs or read large files. One file at a time: they use all processors.
export default defineConfig({
  test: {
    include: ['test/**/*.integration.test.ts'],
    exclude: ['test/workbench/**', '**/node_modules/**'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 600_000,
    passWithNoTests: true,
  },
});
