/**
 * Which of many ways a crash can go are looked at: all of them up to a bound; above it every pair
 * of two units in all four combinations, each unit alone and missing alone, writes in order up to
 * any point, and random ones, the same ones each time.
 */

import { whole } from './disk.ts';

const missing = 0;
/** Sectors of a page that got there: the first, all but it, either half, every other one. */
const tornMasks = [0x01, 0xfe, 0x0f, 0xf0, 0x55, 0x80];

/** Choices for `count` units: at most about `max`, without torn pages. */
export function* subsets(count: number, max: number): Iterable<Uint8Array> {
  if (count < 31 && 2 ** count <= max) {
    for (let bits = 0; bits < 2 ** count; bits++) {
      yield choose(count, (unit) => ((bits >> unit) & 1) === 1);
    }
    return;
  }
  let left = max;
  for (const chosen of covering(count)) {
    if (left-- <= 0) return;
    yield chosen;
  }
  let seed = count * 2_654_435_761;
  for (; left > 0; left--) {
    yield choose(count, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed > 0x7fffffff;
    });
  }
}

function* covering(count: number): Iterable<Uint8Array> {
  yield choose(count, () => false);
  yield choose(count, () => true);
  // Two units differ in a bit of their numbers: with the complements that covers each pair.
  for (let bit = 1; bit < count; bit *= 2) {
    yield choose(count, (unit) => (unit & bit) !== 0);
    yield choose(count, (unit) => (unit & bit) === 0);
  }
  for (let one = 0; one < count; one++) {
    yield choose(count, (unit) => unit === one);
    yield choose(count, (unit) => unit !== one);
    yield choose(count, (unit) => unit < one);
  }
}

/** One torn page each: with nothing else, with all else, with all that came before it. */
export function* tears(count: number, max: number): Iterable<Uint8Array> {
  let left = max;
  // The last ones first: those before them were torn at earlier cuts.
  for (let one = count - 1; one >= 0; one--) {
    for (const mask of tornMasks) {
      for (const rest of [() => false, () => true, (unit: number) => unit < one]) {
        if (left-- <= 0) return;
        const chosen = choose(count, rest);
        chosen[one] = mask;
        yield chosen;
      }
    }
  }
}

function choose(count: number, isThere: (unit: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: count }, (_, unit) => (isThere(unit) ? whole : missing));
}
