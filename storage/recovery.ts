/**
 * From files to the state: the last finished snapshot, then the log behind it, through the same
 * apply as in life. What does not add up is refused with a reason, never repaired by guessing.
 */

import { assert } from '../protocol/assert.ts';
import { batchHeaderBytes, firstZxidOf, lastZxidOf, txnCountOf } from '../protocol/batch.ts';
import { JuteReader } from '../protocol/jute.ts';
import { Txn } from '../protocol/txn.ts';
import { counterOf, formatZxid } from '../protocol/zxid.ts';
import { Applier, silentListener } from './apply.ts';
import type { LogStore } from './log-store.ts';
import { decodePage } from './page.ts';
import { ReplicatedState } from './replicated-state.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { remedy, StorageError } from './storage-error.ts';
import { Tree } from './tree.ts';
import { rowsPerPage } from './znode-rows.ts';

export interface Recovered {
  readonly state: ReplicatedState;
  /** zxid of the snapshot that was loaded; 0 without one. */
  readonly snapshotZxid: number;
  readonly txnsReplayed: number;
}

export interface RecoverOptions {
  /**
   * Only batches that end at or below it are applied: what lies behind may not be committed, and
   * stays in the log. All of it is looked at, nevertheless.
   */
  readonly upTo?: number;
}

/** @throws StorageError when snapshot and log do not add up */
export function recover(
  snapshots: SnapshotStore,
  log: LogStore,
  { upTo = Number.POSITIVE_INFINITY }: RecoverOptions = {},
): Recovered {
  const state = loadSnapshot(snapshots);
  const snapshotZxid = state.lastZxid;
  if (log.oldestZxid > snapshotZxid) throw missing(log.oldestZxid, snapshotZxid);
  const replay = replayer(state);
  let txnsReplayed = 0;
  let isFirst = true;
  for (const frame of log.read(snapshotZxid)) {
    const first = firstZxidOf(frame);
    if (isFirst && first > snapshotZxid + 1 && counterOf(first) > 1) {
      throw missing(first - 1, snapshotZxid);
    }
    isFirst = false;
    if (lastZxidOf(frame) <= upTo) txnsReplayed += replay(frame);
  }
  if (log.lastZxid < snapshotZxid) {
    throw new StorageError(
      `the log ends at ${formatZxid(log.lastZxid)}, the snapshot at ${formatZxid(snapshotZxid)}: ` +
        `the end of the log is missing; ${remedy}`,
    );
  }
  const { lastZxid } = state;
  assert(lastZxid <= Math.max(upTo, snapshotZxid), 'recovery: nothing is applied that may not be');
  assert(lastZxid <= log.lastZxid, 'recovery: the state holds no more than the log');
  log.startAfter(lastZxid);
  return { state, snapshotZxid, txnsReplayed };
}

function missing(logZxid: number, snapshotZxid: number): StorageError {
  return new StorageError(
    `the log starts behind ${formatZxid(logZxid)}, the snapshot ends at ` +
      `${formatZxid(snapshotZxid)}: txns between them are missing; ${remedy}`,
  );
}

const reader = new JuteReader();
const txn = new Txn();

/**
 * Applies batch frames to a state, one per call, and tells nobody; txns that it holds already are
 * left out. Returns how many were applied. Frames come in order, each follows the state.
 */
export function replayer(state: ReplicatedState): (frame: Buffer) => number {
  const applier = new Applier(state, silentListener);
  return (frame) => {
    const first = firstZxidOf(frame);
    const count = txnCountOf(frame);
    reader.reset(frame, batchHeaderBytes, frame.length);
    let applied = 0;
    for (let index = 0; index < count; index++) {
      txn.read(reader, first + index);
      if (txn.zxid <= state.lastZxid) continue;
      applier.apply(txn, null);
      assert(state.lastZxid === txn.zxid, 'recovery: what is applied is in the state');
      applied++;
    }
    assert(applied <= count, 'recovery: each txn of a batch is applied once');
    return applied;
  };
}

function loadSnapshot(snapshots: SnapshotStore): ReplicatedState {
  const { meta } = snapshots;
  if (meta === null) return ReplicatedState.initial();
  const tree = new Tree(meta.pageCount * rowsPerPage);
  tree.acls.load(snapshots.readTable('acls'));
  for (const { page, bytes } of snapshots.readPages()) decodePage(tree, page, bytes);
  tree.enterPaths();
  tree.acls.dropUnused();
  tree.rows.rebuildFreeChain();
  tree.rows.cleanAllPages();
  if (tree.digest.value !== meta.digest) {
    throw new StorageError(
      `the snapshot of ${formatZxid(meta.zxid)} has digest ${tree.digest.value}, not ` +
        `${meta.digest}: pages are missing or stale; ${remedy}`,
    );
  }
  const state = new ReplicatedState(tree);
  state.sessions.load(snapshots.readTable('sessions'));
  state.secret = meta.secret === null ? null : Buffer.from(meta.secret, 'hex');
  state.lastZxid = meta.zxid;
  state.quotas.rebuild();
  return state;
}
