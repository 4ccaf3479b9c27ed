/**
 * A digest of the whole tree, kept up to date with every change: the sum of one 32-bit value per
 * znode. Replicas with equal zxid must have equal digests; a restart must arrive at the same one.
 *
 * What counts: path, data, all stored stat fields, kind. What lies below /zookeeper does not (spec
 * 7.5), nor do ACLs and sessions. Divergence: the function is ours, so that a change of a parent's
 * child counts costs no pass over the parent's data.
 */

import { crc32 } from 'node:zlib';
import { assert } from '../protocol/assert.ts';
import { Field, Flag, type ZnodeRows } from './znode-rows.ts';

/** The sum is kept modulo 2^48, exact as a number. */
const modulus = 2 ** 48;
const statInts = 12;

export class TreeDigest {
  readonly #rows: ZnodeRows;
  #sum = 0;

  constructor(rows: ZnodeRows) {
    this.#rows = rows;
  }

  get value(): number {
    return this.#sum;
  }

  /** Notes the znode's data; `update` has to follow. */
  setData(slot: number, buffer: Buffer, start: number, length: number): void {
    assert(length >= 0, 'digest: data have a length');
    const crc = length === 0 ? 0 : crc32(buffer.subarray(start, start + length)) | 0;
    this.#rows.setInt(slot, Field.dataCrc, crc);
  }

  /** Brings the sum up to date with the row. Rows of free slots and below /zookeeper count zero. */
  update(slot: number): void {
    const rows = this.#rows;
    const flags = rows.flags(slot);
    if (flags & Flag.system) return;
    assert((flags & Flag.live) !== 0, 'digest: only what is there counts');
    const view = rows.view(slot);
    const base = rows.base(slot);
    let hash = rows.int(slot, Field.pathHash);
    // czxid to aversion and the first half of the owner are twelve ints in a row.
    for (let at = base, end = base + statInts * 4; at < end; at += 4)
      hash = mix(hash, view.getInt32(at));
    hash = mix(hash, view.getInt32(base + Field.ephemeralOwner + 4));
    hash = mix(hash, view.getInt32(base + Field.pzxid));
    hash = mix(hash, view.getInt32(base + Field.pzxid + 4));
    hash = mix(hash, view.getInt32(base + Field.childCreates, true));
    hash = mix(hash, view.getInt32(base + Field.dataCrc, true));
    hash = mix(hash, flags);
    this.#replace(rows.int(slot, Field.digest), hash);
    rows.setInt(slot, Field.digest, hash);
  }

  /** The znode is about to be removed. */
  forget(slot: number): void {
    this.#replace(this.#rows.int(slot, Field.digest), 0);
    this.#rows.setInt(slot, Field.digest, 0);
  }

  /** A row that came from a snapshot, with its value stored in it. */
  adopt(slot: number): void {
    this.#replace(0, this.#rows.int(slot, Field.digest));
  }

  /** The sum computed anew from all rows: what `value` must be. */
  recompute(): number {
    let sum = 0;
    for (let slot = 0; slot < this.#rows.slotLimit; slot++) {
      if (this.#rows.isLive(slot))
        sum = (sum + (this.#rows.int(slot, Field.digest) >>> 0)) % modulus;
    }
    assert(sum >= 0 && sum < modulus, 'digest: the sum stays below its modulus');
    return sum;
  }

  #replace(before: number, after: number): void {
    // By comparison: a remainder of doubles is a call into the C library, for each change.
    const sum = this.#sum - (before >>> 0) + (after >>> 0);
    if (sum < 0) this.#sum = sum + modulus;
    else this.#sum = sum < modulus ? sum : sum - modulus;
  }
}

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
