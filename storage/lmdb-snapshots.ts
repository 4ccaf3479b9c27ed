/**
 * Snapshots in one LMDB file. Each page has two places: a pass writes the place that does not hold
 * the page's last finished version, so that a crash in the middle of a pass leaves the pass before
 * it whole. Every value carries its pass and a checksum. Nothing is deleted in life; what a crashed
 * pass wrote goes at the next start, since the next pass has the same number.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Environment } from './environment.ts';
import type { SnapshotMeta, SnapshotStore } from './snapshot-store.ts';
import { remedy, StorageError } from './storage-error.ts';

const format = 'natskeeper tree 1';
const metaKey = Buffer.from('meta');
const pagesFrom = Buffer.from('p');
const pagesTo = Buffer.from('q');
/** Checksum and pass in front of each value. */
const headerBytes = 8;

export class LmdbSnapshots implements SnapshotStore {
  #environment: Environment;
  readonly #mapBytes: number;
  /** Which of its two places holds a page's last finished version. */
  readonly #places = new Map<number, number>();
  /** Pages written by the pass under way, with the place they went to. */
  readonly #written = new Map<number, number>();
  /** What a pass wrote that never finished; gone before the next pass begins. */
  #unfinished: Buffer[] = [];
  meta: SnapshotMeta | null = null;

  private constructor(environment: Environment, mapBytes: number) {
    this.#environment = environment;
    this.#mapBytes = mapBytes;
    const stored = environment.get(metaKey);
    if (stored) this.meta = JSON.parse(stored.toString()) as SnapshotMeta;
  }

  static async open(directory: string, mapBytes = 1024 ** 3): Promise<LmdbSnapshots> {
    mkdirSync(directory, { recursive: true });
    const path = join(directory, 'tree.mdb');
    return new LmdbSnapshots(await Environment.open(path, { format, mapBytes }), mapBytes);
  }

  get #pass(): number {
    return (this.meta?.pass ?? 0) + 1;
  }

  /** Of each page's two versions the newer one that belongs to a finished pass. */
  *readPages(): Iterable<{ page: number; bytes: Buffer }> {
    const finished = this.meta?.pass ?? 0;
    let page = -1;
    let best: Buffer | null = null;
    this.#unfinished = [];
    for (const { key, value } of this.#environment.entries(pagesFrom, pagesTo)) {
      const at = key.readUInt32BE(1);
      if (at !== page) {
        if (best !== null) yield { page, bytes: this.#checked(best, page) };
        page = at;
        best = null;
      }
      const pass = value.readUInt32BE(4);
      if (pass > finished) this.#unfinished.push(Buffer.from(key));
      if (pass > finished || (best !== null && best.readUInt32BE(4) > pass)) continue;
      best = value;
      this.#places.set(page, key[5]!);
    }
    if (best !== null) yield { page, bytes: this.#checked(best, page) };
  }

  /** Pages of the file that were read stay mapped, and count as ours, until it is closed. */
  async endReading(): Promise<void> {
    // Without a finished pass nobody has read, and whatever is there is of an unfinished one.
    if (this.meta === null) this.#unfinished = this.#pageKeys();
    if (this.#unfinished.length > 0) await this.#environment.removeAll(this.#unfinished);
    this.#unfinished = [];
    const { path } = this.#environment;
    await this.#environment.close();
    const mapBytes = this.#mapBytes;
    this.#environment = await Environment.open(path, { format, mapBytes, isChecked: true });
  }

  #pageKeys(): Buffer[] {
    const entries = this.#environment.entries(pagesFrom, pagesTo);
    return Array.from(entries, ({ key }) => Buffer.from(key));
  }

  #checked(value: Buffer, page: number): Buffer {
    if (crc32(value.subarray(4)) !== value.readUInt32BE(0)) {
      throw new StorageError(
        `${this.#environment.path}: page ${page} is corrupt (its checksum is wrong); ${remedy}`,
      );
    }
    return value.subarray(headerBytes);
  }

  readTable(name: 'sessions' | 'acls'): Buffer {
    const value = this.#environment.get(tableKey(name, this.meta?.pass ?? 0));
    if (value === undefined) {
      throw new StorageError(`${this.#environment.path}: the table of ${name} is missing`);
    }
    return this.#checked(value, -1);
  }

  writePage(page: number, bytes: Buffer): Promise<void> {
    const place = this.#written.get(page) ?? 1 - (this.#places.get(page) ?? 1);
    this.#written.set(page, place);
    const key = Buffer.alloc(6);
    key[0] = pagesFrom[0]!;
    key.writeUInt32BE(page, 1);
    key[5] = place;
    return this.#environment.put(key, this.#wrap(bytes));
  }

  #wrap(bytes: Buffer): Buffer {
    const value = Buffer.allocUnsafe(headerBytes + bytes.length);
    value.writeUInt32BE(this.#pass, 4);
    bytes.copy(value, headerBytes);
    value.writeUInt32BE(crc32(value.subarray(4)), 0);
    return value;
  }

  async finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): Promise<void> {
    await this.#environment.putAll([
      [tableKey('sessions', meta.pass), this.#wrap(sessions)],
      [tableKey('acls', meta.pass), this.#wrap(acls)],
      [metaKey, Buffer.from(JSON.stringify(meta))],
    ]);
    for (const [page, place] of this.#written) this.#places.set(page, place);
    this.#written.clear();
    this.meta = meta;
  }

  close(): Promise<void> {
    return this.#environment.close();
  }
}

/** Tables alternate between two keys as pages do. */
function tableKey(name: string, pass: number): Buffer {
  return Buffer.from(`${name}${pass & 1}`);
}
