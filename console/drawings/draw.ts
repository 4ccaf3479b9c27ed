/**
 * `npm run draw`: writes the drawings and pages of all machines, and removes those of machines that
 * are gone. Runs when somebody changes a machine; nothing of it is part of the product.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { machines } from '../../machines/index.ts';
import { allDrawings, drawingFolder, isMade, pageFolder } from './drawings.ts';

/** The files that are made, as they are below `top`. */
export function madeFiles(top: string): Map<string, string> {
  const paths = [drawingFolder, pageFolder].flatMap((folder) => {
    mkdirSync(join(top, folder), { recursive: true });
    return readdirSync(join(top, folder)).map((name) => `${folder}/${name}`);
  });
  return new Map(paths.filter(isMade).map((path) => [path, readFileSync(join(top, path), 'utf8')]));
}

/** Reads the machines' sources below `source`, writes below `top`. */
export async function draw(source: string, top: string): Promise<void> {
  const read = (path: string) => readFileSync(join(source, path), 'utf8');
  const files = await allDrawings({ machines, read });
  for (const path of madeFiles(top).keys()) if (!files.has(path)) rmSync(join(top, path));
  for (const [path, text] of files) writeFileSync(join(top, path), text);
}

const ownPath = fileURLToPath(import.meta.url);
if (argv[1] === ownPath) {
  const top = dirname(dirname(dirname(ownPath)));
  await draw(top, top);
}
