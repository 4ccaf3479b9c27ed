/**
 * Snapshots in one LMDB file. Each page has two places: a pass writes the place that does not hold
 * the page's last finished version, so that a crash in the middle of a pass leaves the pass before
 * it whole. Nothing is deleted in life; what a crashed pass wrote goes at the next start, since the
 * next pass has the same number.
 */

import { mkdirSync } from 'node:fs';
import { assert } from '../protocol/assert.ts';
import { PagePlaces } from './page-places.ts';
import { LmdbReceiver, treePath } from './received-snapshot.ts';
import { SnapshotFile, type TableName, usualMapBytes } from './snapshot-file.ts';
import { LmdbReader } from './snapshot-reader.ts';
import type {
  SnapshotMeta,
  SnapshotPage,
  SnapshotReader,
  SnapshotReceiver,
  SnapshotStore,
} from './snapshot-store.ts';

export class LmdbSnapshots implements SnapshotStore {
  readonly #directory: string;
  readonly #mapBytes: number;
  #file: SnapshotFile;
  readonly #places = new PagePlaces();
  /** What a pass wrote that never finished; gone before the next pass begins. */
  #unfinished: Buffer[] = [];
  /** Open ones. Invariant: each reads the last finished pass or the one before it. */
  readonly #readers = new Set<SnapshotReader>();
  /** The last one that was begun. */
  #receiver: LmdbReceiver | null = null;
  meta: SnapshotMeta | null;

  private constructor(directory: string, mapBytes: number, file: SnapshotFile) {
    this.#directory = directory;
    this.#mapBytes = mapBytes;
    this.#file = file;
    this.meta = file.meta;
  }

  static async open(directory: string, mapBytes = usualMapBytes): Promise<LmdbSnapshots> {
    mkdirSync(directory, { recursive: true });
    const file = await SnapshotFile.open(treePath(directory), mapBytes);
    return new LmdbSnapshots(directory, mapBytes, file);
  }

  get #pass(): number {
    return (this.meta?.pass ?? 0) + 1;
  }

  *readPages(): Iterable<SnapshotPage> {
    this.#unfinished = [];
    const noteYounger = (key: Buffer) => this.#unfinished.push(key);
    for (const { page, place, bytes } of this.#file.pages(this.#pass - 1, 0, noteYounger)) {
      this.#places.found(page, place);
      yield { page, bytes };
    }
  }

  /** Pages of the file that were read stay mapped, and count as ours, until it is closed. */
  async endReading(): Promise<void> {
    assert(this.#places.isPassEmpty, 'snapshot: no pass begins before reading is over');
    assert(this.#readers.size === 0, 'snapshot: the file is opened anew before anyone reads it');
    // Without a finished pass nobody has read, and whatever is there is of an unfinished one.
    if (this.meta === null) this.#unfinished = this.#file.pageKeys();
    await this.#file.remove(this.#unfinished);
    this.#unfinished = [];
    const { path } = this.#file;
    await this.#file.close();
    this.#file = await SnapshotFile.open(path, this.#mapBytes, true);
  }

  readTable(name: TableName): Buffer {
    return this.#file.table(name, this.#pass - 1);
  }

  writePage(page: number, bytes: Buffer): Promise<void> {
    this.#checkReaders();
    return this.#file.writePage({ page, place: this.#places.write(page), bytes }, this.#pass);
  }

  async finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void> {
    this.#checkReaders();
    assert(meta.pass === this.#pass, 'snapshot: passes are numbered without a gap');
    assert(meta.zxid >= (this.meta?.zxid ?? 0), 'snapshot: they never go back');
    await this.#file.finish(meta, sessions, acls);
    this.#places.finish();
    this.meta = meta;
  }

  /** A pass writes over the one before the last finished one. */
  #checkReaders(): void {
    for (const { meta } of this.#readers) {
      assert(meta.pass >= this.#pass - 1, 'snapshot: a pass that is being read is not overwritten');
    }
  }

  openReader(): SnapshotReader {
    const { meta } = this;
    assert(meta !== null, 'snapshot: only a finished one is read');
    const reader = new LmdbReader(this.#file, meta, (one) => this.#readers.delete(one));
    this.#readers.add(reader);
    return reader;
  }

  async receive(): Promise<SnapshotReceiver> {
    assert(this.#receiver?.isOpen !== true, 'snapshot: one is received at a time');
    this.#receiver = await LmdbReceiver.begin(this.#directory, this.#mapBytes);
    return this.#receiver;
  }

  async close(): Promise<void> {
    await this.#receiver?.close();
    await this.#file.close();
  }
}
