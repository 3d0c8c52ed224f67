import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/workbench/**', '**/*.integration.test.ts', 'node_modules/**'],
    pool: 'forks',
    testTimeout: 20_000,
  },
});
