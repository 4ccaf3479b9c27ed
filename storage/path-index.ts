/**
 * From a path's hash to the slots that may have it: extendible hashing over segments of integers.
 * A full segment splits in two; there is no moment when the whole table is rebuilt, so growing to
 * millions of znodes never stalls the replica for longer than one segment takes.
 *
 * The index knows hashes and slots only. The caller compares paths.
 */

import { assert } from '../protocol/assert.ts';

const segmentEntriesMin = 1024;
/** Beyond this depth equal hashes must be the reason: the segment grows instead of splitting. */
const depthMax = 20;
/** So full that chance alone fills hardly any to the point where it splits. */
const usualFill = 650;
/** Hashes that share so many first bits go to few enough segments. */
const sortBits = 8;

/** Begin of the path hash (FNV-1a); the state of the root. */
export const pathHashBasis = 0x811c9dc5 | 0;
const prime = 0x01000193;

/** Goes on with the hash of a path over further bytes. */
export function hashBytes(state: number, bytes: Buffer, start: number, end: number): number {
  let hash = state;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, prime);
  return hash;
}

/** State after `/` and the name that lies at `start`..`end`. */
export function hashChild(state: number, bytes: Buffer, start: number, end: number): number {
  return hashBytes(Math.imul(state ^ 0x2f, prime), bytes, start, end);
}

/** Spreads the state over all bits (the finalizer of MurmurHash3). */
export function finishHash(state: number): number {
  let hash = state ^ (state >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

class Segment {
  /** Pairs of hash and slot + 1; a second word of 0 marks a free pair. */
  pairs: Int32Array;
  count = 0;
  readonly depth: number;

  constructor(depth: number, entries: number) {
    this.depth = depth;
    this.pairs = new Int32Array(entries * 2);
  }

  get mask(): number {
    return this.pairs.length - 1;
  }

  insert(hash: number, slot: number): void {
    const { pairs, mask } = this;
    assert(this.count * 2 < pairs.length, 'path index: a probe finds a free pair');
    let at = (hash << 1) & mask;
    while (pairs[at + 1] !== 0) at = (at + 2) & mask;
    pairs[at] = hash;
    pairs[at + 1] = slot + 1;
    this.count++;
  }
}

export class PathIndex {
  #directory: Segment[] = [];
  #depth = 0;
  #size = 0;
  /** Where the last find stopped. */
  #segment: Segment;
  #position = 0;
  #hash = 0;

  /** With room for so many slots: hardly a segment is split before there are more. */
  constructor(slots = 0) {
    assert(slots >= 0, 'path index: room is for a number of slots');
    while (this.#depth < depthMax && slots > usualFill * 2 ** this.#depth) this.#depth++;
    for (let at = 0; at < 2 ** this.#depth; at++) {
      this.#directory.push(new Segment(this.#depth, segmentEntriesMin));
    }
    this.#segment = this.#directory[0]!;
  }

  get size(): number {
    return this.#size;
  }

  #segmentOf(hash: number): Segment {
    return this.#directory[this.#depth === 0 ? 0 : hash >>> (32 - this.#depth)]!;
  }

  /** First slot stored under `hash`, or -1. */
  find(hash: number): number {
    this.#segment = this.#segmentOf(hash);
    this.#hash = hash;
    this.#position = (hash << 1) & this.#segment.mask;
    return this.#scan();
  }

  /** Next slot under the hash of the last find, or -1. */
  next(): number {
    this.#position = (this.#position + 2) & this.#segment.mask;
    return this.#scan();
  }

  #scan(): number {
    const { pairs, mask } = this.#segment;
    const hash = this.#hash;
    let at = this.#position;
    for (;;) {
      const stored = pairs[at + 1]!;
      if (stored === 0) return -1;
      if (pairs[at] === hash) {
        this.#position = at;
        return stored - 1;
      }
      at = (at + 2) & mask;
    }
  }

  insert(hash: number, slot: number): void {
    assert(slot >= 0, 'path index: slots are not negative');
    let segment = this.#segmentOf(hash);
    while (segment.count * 8 >= segment.pairs.length * 3) {
      this.#relieve(segment, hash);
      segment = this.#segmentOf(hash);
    }
    segment.insert(hash, slot);
    this.#size++;
  }

  /**
   * Pairs of hash and slot. Sorted by the first bits of their hashes, so that those that follow one
   * another go to segments which the processor's caches hold: of millions, each would be a miss.
   */
  insertAll(pairs: Int32Array): void {
    const before = this.#size;
    const shift = 32 - sortBits;
    const places = new Int32Array(2 ** sortBits + 1);
    for (let at = 0; at < pairs.length; at += 2) places[(pairs[at]! >>> shift) + 1]! += 2;
    for (let at = 1; at < places.length; at++) places[at]! += places[at - 1]!;
    const sorted = new Int32Array(pairs.length);
    for (let at = 0; at < pairs.length; at += 2) {
      const first = pairs[at]! >>> shift;
      sorted[places[first]!] = pairs[at]!;
      sorted[places[first]! + 1] = pairs[at + 1]!;
      places[first]! += 2;
    }
    for (let at = 0; at < sorted.length; at += 2) this.insert(sorted[at]!, sorted[at + 1]!);
    assert(this.#size === before + pairs.length / 2, 'path index: all of them are in it');
  }

  remove(hash: number, slot: number): void {
    let found = this.find(hash);
    while (found !== slot) {
      assert(found !== -1, 'path index: a removed slot is present');
      found = this.next();
    }
    this.#closeGap(this.#segment, this.#position);
    this.#segment.count--;
    this.#size--;
    assert(this.#size >= 0 && this.#segment.count >= 0, 'path index: slots are removed once');
  }

  /** Moves later pairs of the probe sequence back, so that no mark of the removed one is left. */
  #closeGap(segment: Segment, position: number): void {
    const { pairs, mask } = segment;
    let gap = position;
    let at = (gap + 2) & mask;
    while (pairs[at + 1] !== 0) {
      const home = (pairs[at]! << 1) & mask;
      if (((at - home) & mask) >= ((at - gap) & mask)) {
        pairs[gap] = pairs[at]!;
        pairs[gap + 1] = pairs[at + 1]!;
        gap = at;
      }
      at = (at + 2) & mask;
    }
    pairs[gap + 1] = 0;
  }

  /** Splits a full segment, or grows it where splitting cannot part its hashes. */
  #relieve(segment: Segment, hash: number): void {
    if (segment.depth >= depthMax) {
      const old = segment.pairs;
      const { count } = segment;
      segment.pairs = new Int32Array(old.length * 2);
      segment.count = 0;
      for (let at = 0; at < old.length; at += 2) {
        if (old[at + 1] !== 0) segment.insert(old[at]!, old[at + 1]! - 1);
      }
      assert(segment.count === count, 'path index: a segment that grows loses nothing');
      return;
    }
    if (segment.depth === this.#depth) {
      this.#directory = this.#directory.flatMap((entry) => [entry, entry]);
      this.#depth++;
    }
    const depth = segment.depth + 1;
    assert(depth <= this.#depth, 'path index: the directory is as deep as its segments');
    const halves = [new Segment(depth, segmentEntriesMin), new Segment(depth, segmentEntriesMin)];
    const { pairs } = segment;
    for (let at = 0; at < pairs.length; at += 2) {
      if (pairs[at + 1] === 0) continue;
      halves[(pairs[at]! >>> (32 - depth)) & 1]!.insert(pairs[at]!, pairs[at + 1]! - 1);
    }
    const count = halves[0]!.count + halves[1]!.count;
    assert(count === segment.count, 'path index: a segment that splits loses nothing');
    const span = 1 << (this.#depth - depth);
    const first = ((hash >>> (32 - depth)) & ~1) * span;
    this.#directory.fill(halves[0]!, first, first + span);
    this.#directory.fill(halves[1]!, first + span, first + 2 * span);
    assert(this.#directory.length === 1 << this.#depth, 'path index: its directory is whole');
  }
}
