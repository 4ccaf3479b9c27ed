/**
 * Changes of directory entries that survive a crash, made without holding up the event loop or the
 * log that is synced beside them.
 */

import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** How much of a file is freed at once: a disk that is told (discard) took 22 ms for 16 MB. */
const shrinkBytes = 1024 * 1024;
/** Ending of files that are on their way out: a start removes what a crash left of them. */
export const discarded = '.discarded';

/**
 * Makes a directory, and those above it, durably: what is synced inside is lost with its entry.
 * Also when it is there, for a crash may have come before its entry was safe. At a start only: it
 * waits.
 */
export function makeDirectory(directory: string): void {
  const path = resolve(directory);
  const first = resolve(mkdirSync(path, { recursive: true }) ?? path);
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    const handle = openSync(dirname(made), 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}

/** Makes new, renamed and removed entries durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Between two bits of a file that goes: in between the disk is free for others. */
export type Rest = () => Promise<void>;

export const noRest: Rest = async () => {};

/**
 * Removes a large file bit by bit: freeing all of its blocks at once holds up every sync on the
 * same disk for tens of ms. Each bit is synced, or the journal of the file system gathers them.
 * Under its old name the file is gone, durably, before it is touched.
 */
export async function discardFile(path: string, rest = noRest): Promise<void> {
  const leaving = path + discarded;
  await rename(path, leaving);
  await syncDirectory(dirname(path));
  const handle = await open(leaving, 'r+');
  try {
    for (let { size } = await handle.stat(); size > 0; ) {
      size = Math.max(0, size - shrinkBytes);
      await handle.truncate(size);
      await handle.datasync();
      await rest();
    }
  } finally {
    await handle.close();
  }
  await unlink(leaving);
}
