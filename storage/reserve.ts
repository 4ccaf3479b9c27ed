/**
 * Room for a file ahead of its use. A sync of a file that has grown must also write where its new
 * blocks lie, through the file system's journal, for which all that share the disk wait; in blocks
 * that are there already it writes the data and nothing else.
 */

import { open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { assert } from '../protocol/assert.ts';

/** Synced bit by bit, so that a log beside it does not wait for all of it at once. */
const chunkBytes = 1024 * 1024;
/** What is free must be as many times what is reserved: others may need it more. */
const plenty = 4;

/**
 * Fills the file with zeros from its end up to `bytes`, durably, if there is plenty of room. Nobody
 * may write to it meanwhile.
 */
export async function reserve(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  if (bavail * bsize < bytes * plenty) return;
  const handle = await open(path, 'r+');
  try {
    const { size } = await handle.stat();
    const zeros = Buffer.alloc(Math.max(0, Math.min(chunkBytes, bytes - size)));
    for (let at = size; at < bytes; ) {
      const { bytesWritten } = await handle.write(zeros, 0, Math.min(zeros.length, bytes - at), at);
      assert(bytesWritten > 0, 'reserve: a write that writes nothing fails');
      await handle.datasync();
      at += bytesWritten;
    }
  } finally {
    await handle.close();
  }
}
