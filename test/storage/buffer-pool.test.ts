/** Buffers that are used again: a buffer is lent to one at a time, and few are kept. */

import { expect, test } from 'vitest';
import { BufferPool } from '../../storage/buffer-pool.ts';

test('lends a buffer again only after it was given back', () => {
  const pool = new BufferPool();
  const first = pool.take(100);
  expect(pool.take(100)).not.toBe(first);

  pool.give(first);

  expect(pool.take(100)).toBe(first);
});

test('a longer value gets a buffer of its own, which is not kept', () => {
  const pool = new BufferPool();
  const long = pool.take(1_000_000);
  expect(long.length).toBeGreaterThanOrEqual(1_000_000);

  pool.give(long);

  expect(pool.take(1_000_000)).not.toBe(long);
});

test('keeps few', () => {
  const pool = new BufferPool();
  const lent = Array.from({ length: 100 }, () => pool.take(1));
  for (const buffer of lent) pool.give(buffer);

  const again = new Set(Array.from({ length: 100 }, () => pool.take(1)));
  expect(lent.filter((buffer) => again.has(buffer)).length).toBeLessThan(50);
});
