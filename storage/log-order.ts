/**
 * What must hold of anything that is written to a log, whoever keeps it.
 */

import { assert } from '../protocol/assert.ts';
import { firstZxidOf, lastZxidOf } from '../protocol/batch.ts';
import { epochOf } from '../protocol/zxid.ts';
import type { Promises } from './log-store.ts';

/** A batch follows the txn `after` without a gap, or begins a later epoch. */
export function checkSuccession(after: number, frame: Buffer): void {
  const firstZxid = firstZxidOf(frame);
  assert(lastZxidOf(frame) >= firstZxid, 'log: a batch has a txn');
  const follows = firstZxid === after + 1 || epochOf(firstZxid) > epochOf(after);
  assert(follows, 'log: a batch follows the last one without a gap');
}

/** Batches follow `after` and each other. Returns the zxid of the last txn. */
export function checkFrames(after: number, frames: readonly Buffer[]): number {
  let last = after;
  for (const frame of frames) {
    checkSuccession(last, frame);
    last = lastZxidOf(frame);
  }
  assert(last >= after, 'log: batches make it longer');
  return last;
}

/**
 * Agreement: a txn that is known to be committed is not replaced. It lies at or below `end`, up to
 * which everything stays, or in one of the frames. A later epoch's frames do not make up for it.
 */
export function checkAgreement(
  committedZxid: number,
  end: number,
  frames: readonly Buffer[],
): void {
  const isHeld = (frame: Buffer): boolean =>
    firstZxidOf(frame) <= committedZxid && committedZxid <= lastZxidOf(frame);
  const stays = committedZxid <= end || frames.some(isHeld);
  assert(stays, 'Agreement: what is committed stays in the log');
}

export function checkPromises(present: Promises, promises: Promises): void {
  assert(promises.acceptedEpoch >= promises.currentEpoch, 'epochs: accepted >= current (Z11)');
  assert(promises.acceptedEpoch >= present.acceptedEpoch, 'epochs: none ever goes down');
  assert(promises.currentEpoch >= present.currentEpoch, 'epochs: none ever goes down');
}
