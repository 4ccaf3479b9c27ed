/**
 * How a snapshot lies in its LMDB file. Each page has two places, and each table two keys: a pass
 * writes the one that does not hold the last finished version. Every value carries its pass and a
 * checksum.
 */

import { crc32 } from 'node:zlib';
import { Environment } from './environment.ts';
import type { SnapshotMeta, SnapshotPage } from './snapshot-store.ts';
import { remedy, StorageError } from './storage-error.ts';

const format = 'natskeeper tree 1';
const metaKey = Buffer.from('meta');
const pagesFrom = Buffer.from('p');
const pagesTo = Buffer.from('q');
/** Address space; the library takes more when a file needs it. */
export const usualMapBytes = 1024 ** 3;
/** Checksum and pass in front of each value. */
const headerBytes = 8;

export type TableName = 'sessions' | 'acls';

/** A page in the version that a pass left, and which of its places holds it. */
export interface PlacedPage extends SnapshotPage {
  readonly place: number;
}

export class SnapshotFile {
  readonly #environment: Environment;

  private constructor(environment: Environment) {
    this.#environment = environment;
  }

  static async open(path: string, mapBytes: number, isChecked = false): Promise<SnapshotFile> {
    return new SnapshotFile(await Environment.open(path, { format, mapBytes, isChecked }));
  }

  get path(): string {
    return this.#environment.path;
  }

  /** Of the last finished pass; null when there is none. */
  get meta(): SnapshotMeta | null {
    const stored = this.#environment.get(metaKey);
    return stored === undefined ? null : (JSON.parse(stored.toString()) as SnapshotMeta);
  }

  /**
   * The pages from `first` on as `pass` left them: of each the newer version that is not younger.
   * Keys of what is younger go to `onYounger`. The bytes are valid until the next page.
   * @throws StorageError on a page that is corrupt
   */
  *pages(
    pass: number,
    first = 0,
    onYounger: (key: Buffer) => void = () => {},
  ): Iterable<PlacedPage> {
    let best: { readonly page: number; readonly place: number; readonly value: Buffer } | null =
      null;
    for (const { key, value } of this.#environment.entries(pageKey(first, 0), pagesTo)) {
      const page = key.readUInt32BE(1);
      if (best !== null && best.page !== page) {
        yield { page: best.page, place: best.place, bytes: this.#checked(best.value, best.page) };
        best = null;
      }
      const written = value.readUInt32BE(4);
      if (written > pass) onYounger(Buffer.from(key));
      else if (best === null || best.value.readUInt32BE(4) <= written) {
        best = { page, place: key[5]!, value };
      }
    }
    if (best === null) return;
    yield { page: best.page, place: best.place, bytes: this.#checked(best.value, best.page) };
  }

  /** @throws StorageError when it is missing or corrupt */
  table(name: TableName, pass: number): Buffer {
    const value = this.#environment.get(tableKey(name, pass));
    if (value === undefined) {
      throw new StorageError(`${this.path}: the table of ${name} is missing`);
    }
    return this.#checked(value, -1);
  }

  #checked(value: Buffer, page: number): Buffer {
    if (crc32(value.subarray(4)) !== value.readUInt32BE(0)) {
      throw new StorageError(
        `${this.path}: page ${page} is corrupt (its checksum is wrong); ${remedy}`,
      );
    }
    return value.subarray(headerBytes);
  }

  /** Durable when the promise resolves. */
  writePage({ page, place, bytes }: PlacedPage, pass: number): Promise<void> {
    return this.#environment.put(pageKey(page, place), wrap(bytes, pass));
  }

  /** In one transaction: all that was written by this pass is the snapshot. */
  finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void> {
    return this.#environment.putAll([
      [tableKey('sessions', meta.pass), wrap(sessions, meta.pass)],
      [tableKey('acls', meta.pass), wrap(acls, meta.pass)],
      [metaKey, Buffer.from(JSON.stringify(meta))],
    ]);
  }

  pageKeys(): Buffer[] {
    return Array.from(this.#environment.keys(pagesFrom, pagesTo), (key) => Buffer.from(key));
  }

  async remove(keys: readonly Buffer[]): Promise<void> {
    if (keys.length > 0) await this.#environment.removeAll(keys);
  }

  close(): Promise<void> {
    return this.#environment.close();
  }
}

function wrap(bytes: Buffer, pass: number): Buffer {
  const value = Buffer.allocUnsafe(headerBytes + bytes.length);
  value.writeUInt32BE(pass, 4);
  bytes.copy(value, headerBytes);
  value.writeUInt32BE(crc32(value.subarray(4)), 0);
  return value;
}

function pageKey(page: number, place: number): Buffer {
  const key = Buffer.alloc(6);
  key[0] = pagesFrom[0]!;
  key.writeUInt32BE(page, 1);
  key[5] = place;
  return key;
}

/** Tables alternate between two keys as pages do. */
function tableKey(name: TableName, pass: number): Buffer {
  return Buffer.from(`${name}${pass & 1}`);
}
