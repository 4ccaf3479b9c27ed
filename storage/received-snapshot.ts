/**
 * A peer's snapshot, in a file of its own beside the tree. It takes the tree's place at a start,
 * once the log was restarted behind it: that is the one moment at which the peer's history becomes
 * ours. Before it the received file is refuse, after it the old tree is; a crash at any point
 * leaves one of the two, and the next start goes on from there.
 */

import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert } from '../protocol/assert.ts';
import { formatZxid } from '../protocol/zxid.ts';
import { discarded, discardFile, syncDirectory } from './directory.ts';
import { SnapshotFile, usualMapBytes } from './snapshot-file.ts';
import type { SnapshotMeta, SnapshotReceiver } from './snapshot-store.ts';
import { remedy, StorageError } from './storage-error.ts';

export const treePath = (directory: string): string => join(directory, 'tree.mdb');
const receivedPath = (directory: string): string => join(directory, 'tree.received.mdb');
/** Every finished pass is at least the first, so that these pages belong to it. */
const pagePass = 1;
const place = 0;

export class LmdbReceiver implements SnapshotReceiver {
  readonly #file: SnapshotFile;
  isOpen = true;

  private constructor(file: SnapshotFile) {
    this.#file = file;
  }

  static async begin(directory: string, mapBytes: number): Promise<LmdbReceiver> {
    const path = receivedPath(directory);
    await discardReceived(path);
    return new LmdbReceiver(await SnapshotFile.open(path, mapBytes));
  }

  writePage(page: number, bytes: Buffer): Promise<void> {
    assert(this.isOpen, 'snapshot: a page is received before the end');
    return this.#file.writePage({ page, place, bytes }, pagePass);
  }

  /** A page that could not be written fails this too: the file takes nothing after a failure. */
  async finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void> {
    assert(this.isOpen, 'snapshot: one is received once');
    assert(meta.pass >= pagePass, 'snapshot: passes are counted from one');
    await this.#file.finish(meta, sessions, acls);
    await this.close();
  }

  async abandon(): Promise<void> {
    await this.close();
    await discardReceived(this.#file.path);
  }

  /** Leaves the file as it is. */
  async close(): Promise<void> {
    this.isOpen = false;
    await this.#file.close();
  }
}

/** What is asked of a log that may have been restarted behind a received snapshot. */
export interface RestartedLog {
  readonly startZxid: number;
  readonly isSnapshotAwaited: boolean;
  endAwaiting(): Promise<void>;
}

/**
 * Puts a received snapshot in the tree's place if the log was restarted behind it, and removes it
 * if not. To be called while nobody has either of the files open.
 * @throws StorageError when the log waits for a snapshot that is not there
 */
export async function settleReceived(directory: string, log: RestartedLog): Promise<void> {
  const path = receivedPath(directory);
  // What a crash left of one that was on its way out.
  await rm(path + discarded, { force: true });
  if (!log.isSnapshotAwaited) return discardReceived(path);
  if ((await storedZxid(path)) === log.startZxid) {
    await install(path, treePath(directory));
  } else if ((await storedZxid(treePath(directory))) !== log.startZxid) {
    throw new StorageError(
      `${directory}: the log begins behind a snapshot of ${formatZxid(log.startZxid)} that was ` +
        `received from a peer, and it is not there; ${remedy}`,
    );
  }
  await log.endAwaiting();
}

/** zxid of the finished snapshot in a file; null without one. */
async function storedZxid(path: string): Promise<number | null> {
  if (!existsSync(path)) return null;
  const file = await SnapshotFile.open(path, usualMapBytes);
  try {
    return file.meta?.zxid ?? null;
  } finally {
    await file.close();
  }
}

async function install(received: string, tree: string): Promise<void> {
  // They speak of readers that are gone, and the second one of a file that is about to go.
  for (const path of [received, tree]) await rm(`${path}-lock`, { force: true });
  await rename(received, tree);
  await syncDirectory(dirname(tree));
}

async function discardReceived(path: string): Promise<void> {
  await rm(`${path}-lock`, { force: true });
  if (existsSync(path)) await discardFile(path);
}
