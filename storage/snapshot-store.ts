/**
 * Where snapshots are kept. A snapshot is a pass over the pages that changed since the pass before
 * it; what an unfinished pass wrote has no effect. Production: lmdb-snapshots.ts.
 *
 * A finished one can be read out for a peer, and a peer's can be received beside the present one,
 * whose place it takes when the stores are opened again (stores.ts).
 */

/** What a finished pass stands for. */
export interface SnapshotMeta {
  /** 1 for the first, then dense. */
  readonly pass: number;
  /** All txns up to this one are in it, none above. */
  readonly zxid: number;
  readonly digest: number;
  readonly pageCount: number;
  /** The secret for session passwords, as hex; null when there was none yet. */
  readonly secret: string | null;
  /** Wall clock, ms. */
  readonly time: number;
}

export interface SnapshotPage {
  readonly page: number;
  readonly bytes: Buffer;
}

/**
 * The snapshot as it was when the reader was opened. The pass that is under way may go on and end
 * meanwhile; the one after it must not begin before `close`, since it writes over what is being
 * read (asserted by `writePage` and `finish`). Who wants to read on in the log must not have it
 * purged behind `meta.zxid` either.
 */
export interface SnapshotReader {
  readonly meta: SnapshotMeta;
  readonly sessions: Buffer;
  readonly acls: Buffer;
  /**
   * The next pages in order, as many as fit in `bytesMax` bytes but at least one; none at the end.
   * They are copies.
   * @throws StorageError on a page that is corrupt
   */
  next(bytesMax: number): readonly SnapshotPage[];
  close(): Promise<void>;
}

/** A peer's snapshot on its way in. Nothing of it counts before `finish`. */
export interface SnapshotReceiver {
  /** Each page once, in any order; the bytes must not change until the promise is settled. */
  writePage(page: number, bytes: Buffer): Promise<void>;
  /** All of it is there. Durable when the promise resolves; it waits for all pages. */
  finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void>;
  /** Removes what was received, finished or not. Not after the log was restarted behind it. */
  abandon(): Promise<void>;
}

export interface SnapshotStore {
  /** The last finished pass; null when there is none. */
  readonly meta: SnapshotMeta | null;
  /**
   * Pages of the last finished pass, in order, with the tables that belong to it. The bytes of each
   * are valid until the next.
   */
  readPages(): Iterable<SnapshotPage>;
  /** Reading is over: gives back the memory that it took. */
  endReading(): Promise<void>;
  readTable(name: 'sessions' | 'acls'): Buffer;
  /**
   * Stores a page for the pass that is under way; durable when the promise resolves. The bytes may
   * change as soon as it is returned.
   */
  writePage(page: number, bytes: Buffer): Promise<void>;
  /** Ends the pass: from now on it is the snapshot. Durable when the promise resolves. */
  finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void>;
  /** Reads the last finished pass, of which there must be one; to be closed. */
  openReader(): SnapshotReader;
  /** Begins to receive a peer's snapshot, one at a time; one that was received before goes. */
  receive(): Promise<SnapshotReceiver>;
  close(): Promise<void>;
}
