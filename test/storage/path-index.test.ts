/**
 * The path index against a Map: random inserts and removes, growth by splitting, equal hashes.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  finishHash,
  hashBytes,
  hashChild,
  PathIndex,
  pathHashBasis,
} from '../../storage/path-index.ts';

function slotsOf(index: PathIndex, hash: number): number[] {
  const slots: number[] = [];
  for (let slot = index.find(hash); slot >= 0; slot = index.next()) slots.push(slot);
  return slots.sort((a, b) => a - b);
}

/** A small repeatable source of 32-bit integers. */
function integers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    return finishHash(state);
  };
}

describe('hash', () => {
  test('a child goes on where its parent ended (any name)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const whole = Buffer.from(`/${a}/${b}`);
        const at = Buffer.byteLength(`/${a}`);
        const parent = hashBytes(pathHashBasis, whole, 0, at);

        const child = hashChild(parent, whole, at + 1, whole.length);

        expect(child).toBe(hashBytes(pathHashBasis, whole, 0, whole.length));
      }),
    );
  });
});

test('agrees with a Map (10^5 random inserts and removes, three seeds, some with room)', () => {
  for (const [seed, room] of [
    [1, 0],
    [2, 1000],
    [3, 50_000],
  ] as const) {
    const next = integers(seed);
    const index = new PathIndex(room);
    const model = new Map<number, Set<number>>();
    const entries: [hash: number, slot: number][] = [];
    for (let step = 0; step < 100_000; step++) {
      if ((next() & 3) === 0 && entries.length > 0) {
        const at = (next() >>> 0) % entries.length;
        const [hash, slot] = entries[at]!;
        entries[at] = entries.at(-1)!;
        entries.pop();
        index.remove(hash, slot);
        model.get(hash)!.delete(slot);
      } else {
        // Few distinct low bits, so that probe sequences run into each other.
        const hash = (step & 7) === 0 ? next() & 0xf0000fff : next();
        index.insert(hash, step);
        model.set(hash, (model.get(hash) ?? new Set()).add(step));
        entries.push([hash, step]);
      }
    }

    expect(index.size).toBe(entries.length);
    for (const [hash, slots] of model) {
      const expected = [...slots].sort((a, b) => a - b);
      if (slotsOf(index, hash).join() !== expected.join()) throw new Error(`hash ${hash}`);
    }
  }
});

test('random inserts and removes over few hashes (shrinkable)', () => {
  const hash = fc.constantFrom(0, 1, 2, -1, 1023, 1024, 0x7fffffff, -0x80000000);
  const step = fc.record({ hash, remove: fc.boolean(), at: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const index = new PathIndex();
      const entries: [number, number][] = [];
      steps.forEach((one, slot) => {
        if (one.remove && entries.length > 0) {
          const [[hash, gone]] = entries.splice(one.at % entries.length, 1) as [[number, number]];
          index.remove(hash, gone);
        } else {
          index.insert(one.hash, slot);
          entries.push([one.hash, slot]);
        }
      });

      for (const { hash } of steps) {
        const expected = entries.filter(([other]) => other === hash).map(([, slot]) => slot);
        expect(slotsOf(index, hash)).toEqual(expected);
      }
    }),
  );
});

test('hashes that no split can part are all found (3000 equal ones)', () => {
  const index = new PathIndex();
  for (let slot = 0; slot < 3000; slot++) index.insert(-5, slot);
  index.insert(7, 9999);

  expect(slotsOf(index, -5)).toHaveLength(3000);
  expect(slotsOf(index, 7)).toEqual([9999]);

  for (let slot = 0; slot < 3000; slot += 2) index.remove(-5, slot);
  expect(slotsOf(index, -5)).toHaveLength(1500);
});

test('a slot that is not there cannot be removed', () => {
  const index = new PathIndex();
  index.insert(1, 1);

  expect(() => index.remove(1, 2)).toThrow(/is present/);
  expect(() => index.remove(2, 1)).toThrow(/is present/);
});

test('all at once is as one by one (2 * 10^4 with equal hashes among them)', () => {
  const next = integers(4);
  const pairs = new Int32Array(40_000).map((_, at) => (at & 1 ? at >> 1 : next() & ~0xff));
  const [index, model] = [new PathIndex(), new PathIndex()];
  for (let at = 0; at < pairs.length; at += 2) model.insert(pairs[at]!, pairs[at + 1]!);

  index.insertAll(new Int32Array());
  index.insertAll(pairs);

  expect(index.size).toBe(20_000);
  for (let at = 0; at < pairs.length; at += 2) {
    expect(slotsOf(index, pairs[at]!)).toEqual(slotsOf(model, pairs[at]!));
  }
});
