/** The search for an order, on histories whose answer is known. */

import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../support/seeded-random.ts';
import { type Call, isLinear } from './linear.ts';

const never = Number.POSITIVE_INFINITY;
const write = (called: number, returned: number, value: number): Call<number> => ({
  ...{ called, returned, step: () => value },
});
const read = (called: number, returned: number, value: number): Call<number> => ({
  ...{ called, returned, step: (state) => (state === value ? state : undefined) },
});
/** What it does is open while it has not returned. */
const swap = (called: number, returned: number, from: number, to: number): Call<number> => ({
  ...{ called, returned },
  step: (state) => (state === from ? to : returned === never ? state : undefined),
});
const verdict = (calls: Call<number>[], stepsMax?: number) => isLinear(calls, 0, String, stepsMax);

describe('linear', () => {
  const cases: [string, Call<number>[]][] = [
    ['nothing', []],
    ['one after the other', [write(0, 1, 5), read(2, 3, 5)]],
    ['a read sees a write that runs', [write(0, 9, 5), read(1, 2, 0), read(3, 4, 5)]],
    ['a write that was never answered may have been done', [write(0, never, 5), read(1, 2, 5)]],
    ['and may not have been', [write(0, never, 5), read(1, 2, 0), read(3, 4, 0)]],
    ['and may be done late', [write(0, never, 5), read(1, 2, 0), read(3, 4, 5)]],
    ['two swaps, of which one waits', [swap(0, 9, 1, 2), swap(1, 8, 0, 1), read(10, 11, 2)]],
  ];
  test.each(cases)('%s', (_, calls) => expect(verdict(calls)).toBe('linear'));
});

describe('not linear', () => {
  const cases: [string, Call<number>[]][] = [
    ['a stale read', [write(0, 1, 5), read(2, 3, 0)]],
    ['a read goes back', [write(0, 9, 5), read(1, 2, 5), read(3, 4, 0)]],
    ['a value from nowhere', [read(0, 1, 7)]],
    ['both of two swaps from one state', [swap(0, 9, 0, 1), swap(0, 9, 0, 1)]],
    [
      'one that was never answered is done twice',
      [swap(0, never, 0, 1), read(1, 2, 1), write(3, 4, 0), read(5, 6, 1)],
    ],
    ['a lost write', [write(0, 1, 5), write(2, 3, 6), read(4, 5, 5)]],
  ];
  test.each(cases)('%s', (_, calls) => expect(verdict(calls)).toBe('not linear'));
});

describe('by chance', () => {
  /** Operations that are done at one moment, somewhere between call and return. */
  const history = (random: SeededRandom, count: number): Call<number>[] => {
    const moments = Array.from({ length: count }, (_, at) => at * 60 + 100);
    let state = 0;
    return moments.map((moment, number) => {
      const called = moment - random.below(100);
      const returned = random.chance(0.05) ? never : moment + random.below(100);
      if (random.chance(0.5)) {
        state = number + 1;
        return write(called, returned, state);
      }
      return returned === never ? write(called, never, -1) : read(called, returned, state);
    });
  };

  test('what was done in an order is found to be', () => {
    for (let seed = 0; seed < 50; seed++) {
      const calls = history(new SeededRandom(seed), 60);
      // A write that was drawn up only to be never answered did nothing.
      expect(verdict(calls), `seed ${seed}`).toBe('linear');
    }
  });

  test('a read of what was overwritten long ago is found', () => {
    for (let seed = 0; seed < 50; seed++) {
      const calls = history(new SeededRandom(seed), 60);
      calls.push(write(5000, 5001, 1000), write(5002, 5003, 1001), read(5004, 5005, 1000));
      expect(verdict(calls), `seed ${seed}`).toBe('not linear');
    }
  });
});

test('too many tries end the search, and say so', () => {
  const calls = Array.from({ length: 20 }, (_, at) => write(0, 100, at));

  expect(verdict([...calls, read(200, 201, -5)], 1000)).toBe('too long');
});
