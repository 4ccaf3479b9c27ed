/**
 * Looks at an LMDB file before the library maps it. The library trusts what it maps: a file that is
 * cut short or has a damaged page ends the process by SIGBUS or SIGSEGV, or hides entries. So the
 * meta pages and the inner structure are checked here first: every page that the two trees reach is
 * in the file and says of itself what it should, as many entries are there as the meta page
 * counts, with keys in their order, and no page is in use twice or both in use and free. Values are
 * not looked at: each has a checksum of its own.
 *
 * Layout: LMDB data version 2 as lmdb-js writes it; little-endian.
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const headerBytes = 24;
const metaBytes = 168;
const magic = 0xbeefc0de;
const dataVersion = 2;
const noPage = 0xffffffffffffffffn;
const depthMax = 32;
const Kind = { branch: 1, leaf: 2, overflow: 4 } as const;
/** Bits of a page's flags that say of which kind it is. */
const kindBits = 0x6f;
const bigData = 1;
const nodeBytes = 8;
/** Behind the two meta pages. */
const firstDataPage = 2;
/** How far the last page may lie behind the end of the file, when it and those before are free. */
const mapSlackBytes = 64 * 1024 * 1024;
/** Page, txn and count of the overflow pages that hold a large value. */
const overflowBytes = 24;

interface Meta {
  readonly pageBytes: number;
  readonly txn: bigint;
  readonly lastPage: number;
  /** Of the free pages, then of the entries. */
  readonly trees: readonly Tree[];
}

interface Tree {
  readonly isFreeList: boolean;
  readonly depth: number;
  readonly entries: number;
  readonly root: bigint;
}

type OnValue = ((value: Buffer) => void) | null;

class Fault extends Error {}

/** What is wrong with the file; null when nothing is. An empty file is a new one. */
export function faultOfLmdbFile(path: string): string | null {
  const handle = openSync(path, 'r');
  try {
    const size = fstatSync(handle).size;
    if (size > 0) new LmdbFile(handle, size).check();
    return null;
  } catch (failure) {
    if (failure instanceof Fault) return failure.message;
    // What a page says of itself leads out of it.
    if (failure instanceof RangeError) return `a page is damaged (${failure.message})`;
    throw failure;
  } finally {
    closeSync(handle);
  }
}

class LmdbFile {
  readonly #handle: number;
  readonly #size: number;
  #pageBytes = 0;
  /** Of the newest commit: no page is younger. */
  #txn = 0n;
  /** By page: is it in use, or listed as free? */
  #isTaken = new Uint8Array(0);
  /** Of the entry before, and what the next one is not below; in the tree that is looked at. */
  #lastKey: Buffer | null = null;
  #leastKey: Buffer | null = null;

  constructor(handle: number, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  check(): void {
    const first = this.#readMeta(0);
    this.#pageBytes = first.pageBytes;
    const second = this.#readMeta(first.pageBytes);
    // Commits write the two in turn: the other one is always that of the commit before.
    const isPair = first.txn === 0n && second.txn === 0n;
    const newest = first.txn > second.txn ? first : second;
    const isEven = newest === first;
    if (!isPair) {
      const isNext = newest.txn - (isEven ? second : first).txn === 1n;
      if (!isNext || (newest.txn % 2n === 0n) !== isEven) {
        throw new Fault(`its meta pages disagree (${first.txn}, ${second.txn})`);
      }
    }
    this.#txn = newest.txn;
    this.#isTaken = new Uint8Array(newest.lastPage + 1);
    for (const tree of newest.trees) this.#checkTree(tree);
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (at + length > this.#size || readSync(this.#handle, bytes, 0, length, at) < length) {
      throw new Fault(`it is cut short at ${this.#size} bytes`);
    }
    return bytes;
  }

  #readMeta(at: number): Meta {
    const page = this.#read(at, metaBytes);
    if (page.readUInt32LE(headerBytes) !== magic)
      throw new Fault('it is none, or its head is lost');
    if (page.readUInt32LE(headerBytes + 4) !== dataVersion) {
      throw new Fault(`its data version is ${page.readUInt32LE(headerBytes + 4)}`);
    }
    const pageBytes = page.readUInt32LE(48);
    if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) {
      throw new Fault(`its page size is ${pageBytes}`);
    }
    const treeAt = (offset: number, isFreeList: boolean): Tree => ({
      isFreeList,
      depth: page.readUInt16LE(offset + 6),
      entries: Number(page.readBigUInt64LE(offset + 32)),
      root: page.readBigUInt64LE(offset + 40),
    });
    const txn = page.readBigUInt64LE(152);
    const lastPage = Number(page.readBigUInt64LE(144));
    if (lastPage * pageBytes > this.#size * 2 + mapSlackBytes) throw new Fault('it is cut short');
    return { pageBytes, txn, lastPage, trees: [treeAt(48, true), treeAt(96, false)] };
  }

  #checkTree({ depth, entries, root, isFreeList }: Tree): void {
    const onValue = isFreeList ? (value: Buffer) => this.#takeFree(value) : null;
    this.#lastKey = null;
    this.#leastKey = null;
    const found = root === noPage ? 0 : this.#checkPage(root, depth, onValue);
    if (found !== entries) throw new Fault(`${found} of ${entries} entries are in reach`);
  }

  /** Returns the number of entries at and below the page. */
  #checkPage(number: bigint, height: number, onValue: OnValue): number {
    if (height < 1 || height > depthMax) throw new Fault(`its tree is ${height} pages high`);
    const page = this.#readPage(number, this.#pageBytes);
    const isLeaf = height === 1;
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const isKind = (page.readUInt16LE(18) & kindBits) === (isLeaf ? Kind.leaf : Kind.branch);
    if (!isKind || lower > upper || upper > this.#pageBytes - headerBytes) {
      throw new Fault(`page ${number} is damaged`);
    }
    const count = lower >> 1;
    let entries = 0;
    for (let index = 0; index < count; index++) {
      const node = page.readUInt16LE(headerBytes + index * 2) + headerBytes;
      if (node + nodeBytes > page.length) throw new Fault(`page ${number} is damaged`);
      if (isLeaf) this.#checkLeaf(page, node, onValue);
      else {
        // The first child of a page has no key.
        if (index > 0) this.#checkSeparator(keyAt(page, node, onValue !== null));
        entries += this.#checkPage(childAt(page, node), height - 1, onValue);
      }
    }
    return isLeaf ? count : entries;
  }

  #checkSeparator(key: Buffer): void {
    const isBehind = this.#lastKey === null || Buffer.compare(this.#lastKey, key) < 0;
    if (!isBehind) throw new Fault('its keys are not in order');
    this.#leastKey = key;
  }

  #checkKey(key: Buffer): void {
    const isBehind = this.#lastKey === null || Buffer.compare(this.#lastKey, key) < 0;
    const isInPlace = this.#leastKey === null || Buffer.compare(this.#leastKey, key) <= 0;
    if (key.length === 0 || !isBehind || !isInPlace) throw new Fault('its keys are not in order');
    this.#lastKey = key;
  }

  #checkLeaf(page: Buffer, node: number, onValue: OnValue): void {
    this.#checkKey(keyAt(page, node, onValue !== null));
    const size = page.readUInt32LE(node);
    const flags = page.readUInt16LE(node + 4);
    const isBig = flags === bigData;
    if (flags !== 0 && !isBig) throw new Fault(`page ${page.readBigUInt64LE(0)} is damaged`);
    const data = node + nodeBytes + page.readUInt16LE(node + 6);
    if (data + (isBig ? overflowBytes : size) > page.length) {
      throw new Fault(`page ${page.readBigUInt64LE(0)} is damaged`);
    }
    if (!isBig) onValue?.(page.subarray(data, data + size));
    else this.#checkOverflow(page.readBigUInt64LE(data), size, onValue);
  }

  #checkOverflow(number: bigint, size: number, onValue: OnValue): void {
    const at = Number(number) * this.#pageBytes;
    const head = this.#readPage(number, headerBytes);
    const pages = head.readUInt32LE(20);
    const isKind = (head.readUInt16LE(18) & kindBits) === Kind.overflow;
    if (!isKind || pages < Math.ceil((headerBytes + size) / this.#pageBytes)) {
      throw new Fault(`page ${number} is damaged`);
    }
    this.#take(Number(number) + 1, pages - 1);
    if (onValue !== null) onValue(this.#read(at + headerBytes, size));
    else this.#read(at + headerBytes + Math.max(size, 1) - 1, 1);
  }

  /** A count, then page numbers; a negative one is the length of the run from the next on. */
  #takeFree(list: Buffer): void {
    const count = Number(list.readBigInt64LE(0));
    if (count < 0 || (count + 1) * 8 > list.length) throw new Fault('its free list is damaged');
    for (let index = 1; index <= count; index++) {
      const value = Number(list.readBigInt64LE(index * 8));
      if (value >= 0) this.#take(value, value === 0 ? 0 : 1);
      else if (index < count) this.#take(Number(list.readBigInt64LE(++index * 8)), -value);
    }
  }

  /** Each page is there for one purpose: the library would write over what it takes for free. */
  #take(first: number, count: number): void {
    if (count > 0 && (first < firstDataPage || first + count > this.#isTaken.length)) {
      throw new Fault(`pages ${first} to ${first + count - 1} are not among its own`);
    }
    for (let page = first; page < first + count; page++) {
      if (this.#isTaken[page] === 1) throw new Fault(`page ${page} is in use twice`);
      this.#isTaken[page] = 1;
    }
  }

  #readPage(number: bigint, length: number): Buffer {
    if (number >= BigInt(Math.ceil(this.#size / this.#pageBytes))) {
      throw new Fault(`it is cut short: page ${number} is behind its end at ${this.#size} bytes`);
    }
    const page = this.#read(Number(number) * this.#pageBytes, length);
    const isSound = page.readBigUInt64LE(0) === number && page.readBigUInt64LE(8) <= this.#txn;
    if (!isSound) throw new Fault(`page ${number} is damaged`);
    this.#take(Number(number), 1);
    return page;
  }
}

function childAt(page: Buffer, node: number): bigint {
  return BigInt(page.readUInt32LE(node) + page.readUInt16LE(node + 4) * 2 ** 32);
}

/** Keys of the free list are numbers: as bytes that compare like them. */
function keyAt(page: Buffer, node: number, isNumber: boolean): Buffer {
  const at = node + nodeBytes;
  const end = at + page.readUInt16LE(node + 6);
  if (end > page.length) throw new Fault(`page ${page.readBigUInt64LE(0)} is damaged`);
  const key = page.subarray(at, end);
  return isNumber ? Buffer.from(key).reverse() : key;
}
