/**
 * The write-ahead log as the rest of the replica sees it. Production keeps it in LMDB
 * (lmdb-log.ts); tests and the simulator bring their own, held to the same suite.
 */

/** What a replica has promised to the ensemble; durable before it is acted upon. */
export interface Promises {
  /** Highest epoch whose leader this replica has promised to follow. */
  readonly acceptedEpoch: number;
  /** Epoch of the last leader whose history this replica holds. Invariant: <= acceptedEpoch. */
  readonly currentEpoch: number;
}

export interface LogStore {
  /** zxid of the last txn that is stored; 0 when there is none. */
  readonly lastZxid: number;
  readonly promises: Promises;
  /** Bytes appended since it was opened. */
  readonly bytesWritten: number;
  /** The torn end that was cut off when it was opened; null when there was none. */
  readonly trimmed?: string | null;
  /**
   * Stores a batch frame. Resolves when it is durable; a rejection is the end of this replica. The
   * frame must not change until then. Frames come in zxid order, without gaps inside an epoch.
   */
  append(frame: Buffer): Promise<void>;
  /** All batch frames that hold a txn above `zxid`, in order; each was checked. */
  read(zxid: number): Iterable<Buffer>;
  /** The state holds all txns up to `zxid` already: the next batch follows it. */
  startAfter(zxid: number): void;
  writePromises(promises: Promises): Promise<void>;
  /** Removes old segments of which no txn above `zxid` would be lost. Returns how many went. */
  purge(zxid: number): Promise<number>;
  close(): Promise<void>;
}
