/**
 * How a snapshot lies in its LMDB file. Each page has two places, and each table two keys: a pass
 * writes the one that does not hold the last finished version. Every value has a seal; those of
 * pages and tables begin with their pass. An entry that nobody writes, or tables without what they
 * belong to, are damage.
 */

import { assert } from '../protocol/assert.ts';
import { BufferPool } from './buffer-pool.ts';
import { type Entry, Environment } from './environment.ts';
import { seal, sealBytes, sealed, unsealed, unsealedBytes } from './sealed.ts';
import type { SnapshotMeta, SnapshotPage } from './snapshot-store.ts';
import { remedy, StorageError } from './storage-error.ts';

const format = 'natskeeper tree 3';
const metaKey = Buffer.from('meta');
const names: ReadonlySet<string> = new Set(['meta', 'sessions0', 'sessions1', 'acls0', 'acls1']);
const pageKeyBytes = 6;
const pagesFrom = Buffer.from('p');
const pagesTo = Buffer.from('q');
const keysFrom = Buffer.from([0]);
const keysTo = Buffer.from([0xff]);
/** Address space; the library takes more when a file needs it. */
export const usualMapBytes = 1024 ** 3;
/** Of the pass in front of pages and tables. */
const passBytes = 4;
const wrapBytes = sealBytes + passBytes;

export type TableName = 'sessions' | 'acls';

/** A page in the version that a pass left, and which of its places holds it. */
export interface PlacedPage extends SnapshotPage {
  readonly place: number;
}

interface Versioned {
  readonly pass: number;
  readonly bytes: Buffer;
}

export class SnapshotFile {
  readonly #environment: Environment;
  readonly #buffers = new BufferPool();

  private constructor(environment: Environment) {
    this.#environment = environment;
  }

  static async open(path: string, mapBytes: number, isChecked = false): Promise<SnapshotFile> {
    const file = new SnapshotFile(await Environment.open(path, { format, mapBytes, isChecked }));
    try {
      file.#checkNames();
    } catch (failure) {
      await file.close();
      throw failure;
    }
    return file;
  }

  /** A key that is damaged hides what it stands for. */
  #checkNames(): void {
    const hasMeta = this.meta !== null;
    const ranges = [this.#environment.keys(keysFrom, pagesFrom)];
    ranges.push(this.#environment.keys(pagesTo, keysTo));
    for (const key of ranges.flatMap((range) => Array.from(range, String))) {
      if (!names.has(key)) throw this.#corrupt('a key of its tables');
      if (!hasMeta) throw this.#corrupt('what it is a snapshot of');
    }
  }

  get path(): string {
    return this.#environment.path;
  }

  /** Of the last finished pass; null when there is none. */
  get meta(): SnapshotMeta | null {
    const stored = this.#environment.get(metaKey);
    if (stored === undefined) return null;
    const read = unsealed(metaKey, stored);
    if (read !== undefined) return read as SnapshotMeta;
    throw this.#corrupt('what it is a snapshot of');
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
    let best: (PlacedPage & Versioned) | null = null;
    let buffer = this.#buffers.take(0);
    for (const key of this.#environment.keys(pageKey(first, 0), pagesTo)) {
      const page = key.length === pageKeyBytes ? key.readUInt32BE(1) : -1;
      if (best !== null && best.page !== page) {
        yield best;
        best = null;
      }
      // Each version: the pass of one that is damaged says nothing of which one counts.
      const version = this.#opened(key, this.#environment.view(key)!, `page ${page}`);
      if (version.pass > pass) onYounger(Buffer.from(key));
      else if (best === null || best.pass <= version.pass) {
        // In one buffer for all: each new one would be filled with zeros, and collected.
        const { length } = version.bytes;
        if (length > buffer.length) buffer = Buffer.allocUnsafeSlow(length);
        version.bytes.copy(buffer);
        best = { page, place: key[5]!, pass: version.pass, bytes: buffer.subarray(0, length) };
      }
    }
    if (best !== null) yield best;
    this.#buffers.give(buffer);
  }

  /** @throws StorageError when it is missing or corrupt */
  table(name: TableName, pass: number): Buffer {
    const key = tableKey(name, pass);
    const value = this.#environment.get(key);
    const version = value === undefined ? null : this.#opened(key, value, `the table of ${name}`);
    if (version?.pass === pass) return version.bytes;
    throw new StorageError(`${this.path}: the table of ${name} is missing; ${remedy}`);
  }

  #opened(key: Buffer, value: Buffer, name: string): Versioned {
    const opened = unsealedBytes(key, value);
    if (opened === null) throw this.#corrupt(name);
    return { pass: opened.readUInt32BE(0), bytes: opened.subarray(passBytes) };
  }

  #corrupt(name: string): StorageError {
    return new StorageError(`${this.path}: ${name} is corrupt (its checksum is wrong); ${remedy}`);
  }

  /** Durable when the promise resolves. The bytes may change as soon as it is returned. */
  async writePage({ page, place, bytes }: PlacedPage, pass: number): Promise<void> {
    assert(place === 0 || place === 1, 'snapshot: a page has two places');
    const key = pageKey(page, place);
    const buffer = this.#buffers.take(wrapBytes + bytes.length);
    await this.#environment.put(key, wrap(key, bytes, pass, buffer));
    this.#buffers.give(buffer);
  }

  /** In one transaction: all that was written by this pass is the snapshot. */
  finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void> {
    assert(meta.pass > 0, 'snapshot: passes are counted from one');
    const table = (name: TableName, bytes: Buffer): Entry => {
      const key = tableKey(name, meta.pass);
      const buffer = Buffer.allocUnsafe(wrapBytes + bytes.length);
      return [key, wrap(key, bytes, meta.pass, buffer)];
    };
    return this.#environment.putAll([
      table('sessions', sessions),
      table('acls', acls),
      [metaKey, sealed(metaKey, meta)],
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

/** Seal, pass and bytes, at the beginning of `buffer`. */
function wrap(key: Buffer, bytes: Buffer, pass: number, buffer: Buffer): Buffer {
  assert(pass > 0, 'snapshot: what is stored belongs to a pass');
  const stored = buffer.subarray(0, wrapBytes + bytes.length);
  stored.writeUInt32BE(pass, sealBytes);
  stored.set(bytes, wrapBytes);
  seal(key, stored);
  return stored;
}

function pageKey(page: number, place: number): Buffer {
  assert(page >= 0, 'snapshot: pages are numbered from 0');
  const key = Buffer.alloc(pageKeyBytes);
  key[0] = pagesFrom[0]!;
  key.writeUInt32BE(page, 1);
  key[5] = place;
  return key;
}

/** Tables alternate between two keys as pages do. */
function tableKey(name: TableName, pass: number): Buffer {
  return Buffer.from(`${name}${pass & 1}`);
}
