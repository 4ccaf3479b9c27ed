/**
 * Orders are kept by key and version, for a while, a few of them; and a list that never rests is
 * not sorted all the time.
 */

import { expect, test } from 'vitest';
import { OrderCache } from '../../actors/inspect/order-cache.ts';
import { FakeClock } from '../support/fake-clock.ts';

function rig() {
  const clock = new FakeClock();
  const cache = new OrderCache(clock);
  let made = 0;
  /** How many orders were made by now; making one takes so many ms. */
  const ask = async (key: string, version: string | null, ms = 0, length = 5000) => {
    await cache.get(key, version, async () => {
      made++;
      clock.nowMs += ms;
      return new Int32Array(length);
    });
    return made;
  };
  return { clock, cache, ask };
}

test('the same version is made once in half a minute', async () => {
  const { clock, ask } = rig();

  expect(await ask('a', '1')).toBe(1);
  clock.nowMs += 29_999;
  expect(await ask('a', '1')).toBe(1);
  clock.nowMs += 1;
  expect(await ask('a', '1')).toBe(2);
});

test('another version is made anew, and may begin with the one before', async () => {
  const { cache, ask } = rig();
  await ask('a', '1');
  let version: string | null | undefined;
  await cache.get('a', '2', async (before) => {
    version = before?.version;
    return (await before!.items).slice(1);
  });

  expect(version).toBe('1');
});

test('one that took long is used for four times as long, whatever changes', async () => {
  const { clock, ask } = rig();

  expect(await ask('a', null, 500)).toBe(1);
  clock.nowMs += 1999;
  expect(await ask('a', null, 500)).toBe(1);
  clock.nowMs += 1;
  expect(await ask('a', null, 500)).toBe(2);
});

test('short ones are not kept, and of long ones the last four', async () => {
  const { ask } = rig();

  await ask('short', '1', 0, 999);
  expect(await ask('short', '1', 0, 999)).toBe(2);
  for (const key of ['a', 'b', 'c', 'd', 'e']) await ask(key, '1');
  expect(await ask('b', '1')).toBe(7);
  expect(await ask('a', '1')).toBe(8);
  await ask('huge', '1', 0, 4_000_000);
  expect(await ask('huge', '1')).toBe(9);
  expect(await ask('a', '1')).toBe(10);
});

test('one that could not be made is not kept', async () => {
  const { cache, ask } = rig();

  const failed = cache.get('a', '1', () => Promise.reject(new Error('no')));
  await expect(failed).rejects.toThrow('no');
  expect(await ask('a', '1')).toBe(1);
});
