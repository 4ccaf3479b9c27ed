/** Bytes that a folder takes on the disk: allocated ones, for files may have holes. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const blockBytes = 512;

/** Of the files whose path below `folder` matches. */
export function diskBytesOf(folder: string, pattern = /./): number {
  let total = 0;
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!pattern.test(entry)) continue;
    const stat = statSync(join(folder, entry), { throwIfNoEntry: false });
    if (stat?.isFile()) total += stat.blocks * blockBytes;
  }
  return total;
}
