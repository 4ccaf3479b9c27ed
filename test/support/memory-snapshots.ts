/**
 * The snapshot store's twin in memory. A pass that is not finished is lost by `crash`, as it is in
 * a file whose last finished pass does not know of it. Writes can be made to fail.
 */

import { assert } from '../../protocol/assert.ts';
import type { RestartedLog } from '../../storage/received-snapshot.ts';
import type {
  SnapshotMeta,
  SnapshotPage,
  SnapshotReader,
  SnapshotReceiver,
  SnapshotStore,
} from '../../storage/snapshot-store.ts';
import { StorageError } from '../../storage/storage-error.ts';

interface Contents {
  readonly meta: SnapshotMeta | null;
  readonly pages: ReadonlyMap<number, Buffer>;
  readonly tables: Readonly<Record<'sessions' | 'acls', Buffer | null>>;
}

export class MemorySnapshots implements SnapshotStore {
  #finished: Contents = { meta: null, pages: new Map(), tables: { sessions: null, acls: null } };
  readonly #written = new Map<number, Buffer>();
  /** Passes that are being read, one entry for each open reader. */
  readonly #readers = new Set<SnapshotReader>();
  #receiver: MemoryReceiver | null = null;
  /** Rejects all writes from now on. */
  failure: Error | null = null;
  pagesWritten = 0;

  get meta(): SnapshotMeta | null {
    return this.#finished.meta;
  }

  *readPages(): Iterable<SnapshotPage> {
    yield* sorted(this.#finished);
  }

  async endReading(): Promise<void> {}

  readTable(name: 'sessions' | 'acls'): Buffer {
    const table = this.#finished.tables[name];
    if (table === null) throw new Error(`no table of ${name}`);
    return Buffer.from(table);
  }

  writePage(page: number, bytes: Buffer): Promise<void> {
    this.#checkReaders();
    return this.#writePage(page, bytes);
  }

  async #writePage(page: number, bytes: Buffer): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.pagesWritten++;
    this.#written.set(page, Buffer.from(bytes));
  }

  async finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void> {
    this.#checkReaders();
    if (this.failure !== null) throw this.failure;
    const pages = new Map([...this.#finished.pages, ...this.#written]);
    this.#finished = { meta, pages, tables: { sessions, acls } };
    this.#written.clear();
  }

  /** A file has room for two passes. */
  #checkReaders(): void {
    const finished = this.meta?.pass ?? 0;
    for (const { meta } of this.#readers) {
      assert(meta.pass >= finished, 'snapshot: a pass that is being read is not overwritten');
    }
  }

  openReader(): SnapshotReader {
    const { meta } = this;
    assert(meta !== null, 'snapshot: only a finished one is read');
    const left = sorted(this.#finished);
    const reader: SnapshotReader = {
      meta,
      sessions: this.readTable('sessions'),
      acls: this.readTable('acls'),
      next: (bytesMax) => {
        assert(this.#readers.has(reader), 'snapshot: none is read after it was closed');
        let bytes = 0;
        const count = left.findIndex((one, index) => {
          bytes += one.bytes.length;
          return index > 0 && bytes > bytesMax;
        });
        return left.splice(0, count < 0 ? left.length : count);
      },
      close: async () => void this.#readers.delete(reader),
    };
    this.#readers.add(reader);
    return reader;
  }

  async receive(): Promise<SnapshotReceiver> {
    assert(this.#receiver?.isOpen !== true, 'snapshot: one is received at a time');
    this.#receiver = new MemoryReceiver(this);
    return this.#receiver;
  }

  /** What a start does with a received snapshot (received-snapshot.ts). */
  async settleReceived(log: RestartedLog): Promise<void> {
    const { meta } = this;
    const received = this.#receiver?.finished ?? null;
    this.#receiver = null;
    this.#written.clear();
    if (!log.isSnapshotAwaited) return;
    if (received?.meta?.zxid === log.startZxid) this.#finished = received;
    else if (meta?.zxid !== log.startZxid) {
      throw new StorageError('the log begins behind a snapshot that is not there');
    }
    await log.endAwaiting();
  }

  async close(): Promise<void> {
    this.#written.clear();
  }

  /** For tests of replay: says of the last pass that it stood for an earlier txn. */
  pretend(zxid: number): void {
    this.#finished = { ...this.#finished, meta: { ...this.#finished.meta!, zxid } };
  }
}

class MemoryReceiver implements SnapshotReceiver {
  readonly #store: MemorySnapshots;
  readonly #pages = new Map<number, Buffer>();
  finished: Contents | null = null;
  isOpen = true;

  constructor(store: MemorySnapshots) {
    this.#store = store;
  }

  writePage(page: number, bytes: Buffer): Promise<void> {
    assert(this.isOpen, 'snapshot: a page is received before the end');
    return this.#writePage(page, bytes);
  }

  async #writePage(page: number, bytes: Buffer): Promise<void> {
    if (this.#store.failure !== null) throw this.#store.failure;
    this.#pages.set(page, Buffer.from(bytes));
  }

  async finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void> {
    assert(this.isOpen, 'snapshot: one is received once');
    if (this.#store.failure !== null) throw this.#store.failure;
    this.finished = { meta, pages: this.#pages, tables: { sessions, acls } };
    this.isOpen = false;
  }

  async abandon(): Promise<void> {
    this.finished = null;
    this.isOpen = false;
  }
}

function sorted({ pages }: Contents): SnapshotPage[] {
  return [...pages]
    .sort(([a], [b]) => a - b)
    .map(([page, bytes]) => ({ page, bytes: Buffer.from(bytes) }));
}
