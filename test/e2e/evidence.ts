/**
 * What the files of a dead replica say, read from a copy of them: the state by snapshot and log,
 * the state by the log alone where it is whole, and the digest after each txn. All must agree.
 */

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchHeaderBytes, firstZxidOf, txnCountOf } from '../../protocol/batch.ts';
import { JuteReader } from '../../protocol/jute.ts';
import { Txn } from '../../protocol/txn.ts';
import { Applier, silentListener } from '../../storage/apply.ts';
import type { LogStore } from '../../storage/log-store.ts';
import { recover } from '../../storage/recovery.ts';
import type { ReplicatedState } from '../../storage/replicated-state.ts';
import type { SnapshotStore } from '../../storage/snapshot-store.ts';
import { openStores, type Stores } from '../../storage/stores.ts';
import { noSlot, rootSlot } from '../../storage/znode-rows.ts';

export interface Evidence {
  readonly zxid: number;
  readonly digest: number;
  readonly snapshotZxid: number;
  /** Digest after each txn since the snapshot, or since the first txn if all are there. */
  readonly digests: ReadonlyMap<number, number>;
  /** Whether the log alone led to the same state; null when its beginning is purged. */
  readonly isLogAlike: boolean | null;
}

const noSnapshots: SnapshotStore = {
  meta: null,
  readPages: () => [],
  endReading: async () => {},
  readTable: () => Buffer.alloc(0),
  writePage: async () => {},
  finish: async () => {},
  openReader: () => nothingToRead(),
  receive: () => nothingToRead(),
  close: async () => {},
};

function nothingToRead(): never {
  throw new Error('what is left out on purpose is not read');
}

const noLog: LogStore = {
  // Of a log that is left out on purpose no end is asked for.
  lastZxid: Number.POSITIVE_INFINITY,
  startZxid: 0,
  oldestZxid: 0,
  committedZxid: 0,
  promises: { acceptedEpoch: 0, currentEpoch: 0 },
  bytesWritten: 0,
  append: async () => {},
  read: () => [],
  lastBatchEndAtOrBelow: () => 0,
  holds: () => false,
  startAfter() {},
  adopt: async () => {},
  restartAfter: async () => {},
  writePromises: async () => {},
  noteCommitted: async () => {},
  purge: async () => 0,
  close: async () => {},
};

/** @throws Error when the files contradict each other */
export async function examine(dataDir: string, dataLogDir = dataDir): Promise<Evidence> {
  const copy = mkdtempSync(join(tmpdir(), 'natskeeper-evidence-'));
  try {
    const treeCopy = join(copy, 'data');
    cpSync(dataDir, treeCopy, { recursive: true });
    const logCopy = dataLogDir === dataDir ? treeCopy : join(copy, 'log');
    if (logCopy !== treeCopy) cpSync(dataLogDir, logCopy, { recursive: true });
    const stores = await openStores(treeCopy, logCopy, process.pid);
    try {
      return weigh(stores);
    } finally {
      await stores.close();
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function weigh({ snapshots, log }: Stores): Evidence {
  const { state, snapshotZxid } = recover(snapshots, log);
  const digest = state.tree.digest.value;
  if (digest !== state.tree.digest.recompute()) throw new Error('the sum of digests is wrong');
  const again = recover(snapshots, log).state;
  if (describe(again) !== describe(state)) throw new Error('two recoveries differ');
  const [first] = log.read(0);
  const isWhole = first === undefined || firstZxidOf(first) === 1;
  const alone = isWhole ? recover(noSnapshots, log).state : null;
  if (alone !== null && describe(alone) !== describe(state)) {
    throw new Error(`snapshot of ${snapshotZxid} and log differ from the log alone`);
  }
  const digests = digestsOf(isWhole ? noSnapshots : snapshots, log);
  return {
    zxid: state.lastZxid,
    digest,
    snapshotZxid,
    digests,
    isLogAlike: alone === null ? null : true,
  };
}

/** Replays the log over the snapshot txn by txn, and notes the digest after each. */
function digestsOf(snapshots: SnapshotStore, log: LogStore): Map<number, number> {
  const { state } = recover(snapshots, noLog);
  const applier = new Applier(state, silentListener);
  const reader = new JuteReader();
  const txn = new Txn();
  const digests = new Map<number, number>();
  for (const frame of log.read(state.lastZxid)) {
    const first = firstZxidOf(frame);
    reader.reset(frame, batchHeaderBytes, frame.length);
    for (let index = 0; index < txnCountOf(frame); index++) {
      txn.read(reader, first + index);
      if (txn.zxid <= state.lastZxid) continue;
      applier.apply(txn, null);
      digests.set(txn.zxid, state.tree.digest.value);
    }
  }
  return digests;
}

/** Every znode with all that a client can see of it, and the sessions. */
function describe(state: ReplicatedState): string {
  const { tree } = state;
  const lines: string[] = [];
  const stat = Buffer.alloc(68);
  const walk = (slot: number): number => {
    tree.copyStat(slot, stat, 0);
    lines.push(`${tree.path(slot)} ${stat.toString('hex')} ${tree.data(slot)?.toString('hex')}`);
    let count = 1;
    for (let child = tree.firstChild(slot); child !== noSlot; child = tree.nextSibling(child)) {
      count += walk(child);
    }
    return count;
  };
  const count = walk(rootSlot);
  if (count !== tree.count) throw new Error(`${tree.count} znodes, ${count} of them linked`);
  const sessions = [...state.sessions.entries()].map(([id, ms]) => `${id} ${ms}`);
  return [...lines.sort(), ...sessions.sort(), state.secret?.toString('hex')].join('\n');
}
