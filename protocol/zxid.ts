/**
 * A zxid as a safe integer: epoch * 2^32 + counter.
 *
 * Invariant: epoch < 2^21 (two million elections), so that every zxid is exact as a number. 64-bit
 * reads and writes happen only where bytes are made (jute.ts, the tree's rows, frames).
 */

import { assert } from './assert.ts';

export const counterLimit = 2 ** 32;
const epochLimit = 2 ** 21;

export function makeZxid(epoch: number, counter: number): number {
  assert(epoch >= 0 && epoch < epochLimit, 'zxid: epoch < 2^21');
  assert(counter >= 0 && counter < counterLimit, 'zxid: counter < 2^32');
  return epoch * counterLimit + counter;
}

export function epochOf(zxid: number): number {
  return Math.floor(zxid / counterLimit);
}

export function counterOf(zxid: number): number {
  return zxid % counterLimit;
}

/** `0x` and hex digits, as ZooKeeper prints a zxid. */
export function formatZxid(zxid: number): string {
  return zxid < 0 ? '0xffffffffffffffff' : `0x${zxid.toString(16)}`;
}
