/**
 * Where snapshots are kept. A snapshot is a pass over the pages that changed since the pass before
 * it; what an unfinished pass wrote has no effect. Production: lmdb-snapshots.ts.
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

export interface SnapshotStore {
  /** The last finished pass; null when there is none. */
  readonly meta: SnapshotMeta | null;
  /** Pages of the last finished pass, in order, with the tables that belong to it. */
  readPages(): Iterable<{ page: number; bytes: Buffer }>;
  /** Reading is over: gives back the memory that it took. */
  endReading(): Promise<void>;
  readTable(name: 'sessions' | 'acls'): Buffer;
  /** Stores a page for the pass that is under way; durable when the promise resolves. */
  writePage(page: number, bytes: Buffer): Promise<void>;
  /** Ends the pass: from now on it is the snapshot. Durable when the promise resolves. */
  finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void>;
  close(): Promise<void>;
}
