/**
 * Parts of the command line compiled into a folder of their own, for tests that need a process of
 * its own to kill: always today's sources, whatever dist/ holds. Type errors are not looked for.
 */

import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { treeTop } from '../support/tidy-source.ts';

/** Compiles `files` (and what they import) into `folder`, where they keep their places. */
export function compile(files: readonly string[], folder: string): void {
  const config = join(folder, 'tsconfig.json');
  const settings = {
    extends: join(treeTop, 'tsconfig.json'),
    compilerOptions: {
      rootDir: treeTop,
      outDir: folder,
      sourceMap: false,
      declaration: false,
      noCheck: true,
      typeRoots: [join(treeTop, 'node_modules/@types')],
    },
    include: [],
    files: files.map((file) => join(treeTop, file)),
  };
  writeFileSync(config, JSON.stringify(settings));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(treeTop, 'node_modules'), join(folder, 'node_modules'), 'dir');
  const tsc = join(treeTop, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`tsc: ${stdout}`);
}
