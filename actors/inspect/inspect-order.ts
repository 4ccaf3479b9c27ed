/**
 * Sorting in slices: of numbers that stand for something with a name, in typed arrays, so that a
 * million of them costs a second of slices and no garbage. Names are those of the moment at which
 * they are looked at; one that is gone counts as empty.
 */

import type { Slices } from './inspect-slices.ts';

/** Where names lie: `locate` sets buffer and offset, and returns the length in bytes. */
export interface NameSource {
  readonly buffer: Buffer;
  readonly offset: number;
  /** 0 for one that is gone. */
  locate(item: number): number;
}

/** So many bytes of a name, behind what all have in common, are exact as one number. */
const keyBytes = 6;
/** Shorter runs are sorted by insertion. */
const runLength = 16;

/** Sorted by `compare`, which has to be quick and may be inconsistent; equal ones stay in order. */
export async function sortInSlices(
  items: Int32Array,
  compare: (a: number, b: number) => number,
  slices: Slices,
): Promise<Int32Array> {
  let from = items;
  let to: Int32Array = new Int32Array(items.length);
  for (let start = 0; start < from.length; start += runLength) {
    insertionSort(from, start, Math.min(start + runLength, from.length), compare);
    if (slices.spend(runLength * 4)) await slices.turn();
  }
  for (let width = runLength; width < from.length; width *= 2) {
    for (let start = 0; start < from.length; start += width * 2) {
      const middle = Math.min(start + width, from.length);
      const end = Math.min(start + width * 2, from.length);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        const takesLeft =
          right >= end || (left < middle && compare(from[left]!, from[right]!) <= 0);
        to[at] = takesLeft ? from[left++]! : from[right++]!;
        // A quarter of a unit each.
        if ((at & 3) === 3 && slices.spend()) await slices.turn();
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/** The numbers from 0 on, so many. */
export function placesOf(length: number): Int32Array {
  const places = new Int32Array(length);
  for (let place = 0; place < length; place++) places[place] = place;
  return places;
}

function insertionSort(
  items: Int32Array,
  start: number,
  end: number,
  compare: (a: number, b: number) => number,
): void {
  for (let at = start + 1; at < end; at++) {
    const item = items[at]!;
    let place = at;
    for (; place > start && compare(items[place - 1]!, item) > 0; place--) {
      items[place] = items[place - 1]!;
    }
    items[place] = item;
  }
}

/** `items` by descending weight where there are weights, then by the bytes of their names. */
export async function orderByName(
  items: Int32Array,
  source: NameSource,
  slices: Slices,
  weights: Int32Array | null = null,
): Promise<Int32Array> {
  const keys = await nameKeys(items, source, slices);
  const compare = (a: number, b: number) =>
    (weights === null ? 0 : weights[b]! - weights[a]!) ||
    keys[a]! - keys[b]! ||
    compareNames(source, items[a]!, items[b]!);
  const sorted = await sortInSlices(placesOf(items.length), compare, slices);
  for (let place = 0; place < sorted.length; place++) {
    sorted[place] = items[sorted[place]!]!;
    if (slices.spend()) await slices.turn();
  }
  return sorted;
}

/** A number for each name, by its bytes behind the prefix that all have in common. */
async function nameKeys(
  items: Int32Array,
  source: NameSource,
  slices: Slices,
): Promise<Float64Array> {
  const skipped = await commonPrefix(items, source, slices);
  const keys = new Float64Array(items.length);
  for (let place = 0; place < items.length; place++) {
    const length = source.locate(items[place]!);
    const { buffer, offset } = source;
    let key = 0;
    for (let at = skipped; at < skipped + keyBytes; at++) {
      key = key * 256 + (at < length ? buffer[offset + at]! : 0);
    }
    keys[place] = key;
    if (slices.spend(2)) await slices.turn();
  }
  return keys;
}

async function commonPrefix(
  items: Int32Array,
  source: NameSource,
  slices: Slices,
): Promise<number> {
  let prefix: Buffer | null = null;
  for (let place = 0; place < items.length; place++) {
    const length = source.locate(items[place]!);
    if (length === 0) continue;
    const { buffer, offset } = source;
    prefix ??= Buffer.from(buffer.subarray(offset, offset + length));
    let same = 0;
    while (same < prefix.length && same < length && prefix[same] === buffer[offset + same]) same++;
    prefix = same < prefix.length ? prefix.subarray(0, same) : prefix;
    if (prefix.length === 0) return 0;
    if (slices.spend(2)) await slices.turn();
  }
  return prefix?.length ?? 0;
}

export function compareNames(source: NameSource, a: number, b: number): number {
  const length = source.locate(a);
  const { buffer, offset } = source;
  const otherLength = source.locate(b);
  return buffer.compare(
    source.buffer,
    source.offset,
    source.offset + otherLength,
    offset,
    offset + length,
  );
}
