/**
 * How vitest runs our tests. Each file gets a process of its own (forks): LMDB is a native library
 * and servers are started by some tests, so nothing may leak from one file into another.
 */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
