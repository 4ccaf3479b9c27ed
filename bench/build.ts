/**
 * The compiled replica that is measured: built when dist/ is missing or older than the sources, and
 * then copied, so that a build made meanwhile does not change what runs.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const top = dirname(dirname(fileURLToPath(import.meta.url)));
const sourceFolders = ['protocol', 'machines', 'storage', 'actors', 'client', 'cli'];

/** @returns the copy's dist/, below `folder` */
export function prepareBuild(folder: string, given: string | null): string {
  const source = given ?? join(top, 'dist');
  if (given === null && isOutdated(source)) {
    console.error('bench: dist/ is missing or older than the sources: npm run build');
    execFileSync('npm', ['run', 'build'], { cwd: top, stdio: ['ignore', 2, 2] });
  }
  const copy = join(folder, 'build');
  cpSync(source, join(copy, 'dist'), { recursive: true });
  cpSync(join(top, 'package.json'), join(copy, 'package.json'));
  symlinkSync(join(top, 'node_modules'), join(copy, 'node_modules'));
  return join(copy, 'dist');
}

/** By the newest file on either side. */
function isOutdated(build: string): boolean {
  const main = join(build, 'cli/main.js');
  if (!existsSync(main)) return true;
  const builtMs = Math.max(...sourceFolders.flatMap((folder) => timesIn(join(build, folder))));
  const changedMs = Math.max(...sourceFolders.flatMap((folder) => timesIn(join(top, folder))));
  return changedMs > builtMs;
}

function timesIn(folder: string): number[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => /\.(ts|mts|mjs|js)$/.test(name));
  return files.map((name) => statSync(join(folder, name)).mtimeMs);
}
