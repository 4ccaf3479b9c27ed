/**
 * Reads a finished snapshot page by page, over many turns, while the next pass is written to the
 * places beside it. No turn's end finds a transaction open, which would keep the file from being
 * reused.
 */

import { assert } from '../protocol/assert.ts';
import type { SnapshotFile } from './snapshot-file.ts';
import type { SnapshotMeta, SnapshotPage, SnapshotReader } from './snapshot-store.ts';

export class LmdbReader implements SnapshotReader {
  readonly #file: SnapshotFile;
  readonly #closed: (reader: SnapshotReader) => void;
  #nextPage = 0;
  #isOpen = true;
  readonly meta: SnapshotMeta;
  readonly sessions: Buffer;
  readonly acls: Buffer;

  /** `meta` is that of the last finished pass. */
  constructor(
    file: SnapshotFile,
    meta: SnapshotMeta,
    closed: (reader: SnapshotReader) => void = () => {},
  ) {
    this.#file = file;
    this.#closed = closed;
    this.meta = meta;
    this.sessions = Buffer.from(file.table('sessions', meta.pass));
    this.acls = Buffer.from(file.table('acls', meta.pass));
  }

  next(bytesMax: number): readonly SnapshotPage[] {
    assert(this.#isOpen, 'snapshot: none is read after it was closed');
    assert(bytesMax > 0, 'snapshot: some of it is asked for');
    const taken: SnapshotPage[] = [];
    let left = bytesMax;
    for (const { page, bytes } of this.#file.pages(this.meta.pass, this.#nextPage)) {
      if (taken.length > 0 && bytes.length > left) break;
      assert(page >= this.#nextPage, 'snapshot: pages are read in order');
      taken.push({ page, bytes: Buffer.from(bytes) });
      left -= bytes.length;
      this.#nextPage = page + 1;
    }
    return taken;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#closed(this);
  }
}
