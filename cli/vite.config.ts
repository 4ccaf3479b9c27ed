/**
 * Puts what a replica runs into few files: the compiled dist/cli/main.js with all that it imports,
 * so that a start reads one module in place of hundreds (docs/COSTS.md, a start). What is needed
 * only sometimes stays apart; so does lmdb, which looks for its native part from where it lies.
 */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const programs = join(top, 'dist/cli');

export default defineConfig({
  root: top,
  logLevel: 'warn',
  build: {
    ssr: true,
    outDir: programs,
    emptyOutDir: false,
    // Traces are read by people.
    minify: false,
    sourcemap: true,
    target: 'node20',
    rolldownOptions: {
      input: { main: join(programs, 'main.js') },
      output: { entryFileNames: '[name].js', chunkFileNames: 'main.[name].js' },
    },
  },
  ssr: { noExternal: true, external: ['lmdb'] },
});
