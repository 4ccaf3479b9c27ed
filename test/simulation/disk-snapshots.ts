/**
 * The snapshots of a replica on its simulated disk, for one life: they answer as LmdbSnapshots
 * does. What is received lies in a file of its own until a start settles it.
 */

import { assert } from '../../protocol/assert.ts';
import type {
  SnapshotMeta,
  SnapshotPage,
  SnapshotReader,
  SnapshotReceiver,
  SnapshotStore,
} from '../../storage/snapshot-store.ts';
import { remedy, StorageError } from '../../storage/storage-error.ts';
import {
  beginReceived,
  dropReceived,
  PageWrite,
  PassEnd,
  removeUnfinished,
} from './disk-changes.ts';
import type { DiskDevice } from './disk-device.ts';
import type { DiskFile, DiskLife } from './disk-file.ts';
import type { TableName, TreeImage } from './disk-tree-image.ts';

export const treeName = 'tree.mdb';
const receivedName = 'tree.received.mdb';
/** A received page belongs to every finished pass. */
const receivedPass = 1;

export class SimSnapshots implements SnapshotStore {
  readonly #device: DiskDevice;
  readonly #life: DiskLife;
  readonly #file: DiskFile;
  /** What a pass wrote that never finished; gone before the next pass begins. */
  #unfinished: number[] = [];
  readonly #readers = new Set<SnapshotReader>();
  #receiver: SimReceiver | null = null;
  meta: SnapshotMeta | null;

  constructor(device: DiskDevice, life: DiskLife) {
    this.#device = device;
    this.#life = life;
    this.#file = life.file(treeName);
    this.meta = this.#image.meta;
  }

  get #image(): TreeImage {
    return this.#device.image.tree;
  }

  get #pass(): number {
    return (this.meta?.pass ?? 0) + 1;
  }

  *readPages(): Iterable<SnapshotPage> {
    const image = this.#image;
    const pass = this.#pass - 1;
    this.#unfinished = [...image.unfinished.keys()];
    for (let page = 0; page < image.pages.length; page++) {
      const bytes = checkedPage(image, page, pass);
      if (bytes !== null) yield { page, bytes };
    }
  }

  async endReading(): Promise<void> {
    assert(this.#readers.size === 0, 'snapshot: the file is opened anew before anyone reads it');
    if (this.meta === null) this.#unfinished = [...this.#image.unfinished.keys()];
    const unfinished = this.#unfinished;
    this.#unfinished = [];
    if (unfinished.length > 0) await this.#file.write(removeUnfinished(unfinished));
    await this.#life.wait(this.#device.openMs());
  }

  readTable(name: TableName): Buffer {
    return Buffer.from(checkedTable(this.#image, name));
  }

  writePage(page: number, bytes: Buffer): Promise<void> {
    this.#checkReaders();
    return this.#file.write(new PageWrite('tree', page, this.#pass, Buffer.from(bytes)));
  }

  async finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void> {
    this.#checkReaders();
    await this.#file.write(new PassEnd('tree', meta, sessions, acls));
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
    const image = this.#image;
    let page = 0;
    const reader: SnapshotReader = {
      ...{ meta, sessions: this.readTable('sessions'), acls: this.readTable('acls') },
      next: (bytesMax) => {
        assert(this.#readers.has(reader), 'snapshot: none is read after it was closed');
        const taken: SnapshotPage[] = [];
        for (let left = bytesMax; page < image.pages.length; page++) {
          const bytes = checkedPage(image, page, meta.pass);
          if (bytes === null) continue;
          if (taken.length > 0 && bytes.length > left) break;
          taken.push({ page, bytes: Buffer.from(bytes) });
          left -= bytes.length;
        }
        return taken;
      },
      close: async () => void this.#readers.delete(reader),
    };
    this.#readers.add(reader);
    return reader;
  }

  async receive(): Promise<SnapshotReceiver> {
    assert(this.#receiver?.isOpen !== true, 'snapshot: one is received at a time');
    const receiver = new SimReceiver(this.#device, this.#life);
    this.#receiver = receiver;
    await receiver.begin();
    return receiver;
  }

  async close(): Promise<void> {
    await this.#receiver?.close();
    await this.#file.settled();
  }
}

class SimReceiver implements SnapshotReceiver {
  readonly #device: DiskDevice;
  readonly #life: DiskLife;
  readonly #file: DiskFile;
  isOpen = true;

  constructor(device: DiskDevice, life: DiskLife) {
    this.#device = device;
    this.#life = life;
    this.#file = life.file(receivedName);
  }

  begin(): Promise<void> {
    return this.#file.write(beginReceived);
  }

  writePage(page: number, bytes: Buffer): Promise<void> {
    assert(this.isOpen, 'snapshot: a page is received before the end');
    return this.#file.write(new PageWrite('received', page, receivedPass, bytes));
  }

  async finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void> {
    assert(this.isOpen, 'snapshot: one is received once');
    assert(meta.pass >= receivedPass, 'snapshot: passes are counted from one');
    await this.#file.write(new PassEnd('received', meta, sessions, acls));
    await this.close();
  }

  async abandon(): Promise<void> {
    await this.close();
    await this.#life.wait(this.#device.flushMs(0));
    this.#file.discard();
    this.#device.change(dropReceived);
  }

  /** Leaves the file as it is. */
  async close(): Promise<void> {
    this.isOpen = false;
    await this.#file.settled();
  }
}

function checkedPage(image: TreeImage, page: number, pass: number): Buffer | null {
  const bytes = image.page(page, pass);
  if (bytes === null || !image.damaged.has(bytes)) return bytes;
  throw new StorageError(`${treeName}: page ${page} is corrupt (its checksum is wrong); ${remedy}`);
}

function checkedTable({ tables, damaged }: TreeImage, name: TableName): Buffer {
  if (tables === null) throw new StorageError(`${treeName}: the table of ${name} is missing`);
  if (!damaged.has(tables[name])) return tables[name];
  throw new StorageError(`${treeName}: the table of ${name} is corrupt; ${remedy}`);
}
