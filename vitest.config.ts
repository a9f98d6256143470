import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    setupFiles: [
      './test/harness/aws-environment.ts',
      './test/harness/contract/no-deviations.ts',
      './test/harness/patience.ts',
      './test/harness/seed.ts',
    ],
    // These stop a test that hangs; no test fails for being slow.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    // By default Vitest leaves a core to itself, which needs none while tests run.
    maxWorkers: '100%',
    projects: [
      // Mirrors the sources; needs no engine, no Java and no browser.
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      // What crosses rooms, against DynamoDB Local.
      {
        extends: true,
        test: {
          name: 'promises',
          include: ['test/promises/**/*.test.ts'],
          globalSetup: './test/harness/engine/global-setup.ts',
        },
      },
    ],
  },
});
