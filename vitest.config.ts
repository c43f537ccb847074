import { defineConfig } from 'vitest/config';

const shared = {
  // For a machine that is slow and busy: nothing here is a measure of speed.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  pool: 'forks' as const,
};

export default defineConfig({
  test: {
    // Tests start processes of their own: as many files at once as a small machine has cores.
    maxWorkers: 2,
    projects: [
      // Pure code waits for no database.
      { test: { ...shared, name: 'unit', include: ['tests/unit/**/*.test.ts'] } },
      {
        test: {
          ...shared,
          name: 'services',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/unit/**', 'tests/chaos/**'],
          globalSetup: ['tests/support/global-setup.ts'],
        },
      },
      // After the others, which it would disturb; mostly it waits for what it broke to recover.
      {
        test: {
          ...shared,
          name: 'chaos',
          include: ['tests/chaos/**/*.test.ts'],
          globalSetup: ['tests/support/global-setup.ts'],
          maxWorkers: 6,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
