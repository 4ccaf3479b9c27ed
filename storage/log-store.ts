/**
 * The write-ahead log as the rest of the replica sees it. Production keeps it in LMDB
 * (lmdb-log.ts); tests and the simulator bring their own, held to the same suite.
 *
 * Stored means durable: a batch whose append has not resolved is seen by none of the questions
 * below but `lastZxid`.
 */

import type { Rest } from './directory.ts';

/** What a replica has promised to the ensemble; durable before it is acted upon. */
export interface Promises {
  /** Highest epoch whose leader this replica has promised to follow. */
  readonly acceptedEpoch: number;
  /** Epoch of the last leader whose history this replica holds. Invariant: <= acceptedEpoch. */
  readonly currentEpoch: number;
}

/** What a leader makes of our log: from `cutTo` on its history takes the place of ours. */
export interface History {
  /**
   * All batches above it go. At or above `lastZxid`: none goes. Invariant: at least `oldestZxid`,
   * and inside no stored batch.
   */
  readonly cutTo: number;
  /** The batches that follow: sound, in zxid order, without gaps inside an epoch. May be empty. */
  readonly frames: readonly Buffer[];
  readonly promises: Promises;
}

export interface LogStore {
  /** zxid of the last txn that was appended; `oldestZxid` when the log holds nothing. */
  readonly lastZxid: number;
  /** What the log followed when it was begun or restarted; 0 for a fresh one. Outlives purges. */
  readonly startZxid: number;
  /**
   * The log can be read after this zxid without a gap: the end of what was purged, or `startZxid`
   * while nothing was.
   */
  readonly oldestZxid: number;
  /**
   * All txns up to this one are known to be committed; more may be. Invariant: <= lastZxid, and it
   * never goes down.
   */
  readonly committedZxid: number;
  readonly promises: Promises;
  /** Bytes appended since it was opened. */
  readonly bytesWritten: number;
  /** The torn end that was cut off when it was opened; null when there was none. */
  readonly trimmed?: string | null;
  /**
   * Stores a batch frame. Resolves when it is durable; a rejection is the end of this replica. The
   * frame must not change until then. Frames come in zxid order, without gaps inside an epoch. At
   * once: it may keep the process from all else, where that is the quicker way.
   */
  append(frame: Buffer, isAtOnce?: boolean): Promise<void>;
  /** All batch frames that hold a txn above `zxid`, in order; each was checked. */
  read(zxid: number): Iterable<Buffer>;
  /**
   * End of the last stored batch that ends at or below `zxid`, or `oldestZxid`, or else 0: never
   * above `zxid`, and below `oldestZxid` when the log cannot tell what follows it.
   */
  lastBatchEndAtOrBelow(zxid: number): number;
  /** Whether `zxid` is the end of a stored batch, or `oldestZxid`. */
  holds(zxid: number): boolean;
  /**
   * The state holds all txns up to `zxid` already: the next batch follows it. Raises an empty log
   * until it is closed; one that holds batches must not end before `zxid`.
   */
  startAfter(zxid: number): void;
  /**
   * A leader's history in place of ours, in one transaction: a crash leaves all of it or nothing.
   * Resolves when it is durable; a rejection is the end of this replica. Asserted: no other write
   * is under way, nor begins before it resolves; and Agreement: `committedZxid` is at or below
   * `cutTo`, or in one of the frames (a caller that has them from a peer checks that first).
   */
  adopt(history: History): Promise<void>;
  /**
   * A snapshot of `zxid` in place of all that is stored, in one transaction; `frames` follow it.
   * What is acknowledged elsewhere must be in the two together: a crash right after this leaves
   * nothing else. Otherwise as `adopt`. All of a snapshot counts as committed.
   */
  restartAfter(zxid: number, promises: Promises, frames?: readonly Buffer[]): Promise<void>;
  writePromises(promises: Promises): Promise<void>;
  /**
   * Raises `committedZxid`, at most to `lastZxid`; a lower one is nothing new. Resolves when it is
   * durable. It costs a flush of its own unless others are under way: for now and then.
   */
  noteCommitted(zxid: number): Promise<void>;
  /**
   * Removes old segments of which no txn above `zxid` would be lost. Returns how many went. `rest`
   * is asked between steps that hold up the disk, unless somebody waits for the purge.
   */
  purge(zxid: number, rest?: Rest): Promise<number>;
  close(): Promise<void>;
}
