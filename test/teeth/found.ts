/** Where each mutant was found last: found.json, in the order of the mutants. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Found, Hunted } from './hunt.ts';
import { mutants } from './mutants.ts';

const path = join(dirname(fileURLToPath(import.meta.url)), 'found.json');

export function readFound(): Map<string, Found> {
  const list = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Found[]) : [];
  return new Map(list.map((found) => [found.id, found]));
}

/** What was found now takes the place of what was found before. */
export function writeFound(results: readonly Hunted[]): void {
  const all = readFound();
  for (const { mutant, found } of results) {
    if (found === null) all.delete(mutant.id);
    else all.set(mutant.id, found);
  }
  const list = mutants.flatMap(({ id }) => all.get(id) ?? []);
  writeFileSync(path, `${JSON.stringify(list, null, 2)}\n`);
}
