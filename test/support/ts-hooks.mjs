/** Node's module hooks behind run-ts.mjs: strips types, applies the mutant. */

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformWithOxc } from 'vite';

const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
let mutant = null;

export function initialize(data) {
  mutant = data.mutant;
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const path = fileURLToPath(url);
  let source = await readFile(path, 'utf8');
  if (mutant !== null && path === join(top, mutant.file)) {
    const parts = source.split(mutant.from);
    if (parts.length !== 2) {
      throw new Error(`mutant: '${mutant.from}' is ${parts.length - 1} times in ${mutant.file}`);
    }
    source = parts.join(mutant.to);
  }
  const { code } = await transformWithOxc(source, path, { sourcemap: false });
  return { format: 'module', source: code, shortCircuit: true };
}
