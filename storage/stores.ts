/**
 * Opens what a replica keeps on disk: the lock, the log, the snapshots. Everything lies in a folder
 * of its own below dataDir and dataLogDir, so that ZooKeeper's own files beside it stay untouched.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../protocol/assert.ts';
import { DataLock } from './data-lock.ts';
import { LmdbLog } from './lmdb-log.ts';
import { LmdbSnapshots } from './lmdb-snapshots.ts';
import type { LogStore } from './log-store.ts';
import { settleReceived } from './received-snapshot.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { StorageError } from './storage-error.ts';

export interface Stores {
  readonly log: LogStore;
  readonly snapshots: SnapshotStore;
  readonly treeDirectory: string;
  readonly logDirectory: string;
  /**
   * Closes the log and the snapshots and opens them again, without letting go of the directories: a
   * received snapshot that the log was restarted behind is the present one then. These stores are
   * of no use any more. After a failure nothing is open.
   * @throws StorageError when the files cannot be used as they are
   */
  reopen(): Promise<Stores>;
  close(): Promise<void>;
}

interface Places {
  readonly treeDirectory: string;
  readonly logDirectory: string;
  readonly logSegmentBytes: number | undefined;
}

const folder = 'natskeeper';

/** @throws StorageError when the files cannot be used as they are */
export async function openStores(
  dataDir: string,
  dataLogDir: string,
  pid: number,
  logSegmentBytes?: number,
): Promise<Stores> {
  const treeDirectory = join(dataDir, folder);
  const logDirectory = join(dataLogDir, folder);
  refuseForeignData(dataDir, treeDirectory);
  const lock = DataLock.take(treeDirectory, pid);
  return openLocked({ treeDirectory, logDirectory, logSegmentBytes }, lock);
}

/** Gives the lock back when it fails. */
async function openLocked(places: Places, lock: DataLock): Promise<Stores> {
  const { treeDirectory, logDirectory, logSegmentBytes } = places;
  const opened: { close(): Promise<void> }[] = [];
  let holdsLock = true;
  const close = async () => {
    for (const one of opened.splice(0)) await one.close();
  };
  try {
    const log = await LmdbLog.open({
      directory: logDirectory,
      ...(logSegmentBytes === undefined ? {} : { segmentBytesMax: logSegmentBytes }),
    });
    opened.push(log);
    // The log decides which snapshot is the present one.
    await settleReceived(treeDirectory, log);
    const snapshots = await LmdbSnapshots.open(treeDirectory);
    opened.push(snapshots);
    return {
      log,
      snapshots,
      treeDirectory,
      logDirectory,
      reopen: async () => {
        assert(holdsLock, 'stores: they are opened anew once');
        holdsLock = false;
        await close();
        return openLocked(places, lock);
      },
      close: async () => {
        await close();
        if (holdsLock) lock.release();
      },
    };
  } catch (failure) {
    await close();
    lock.release();
    throw failure;
  }
}

/** Starting empty beside a ZooKeeper's data would look like losing it. */
function refuseForeignData(dataDir: string, treeDirectory: string): void {
  const foreign = join(dataDir, 'version-2');
  if (existsSync(treeDirectory) || !existsSync(foreign)) return;
  if (!readdirSync(foreign).some((name) => /^(snapshot|log)\./.test(name))) return;
  throw new StorageError(
    `${foreign} holds data of Apache ZooKeeper, which this version cannot import: ` +
      'choose another dataDir to start empty',
  );
}
