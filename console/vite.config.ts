/**
 * Builds the console's app to dist/console: files only, nothing inline, so that the strictest
 * content security policy holds. The drawings of the machines are copied beside it.
 */

import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, '../dist/console');

/** Beside the app, wherever that is built to. */
function copyDrawings({ dir = join(built, 'app') }: { dir?: string | undefined }): void {
  const to = join(dir, '../drawings');
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(join(here, 'drawings'))) {
    if (/\.(svg|css)$/.test(name)) copyFileSync(join(here, 'drawings', name), join(to, name));
  }
}

export default defineConfig({
  root: join(here, 'app'),
  base: './',
  logLevel: 'warn',
  build: {
    outDir: join(built, 'app'),
    emptyOutDir: true,
    // Inline would be data: addresses, which the policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    reportCompressedSize: false,
    target: 'es2023',
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [{ name: 'drawings', writeBundle: copyDrawings }],
});
