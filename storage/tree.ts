/**
 * The znodes of this replica, and the only functions that change them. Everything is kept outside
 * the heap: rows (znode-rows.ts), names and data (cell-pool.ts), paths by hash (path-index.ts). A
 * znode is named by its slot; paths come as bytes in somebody's buffer and are never turned into
 * strings here.
 *
 * Nothing is checked that prepare has decided already: callers pass txns that hold.
 */

import { assert } from '../protocol/assert.ts';
import { copyBytes } from '../protocol/jute.ts';
import { statBytes } from '../protocol/record.ts';
import { AclTable, openAclId, readOnlyAclId } from './acl-table.ts';
import { CellPool, sameCell } from './cell-pool.ts';
import { TreeDigest } from './digest.ts';
import { finishHash, hashBytes, hashChild, PathIndex, pathHashBasis } from './path-index.ts';
import { SpecialZnodes } from './special-znodes.ts';
import { Field, Flag, nameBytesMax, noSlot, rootSlot, ZnodeRows } from './znode-rows.ts';

const slash = 0x2f;
/** /zookeeper: made with the tree and never removed. */
const zookeeperSlot = 1;

/** What a new znode is; reused by the caller, so that a create makes no object. */
export interface ZnodeInit {
  /** Its data, or -1 for null. */
  dataStart: number;
  dataEnd: number;
  aclId: number;
  /** Kind bits of `Flag`. */
  kind: number;
  ownerHigh: number;
  ownerLow: number;
  ttl: number;
  zxid: number;
  time: number;
}

/** A persistent znode with empty data, of no time. */
export function emptyInit(): ZnodeInit {
  return {
    dataStart: 0,
    dataEnd: 0,
    aclId: 0,
    kind: 0,
    ownerHigh: 0,
    ownerLow: 0,
    ttl: 0,
    zxid: 0,
    time: 0,
  };
}

export class Tree {
  readonly rows = new ZnodeRows();
  readonly cells = new CellPool();
  readonly acls = new AclTable();
  readonly digest = new TreeDigest(this.rows);
  readonly special = new SpecialZnodes();
  readonly #index: PathIndex;
  #scratch: Buffer = Buffer.alloc(1024);
  /** Sum of the lengths of all paths' names and data, in bytes. */
  dataBytes = 0;

  /** For about so many znodes. */
  constructor(znodes = 0) {
    this.#index = new PathIndex(znodes);
  }

  /** The tree of an empty server: the root and what lies below /zookeeper (spec 1.9). */
  static initial(): Tree {
    const tree = new Tree();
    const { rows } = tree;
    const root = rows.allocate();
    assert(root === rootSlot, 'tree: the root has slot 0');
    rows.setInt(root, Field.nameAndFlags, Flag.live);
    rows.setInt(root, Field.parent, noSlot);
    tree.#clearLinks(root);
    rows.setInt(root, Field.acl, openAclId);
    rows.setInt(root, Field.pathHash, pathHashBasis);
    rows.setInt(root, Field.cell, tree.cells.allocate(0));
    const zookeeper = tree.#addSystem(root, 'zookeeper', openAclId);
    assert(zookeeper === zookeeperSlot, 'tree: /zookeeper has slot 1');
    tree.#addSystem(zookeeper, 'quota', openAclId);
    const config = tree.#addSystem(zookeeper, 'config', readOnlyAclId);
    rows.setWireInt(config, Field.aversion, -1);
    tree.digest.update(root);
    tree.digest.update(zookeeper);
    assert(tree.count === 4, 'tree: an empty one is the root and what is below /zookeeper');
    assert(tree.digest.value === tree.digest.recompute(), 'tree: its digest is that of its rows');
    return tree;
  }

  #addSystem(parent: number, name: string, aclId: number): number {
    const bytes = Buffer.from(name);
    // These creates are counted nowhere: cversion of / is -1 and of /zookeeper -2 when all is new.
    return this.insert(parent, bytes, 0, bytes.length, { ...emptyInit(), aclId });
  }

  /** Number of znodes, the root counted once. */
  get count(): number {
    return this.#index.size + 1;
  }

  /** The slot of the path in `bytes`, or -1. The empty path is the root, as in ZooKeeper. */
  find(bytes: Buffer, start: number, end: number): number {
    if (end - start <= 1) return end === start || bytes[start] === slash ? rootSlot : noSlot;
    let slot = this.#index.find(finishHash(hashBytes(pathHashBasis, bytes, start, end)));
    while (slot !== noSlot && !this.#hasPath(slot, bytes, start, end)) slot = this.#index.next();
    return slot;
  }

  findPath(path: string): number {
    if (this.#scratch.length < path.length * 3) this.#scratch = Buffer.alloc(path.length * 4);
    return this.find(this.#scratch, 0, this.#scratch.write(path));
  }

  #hasPath(slot: number, bytes: Buffer, start: number, end: number): boolean {
    let stop = end;
    let at = slot;
    while (at !== rootSlot) {
      const length = this.rows.nameLength(at);
      const nameStart = stop - length;
      if (nameStart <= start || bytes[nameStart - 1] !== slash) return false;
      this.locateCell(at);
      const { buffer, offset } = this.cells;
      for (let i = 0; i < length; i++) {
        if (buffer[offset + i] !== bytes[nameStart + i]) return false;
      }
      stop = nameStart - 1;
      at = this.rows.int(at, Field.parent);
    }
    return stop === start;
  }

  /** Sets cells.buffer and cells.offset to the znode's name, which its data follows. */
  locateCell(slot: number): number {
    const length = this.rows.nameLength(slot) + this.rows.wireInt(slot, Field.dataLength);
    this.cells.locate(this.rows.int(slot, Field.cell), length);
    return length;
  }

  isNull(slot: number): boolean {
    return (this.rows.flags(slot) & Flag.nullData) !== 0;
  }

  /** A copy of the znode's data; null when it has none. */
  data(slot: number): Buffer | null {
    if (this.isNull(slot)) return null;
    this.locateCell(slot);
    const start = this.cells.offset + this.rows.nameLength(slot);
    const length = this.rows.wireInt(slot, Field.dataLength);
    return Buffer.from(this.cells.buffer.subarray(start, start + length));
  }

  /** Writes the znode's 68 bytes of Stat to `target` at `at`. */
  copyStat(slot: number, target: Buffer, at: number): void {
    const base = this.rows.base(slot);
    copyBytes(this.rows.bytes(slot), base, base + statBytes, target, at);
  }

  name(slot: number): string {
    this.locateCell(slot);
    const { buffer, offset } = this.cells;
    return buffer.toString('utf8', offset, offset + this.rows.nameLength(slot));
  }

  path(slot: number): string {
    if (slot === rootSlot) return '/';
    const names: string[] = [];
    for (let at = slot; at !== rootSlot; at = this.rows.int(at, Field.parent)) {
      names.push(this.name(at));
    }
    return `/${names.reverse().join('/')}`;
  }

  parent(slot: number): number {
    return this.rows.int(slot, Field.parent);
  }

  firstChild(slot: number): number {
    return this.rows.int(slot, Field.firstChild);
  }

  nextSibling(slot: number): number {
    return this.rows.int(slot, Field.nextSibling);
  }

  numChildren(slot: number): number {
    return this.rows.wireInt(slot, Field.numChildren);
  }

  /**
   * Adds a child with the name at `nameStart`..`nameEnd` of `bytes`; its data lies there too. A
   * noteChildChange has to follow.
   */
  insert(
    parent: number,
    bytes: Buffer,
    nameStart: number,
    nameEnd: number,
    init: ZnodeInit,
  ): number {
    const { rows } = this;
    assert(nameEnd > nameStart, 'tree: a new znode has a name');
    const slot = rows.allocate();
    rows.beforeChange(parent);
    const isNull = init.dataStart < 0;
    const dataLength = isNull ? 0 : init.dataEnd - init.dataStart;
    const nameLength = nameEnd - nameStart;
    assert(nameLength <= nameBytesMax && dataLength >= 0, 'tree: name and data fit into a row');
    const cell = this.cells.allocate(nameLength + dataLength);
    this.cells.locate(cell, nameLength + dataLength);
    copyBytes(bytes, nameStart, nameEnd, this.cells.buffer, this.cells.offset);
    if (dataLength > 0) {
      const at = this.cells.offset + nameLength;
      copyBytes(bytes, init.dataStart, init.dataEnd, this.cells.buffer, at);
    }
    const above = rows.flags(parent);
    assert((above & Flag.live) !== 0, 'tree: the parent of a new znode is there');
    const inSystem = parent === zookeeperSlot || (above & Flag.system) !== 0;
    const inherited = inSystem ? Flag.system : 0;
    const flags = Flag.live | init.kind | (isNull ? Flag.nullData : 0) | inherited;
    rows.setInt(slot, Field.nameAndFlags, (nameLength << 8) | flags);
    rows.setInt(slot, Field.cell, cell);
    rows.setInt(slot, Field.acl, init.aclId);
    this.acls.retain(init.aclId);
    rows.setWireLong(slot, Field.czxid, init.zxid);
    rows.setWireLong(slot, Field.mzxid, init.zxid);
    rows.setWireLong(slot, Field.pzxid, init.zxid);
    rows.setWireLong(slot, Field.ctime, init.time);
    rows.setWireLong(slot, Field.mtime, init.time);
    rows.setWireInt(slot, Field.ephemeralOwner, init.ownerHigh);
    rows.setWireInt(slot, Field.ephemeralOwner + 4, init.ownerLow);
    rows.setWireInt(slot, Field.dataLength, dataLength);
    this.dataBytes += nameLength + dataLength;
    // Before the links: a change of the next sibling may save a page, which moves the pool's
    // cursor.
    this.digest.setData(slot, this.cells.buffer, this.cells.offset + nameLength, dataLength);
    this.#linkChild(parent, slot, bytes, nameStart, nameEnd);
    this.special.add(slot, init.kind, init.ownerHigh, init.ownerLow, init.ttl);
    rows.setWireInt(parent, Field.numChildren, this.numChildren(parent) + 1);
    this.#showCversion(parent);
    this.digest.update(slot);
    return slot;
  }

  #linkChild(parent: number, slot: number, bytes: Buffer, start: number, end: number): void {
    const { rows } = this;
    const hash = hashChild(rows.int(parent, Field.pathHash), bytes, start, end);
    rows.setInt(slot, Field.pathHash, hash);
    this.#index.insert(finishHash(hash), slot);
    const sibling = this.firstChild(parent);
    this.#clearLinks(slot);
    rows.setInt(slot, Field.parent, parent);
    rows.setInt(slot, Field.nextSibling, sibling);
    if (sibling !== noSlot) {
      const before = rows.int(sibling, Field.previousSibling);
      assert(before === noSlot, 'tree: nothing is before the first child');
      rows.beforeChange(sibling);
      rows.setInt(sibling, Field.previousSibling, slot);
    }
    rows.setInt(parent, Field.firstChild, slot);
  }

  #clearLinks(slot: number): void {
    this.rows.setInt(slot, Field.firstChild, noSlot);
    this.rows.setInt(slot, Field.nextSibling, noSlot);
    this.rows.setInt(slot, Field.previousSibling, noSlot);
  }

  /** cversion counts creates and deletes of children: 2 * creates - children (spec 1.9). */
  #showCversion(slot: number): void {
    const creates = this.rows.int(slot, Field.childCreates);
    this.rows.setWireInt(slot, Field.cversion, 2 * creates - this.numChildren(slot));
  }

  /**
   * Raises the parent's count of creates and its pzxid after a child came or went; never lowers.
   */
  noteChildChange(parent: number, creates: number, zxid: number): void {
    const { rows } = this;
    rows.beforeChange(parent);
    if (creates > rows.int(parent, Field.childCreates)) {
      rows.setInt(parent, Field.childCreates, creates);
      this.#showCversion(parent);
    }
    if (zxid > rows.wireLong(parent, Field.pzxid)) rows.setWireLong(parent, Field.pzxid, zxid);
    this.digest.update(parent);
  }

  /** Removes a childless znode. Its slot may be reused at once. */
  remove(slot: number): void {
    const { rows } = this;
    assert(slot !== rootSlot, 'tree: the root is never removed');
    assert(this.firstChild(slot) === noSlot, 'tree: a removed znode has no children');
    const parent = this.parent(slot);
    rows.beforeChange(slot);
    rows.beforeChange(parent);
    const next = this.nextSibling(slot);
    const previous = rows.int(slot, Field.previousSibling);
    if (previous === noSlot) {
      assert(this.firstChild(parent) === slot, 'tree: the first child is linked by its parent');
      rows.setInt(parent, Field.firstChild, next);
    } else {
      assert(this.nextSibling(previous) === slot, 'tree: links of siblings are symmetric');
      rows.beforeChange(previous);
      rows.setInt(previous, Field.nextSibling, next);
    }
    if (next !== noSlot) {
      assert(rows.int(next, Field.previousSibling) === slot, 'tree: siblings link back');
      rows.beforeChange(next);
      rows.setInt(next, Field.previousSibling, previous);
    }
    this.#index.remove(finishHash(rows.int(slot, Field.pathHash)), slot);
    const ownerAt = Field.ephemeralOwner;
    const { special } = this;
    special.remove(
      slot,
      rows.flags(slot),
      rows.wireInt(slot, ownerAt),
      rows.wireInt(slot, ownerAt + 4),
    );
    this.acls.release(rows.int(slot, Field.acl));
    this.digest.forget(slot);
    const bytes = rows.nameLength(slot) + rows.wireInt(slot, Field.dataLength);
    this.dataBytes -= bytes;
    assert(this.dataBytes >= 0, 'tree: bytes of names and data are counted once');
    this.cells.free(rows.int(slot, Field.cell), bytes);
    rows.free(slot);
    const left = this.numChildren(parent) - 1;
    assert(left >= 0, 'tree: a child is counted by its parent');
    rows.setWireInt(parent, Field.numChildren, left);
    this.#showCversion(parent);
  }

  /** Replaces the data by `start`..`end` of `bytes` (start -1: null). A stamp has to follow. */
  replaceData(slot: number, bytes: Buffer, start: number, end: number): void {
    const { rows, cells } = this;
    rows.beforeChange(slot);
    const nameLength = rows.nameLength(slot);
    const before = nameLength + rows.wireInt(slot, Field.dataLength);
    const length = start < 0 ? 0 : end - start;
    let cell = rows.int(slot, Field.cell);
    if (!sameCell(before, nameLength + length)) {
      cells.locate(cell, before);
      const { buffer, offset } = cells;
      const moved = cells.allocate(nameLength + length);
      cells.locate(moved, nameLength + length);
      copyBytes(buffer, offset, offset + nameLength, cells.buffer, cells.offset);
      cells.free(cell, before);
      cell = moved;
      rows.setInt(slot, Field.cell, cell);
    }
    cells.locate(cell, nameLength + length);
    const at = cells.offset + nameLength;
    if (length > 0) copyBytes(bytes, start, end, cells.buffer, at);
    rows.setWireInt(slot, Field.dataLength, length);
    const flags = rows.flags(slot) & ~Flag.nullData;
    rows.setInt(
      slot,
      Field.nameAndFlags,
      (nameLength << 8) | flags | (start < 0 ? Flag.nullData : 0),
    );
    this.dataBytes += nameLength + length - before;
    this.digest.setData(slot, cells.buffer, at, length);
  }

  setAcl(slot: number, aclId: number, version: number): void {
    const { rows } = this;
    rows.beforeChange(slot);
    this.acls.retain(aclId);
    this.acls.release(rows.int(slot, Field.acl));
    rows.setInt(slot, Field.acl, aclId);
    rows.setWireInt(slot, Field.aversion, version);
    this.digest.update(slot);
  }

  /** Data changed by a txn: version and time go with it. */
  stampData(slot: number, version: number, zxid: number, time: number): void {
    this.rows.setWireInt(slot, Field.version, version);
    this.rows.setWireLong(slot, Field.mzxid, zxid);
    this.rows.setWireLong(slot, Field.mtime, time);
    this.digest.update(slot);
  }

  /** All rows were loaded from a snapshot into an empty tree: from now on they are found. */
  enterPaths(): void {
    const { rows } = this;
    assert(this.#index.size === 0, 'tree: paths are entered once');
    const pairs = new Int32Array(2 * rows.slotLimit);
    let length = 0;
    for (let slot = rootSlot + 1; slot < rows.slotLimit; slot++) {
      if (!rows.isLive(slot)) continue;
      pairs[length++] = finishHash(rows.int(slot, Field.pathHash));
      pairs[length++] = slot;
    }
    this.#index.insertAll(pairs.subarray(0, length));
  }
}
