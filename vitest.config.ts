import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    globalSetup: './test/engine/global-setup.ts',
    setupFiles: ['./test/patience.ts', './test/seed.ts'],
    // They end what hangs, and no test that is only slow.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
  },
});
