/**
 * The snapshot store's twin in memory. A pass that is not finished is lost by `crash`, as it is in
 * a file whose last finished pass does not know of it. Writes can be made to fail.
 */

import type { SnapshotMeta, SnapshotStore } from '../../storage/snapshot-store.ts';

interface Contents {
  readonly meta: SnapshotMeta | null;
  readonly pages: ReadonlyMap<number, Buffer>;
  readonly tables: Readonly<Record<'sessions' | 'acls', Buffer | null>>;
}

export class MemorySnapshots implements SnapshotStore {
  #finished: Contents = { meta: null, pages: new Map(), tables: { sessions: null, acls: null } };
  readonly #written = new Map<number, Buffer>();
  /** Rejects all writes from now on. */
  failure: Error | null = null;
  pagesWritten = 0;

  get meta(): SnapshotMeta | null {
    return this.#finished.meta;
  }

  *readPages(): Iterable<{ page: number; bytes: Buffer }> {
    const pages = [...this.#finished.pages].sort(([a], [b]) => a - b);
    for (const [page, bytes] of pages) yield { page, bytes: Buffer.from(bytes) };
  }

  async endReading(): Promise<void> {}

  readTable(name: 'sessions' | 'acls'): Buffer {
    const table = this.#finished.tables[name];
    if (table === null) throw new Error(`no table of ${name}`);
    return Buffer.from(table);
  }

  async writePage(page: number, bytes: Buffer): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.pagesWritten++;
    this.#written.set(page, Buffer.from(bytes));
  }

  async finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void> {
    if (this.failure !== null) throw this.failure;
    const pages = new Map([...this.#finished.pages, ...this.#written]);
    this.#finished = { meta, pages, tables: { sessions, acls } };
    this.#written.clear();
  }

  async close(): Promise<void> {
    this.#written.clear();
  }

  /** For tests of replay: says of the last pass that it stood for an earlier txn. */
  pretend(zxid: number): void {
    this.#finished = { ...this.#finished, meta: { ...this.#finished.meta!, zxid } };
  }
}
