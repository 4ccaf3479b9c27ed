/**
 * One row of fixed size per znode, in chunks outside the heap: the Stat as it goes over the wire,
 * then our own fields. A slot (row number) names a znode inside this replica; a freed slot is
 * reused.
 *
 * A row and not a column per field, because nearly every operation needs most fields of one znode:
 * a Stat is one copy of 68 bytes from two cache lines. Chunks are added, never moved, so growing
 * costs no pause. Rows are grouped in pages of 64, the unit of snapshots: `beforeChange` must be
 * called ahead of every change of a row, so that a page still owed to a running snapshot is saved
 * as it was.
 */

import { assert } from '../protocol/assert.ts';
import { statBytes } from '../protocol/record.ts';

export const rowBytes = 112;
const rowsPerChunkShift = 13;
const rowsPerChunk = 1 << rowsPerChunkShift;
export const pageShift = 6;
export const rowsPerPage = 1 << pageShift;
export const noSlot = -1;
export const rootSlot = 0;

/** Where the fields of a row lie. The first eleven are big-endian, in the order of Stat. */
export const Field = {
  czxid: 0,
  mzxid: 8,
  ctime: 16,
  mtime: 24,
  version: 32,
  cversion: 36,
  aversion: 40,
  ephemeralOwner: 44,
  dataLength: 52,
  numChildren: 56,
  pzxid: 60,
  /** Little-endian from here on. Creates of children ever: numbers sequential znodes. */
  childCreates: statBytes,
  /** Kind flags in the low 8 bits, length of the name in the others. */
  nameAndFlags: 72,
  acl: 76,
  parent: 80,
  firstChild: 84,
  nextSibling: 88,
  previousSibling: 92,
  cell: 96,
  /** State of the path hash after this path: children go on from it. */
  pathHash: 100,
  dataCrc: 104,
  digest: 108,
} as const;

/** Longest name that a row can speak of, with room for a sequence suffix. */
export const nameBytesMax = 2 ** 24 - 32;

/** Kinds and properties of a znode, as bits. A free row has none of them. */
export const Flag = {
  live: 1,
  ephemeral: 2,
  container: 4,
  ttl: 8,
  nullData: 16,
  /** Below /zookeeper: not part of the digest. */
  system: 32,
} as const;

/** State of a page with regard to snapshots. */
const dirty = 1;
const owed = 2;

export class ZnodeRows {
  readonly #views: DataView[] = [];
  readonly #bytes: Buffer[] = [];
  /** First free row of the chain through `parent`. */
  #freeHead = noSlot;
  /** Rows ever used. Invariant: every slot is below it. */
  slotLimit = 0;
  #pageStates = new Uint8Array(64);
  /** Saves a page that the running snapshot still owes, as it is now. */
  onOwedPage: (page: number) => void = () => {};

  view(slot: number): DataView {
    return this.#views[slot >> rowsPerChunkShift]!;
  }

  bytes(slot: number): Buffer {
    return this.#bytes[slot >> rowsPerChunkShift]!;
  }

  base(slot: number): number {
    return (slot & (rowsPerChunk - 1)) * rowBytes;
  }

  wireInt(slot: number, field: number): number {
    return this.view(slot).getInt32(this.base(slot) + field);
  }

  setWireInt(slot: number, field: number, value: number): void {
    this.view(slot).setInt32(this.base(slot) + field, value);
  }

  wireLong(slot: number, field: number): number {
    const view = this.view(slot);
    const at = this.base(slot) + field;
    return view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
  }

  setWireLong(slot: number, field: number, value: number): void {
    const view = this.view(slot);
    const at = this.base(slot) + field;
    view.setInt32(at, Math.floor(value / 2 ** 32));
    view.setInt32(at + 4, value % 2 ** 32);
  }

  int(slot: number, field: number): number {
    return this.view(slot).getInt32(this.base(slot) + field, true);
  }

  setInt(slot: number, field: number, value: number): void {
    this.view(slot).setInt32(this.base(slot) + field, value, true);
  }

  flags(slot: number): number {
    return this.int(slot, Field.nameAndFlags) & 0xff;
  }

  nameLength(slot: number): number {
    return this.int(slot, Field.nameAndFlags) >>> 8;
  }

  isLive(slot: number): boolean {
    return slot < this.slotLimit && (this.flags(slot) & Flag.live) !== 0;
  }

  /** A row filled with zeros, already announced as changing. */
  allocate(): number {
    let slot = this.#freeHead;
    if (slot !== noSlot) {
      assert(!this.isLive(slot), 'rows: a free row is in use by nobody');
      this.beforeChange(slot);
      this.#freeHead = this.int(slot, Field.parent);
      assert(this.#freeHead < this.slotLimit, 'rows: the free chain stays among the rows');
      const base = this.base(slot);
      this.bytes(slot).fill(0, base, base + rowBytes);
      return slot;
    }
    slot = this.slotLimit;
    this.reserve(slot + 1);
    this.beforeChange(slot);
    return slot;
  }

  /** Makes every slot below `limit` addressable; new ones are free but not in the free chain. */
  reserve(limit: number): void {
    while (this.#views.length << rowsPerChunkShift < limit) {
      const buffer = new ArrayBuffer(rowsPerChunk * rowBytes);
      this.#views.push(new DataView(buffer));
      this.#bytes.push(Buffer.from(buffer));
      assert(this.#views.length === this.#bytes.length, 'rows: each chunk is seen in two ways');
    }
    this.slotLimit = Math.max(this.slotLimit, limit);
    const pages = this.pageCount;
    if (pages > this.#pageStates.length) {
      const grown = new Uint8Array(pages * 2);
      grown.set(this.#pageStates);
      this.#pageStates = grown;
      assert(pages <= grown.length, 'rows: each page has a state');
    }
  }

  free(slot: number): void {
    assert(this.isLive(slot), 'rows: a row is freed once');
    this.beforeChange(slot);
    this.setInt(slot, Field.nameAndFlags, 0);
    this.setInt(slot, Field.parent, this.#freeHead);
    this.#freeHead = slot;
  }

  /** Chains all rows that are not live: after a snapshot was loaded. */
  rebuildFreeChain(): void {
    this.#freeHead = noSlot;
    for (let slot = this.slotLimit - 1; slot >= 0; slot--) {
      if (this.flags(slot) & Flag.live) continue;
      this.setInt(slot, Field.parent, this.#freeHead);
      this.#freeHead = slot;
    }
    assert(this.#freeHead < this.slotLimit, 'rows: the free chain stays among the rows');
  }

  get pageCount(): number {
    return (this.slotLimit + rowsPerPage - 1) >> pageShift;
  }

  /** To be called before any byte of the row, or of its cell, changes. */
  beforeChange(slot: number): void {
    assert(slot >= 0 && slot < this.slotLimit, 'rows: what changes is one of them');
    const page = slot >> pageShift;
    const state = this.#pageStates[page]!;
    if (state === dirty) return;
    if (state & owed) {
      this.onOwedPage(page);
      assert(!this.isOwed(page), 'rows: an owed page is saved before it changes');
    }
    this.#pageStates[page] = dirty;
  }

  /**
   * A snapshot begins: every page changed since the last one is owed to it. Returns their number.
   */
  owePages(): number {
    let count = 0;
    for (let page = 0; page < this.pageCount; page++) {
      if (this.#pageStates[page] === 0) continue;
      this.#pageStates[page] = owed;
      count++;
    }
    assert(count <= this.pageCount, 'rows: no more pages are owed than there are');
    return count;
  }

  isOwed(page: number): boolean {
    return (this.#pageStates[page]! & owed) !== 0;
  }

  /** The page was saved for the running snapshot. */
  settlePage(page: number): void {
    assert(this.isOwed(page), 'rows: a page is saved once for a snapshot');
    this.#pageStates[page] = this.#pageStates[page]! & ~owed;
  }

  /** A snapshot failed: what it owed or wrote counts as changed again. */
  dirtyAllPages(): void {
    this.#pageStates.fill(dirty, 0, this.pageCount);
  }

  /** What was just loaded equals the snapshot on disk. */
  cleanAllPages(): void {
    this.#pageStates.fill(0);
  }
}
