import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { CountReporter } from './test/reporter.ts';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^pawl$/, replacement: source('./lib/index.ts') },
      { find: /^pawl\/client$/, replacement: source('./lib/client/index.ts') },
      { find: /^pawl\/testing$/, replacement: source('./lib/testing/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    globalSetup: ['test/build-first.ts'],
    // Vitest's own choice would leave a core idle.
    maxWorkers: availableParallelism(),
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default', new CountReporter()],
    coverage: {
      provider: 'v8',
      include: ['lib/kernel/**/*.ts', 'lib/service/**/*.ts'],
      reporter: ['text-summary'],
      thresholds: { lines: 90, statements: 90, functions: 90, branches: 90 },
    },
  },
});
