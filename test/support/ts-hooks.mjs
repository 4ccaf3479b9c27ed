/** Node's module hooks behind run-ts.mjs: strips types, applies the mutant. */

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformWithOxc } from 'vite';

const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
let changes = [];

export function initialize({ mutant }) {
  changes = mutant === null ? [] : [mutant].flat();
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const path = fileURLToPath(url);
  let source = await readFile(path, 'utf8');
  for (const { file, from, to } of changes) {
    if (path !== join(top, file)) continue;
    const parts = source.split(from);
    if (parts.length !== 2) {
      throw new Error(`mutant: '${from}' is ${parts.length - 1} times in ${file}`);
    }
    source = parts.join(to);
  }
  const { code } = await transformWithOxc(source, path, { sourcemap: false });
  return { format: 'module', source: code, shortCircuit: true };
}
