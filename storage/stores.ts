/**
 * Opens what a replica keeps on disk: the lock, the log, the snapshots. Everything lies in a folder
 * of its own below dataDir and dataLogDir, so that ZooKeeper's own files beside it stay untouched.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DataLock } from './data-lock.ts';
import { LmdbLog } from './lmdb-log.ts';
import { LmdbSnapshots } from './lmdb-snapshots.ts';
import type { LogStore } from './log-store.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { StorageError } from './storage-error.ts';

export interface Stores {
  readonly log: LogStore;
  readonly snapshots: SnapshotStore;
  readonly treeDirectory: string;
  readonly logDirectory: string;
  close(): Promise<void>;
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
  try {
    const snapshots = await LmdbSnapshots.open(treeDirectory);
    const log = await LmdbLog.open({
      directory: logDirectory,
      ...(logSegmentBytes === undefined ? {} : { segmentBytesMax: logSegmentBytes }),
    });
    return {
      log,
      snapshots,
      treeDirectory,
      logDirectory,
      close: async () => {
        await log.close();
        await snapshots.close();
        lock.release();
      },
    };
  } catch (failure) {
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
