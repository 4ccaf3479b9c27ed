/**
 * Damage to the pages of sound files, one page at a time: what a disk may do that is no crash.
 */

import type { Disk, DiskFile, DiskFolder, DiskNode, Image } from './disk.ts';
import { DiskFile as File, pageBytes, sectorBytes } from './disk.ts';
import type { DiskRecord } from './record.ts';

export interface Damage {
  readonly path: string;
  readonly kind: string;
  readonly page: number;
  /** Of the page, as damaged. */
  readonly bytes: Buffer;
}

/** What an older meta page in place of the younger one comes to: see damage-process.ts. */
export const lostCommit = 'as before the last commit';

/** Where a bit is flipped: the head of a page, its list of nodes, its middle and end. */
const flippedBytes = [0, 9, 18, 20, 22, 25, 40, 60, 150, 300, 1000, 2048, 3000, 3900, 4000, 4090];

/** Older contents of each page. */
export class PageHistory {
  readonly #versions = new Map<DiskFile, Map<number, Buffer[]>>();

  /** To be told before the disk is. */
  note(record: DiskRecord, disk: Disk): void {
    if (record.kind !== 'write') return;
    const file = disk.fileOf(record.inode);
    const end = record.offset + record.bytes.length;
    for (let page = Math.floor(record.offset / pageBytes); page * pageBytes < end; page++) {
      const before = pageOf(file.cached, page);
      if (before.length < pageBytes) continue;
      const pages = this.#versions.get(file) ?? new Map<number, Buffer[]>();
      this.#versions.set(file, pages);
      pages.set(page, [Buffer.from(before), ...(pages.get(page) ?? [])]);
    }
  }

  /** The younger ones first, none that equals the present one. */
  of(file: DiskFile, page: number): Buffer[] {
    const present = pageOf(file.cached, page);
    const versions = this.#versions.get(file)?.get(page) ?? [];
    return versions.filter((version) => !version.equals(present));
  }
}

const pageOf = (bytes: Buffer, page: number): Buffer =>
  bytes.subarray(page * pageBytes, (page + 1) * pageBytes);

/** All damage that is looked at, in an order that is always the same. */
export function* damages(disk: Disk, history: PageHistory): Iterable<Damage> {
  const files = [...filesIn(disk.top, '')].filter(([path]) => path.endsWith('.mdb'));
  for (const [at, [path, file]] of files.entries()) {
    const other = files[(at + 1) % files.length]![1];
    for (let page = 0; page * pageBytes < file.cached.length; page++) {
      const old = history.of(file, page);
      for (const [kind, bytes] of ofPage(file.cached, page, old, other.cached)) {
        if (!bytes.equals(pageOf(file.cached, page))) yield { path, kind, page, bytes };
      }
    }
  }
}

function* ofPage(
  file: Buffer,
  page: number,
  old: readonly Buffer[],
  other: Buffer,
): Iterable<[string, Buffer]> {
  const present = pageOf(file, page);
  for (const byte of flippedBytes) {
    const bytes = Buffer.from(present);
    bytes[byte]! ^= 1 << ((byte + page) % 8);
    yield ['one flipped bit', bytes];
  }
  yield ['page zeroed', Buffer.alloc(pageBytes)];
  const half = pageBytes / 2;
  yield ['second half zeroed', joined(present, Buffer.alloc(pageBytes), half)];
  yield ['all but a sector zeroed', joined(present, Buffer.alloc(pageBytes), sectorBytes)];
  for (const version of old.slice(0, 2)) {
    yield ['stale page', version];
    yield ['second half stale', joined(present, version, half)];
    yield ['first half stale', joined(version, present, half)];
  }
  const count = file.length / pageBytes;
  for (const bytes of [pageOf(file, (page + 1) % count), pageOf(file, (page + 2) % count)]) {
    yield ["another page's content", bytes];
  }
  const foreign = pageOf(other, page);
  if (foreign.length === pageBytes) yield ["another file's page", foreign];
}

const joined = (first: Buffer, second: Buffer, at: number): Buffer =>
  Buffer.concat([first.subarray(0, at), second.subarray(at)]);

export function* filesIn(folder: DiskFolder, prefix: string): Iterable<[string, DiskFile]> {
  for (const [name, node] of [...folder.cached].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (isFile(node)) yield [prefix + name, node];
    else yield* filesIn(node, `${prefix}${name}/`);
  }
}

const isFile = (node: DiskNode): node is DiskFile => node instanceof File;

/** The files as they are, with the damage done. */
export function damagedImage(disk: Disk, damage: Damage | null): Image {
  const files = Array.from(filesIn(disk.top, ''), ([path, { cached }]) => {
    if (damage === null || path !== damage.path) return { path, bytes: cached };
    const bytes = Buffer.from(cached);
    damage.bytes.copy(bytes, damage.page * pageBytes);
    return { path, bytes };
  });
  return { key: '', folders: ['natskeeper'], files };
}
