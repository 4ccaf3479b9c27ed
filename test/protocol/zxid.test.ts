/**
 * Zxids as safe integers: epoch and counter go in and come out, and the bounds are asserted.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { counterOf, epochOf, formatZxid, makeZxid } from '../../protocol/zxid.ts';

const epoch = fc.integer({ min: 0, max: 2 ** 21 - 1 });
const counter = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test('epoch and counter come back (any in bounds)', () => {
  fc.assert(
    fc.property(epoch, counter, (high, low) => {
      const zxid = makeZxid(high, low);

      expect([epochOf(zxid), counterOf(zxid)]).toEqual([high, low]);
      expect(Number.isSafeInteger(zxid)).toBe(true);
      expect(formatZxid(zxid)).toBe(`0x${((BigInt(high) << 32n) | BigInt(low)).toString(16)}`);
    }),
  );
});

test('order is epoch first', () => {
  fc.assert(
    fc.property(epoch, counter, epoch, counter, (e1, c1, e2, c2) => {
      const isLess = e1 < e2 || (e1 === e2 && c1 < c2);

      expect(makeZxid(e1, c1) < makeZxid(e2, c2)).toBe(isLess);
    }),
  );
});

test('a part out of bounds is an assertion', () => {
  expect(() => makeZxid(2 ** 21, 0)).toThrow(/epoch/);
  expect(() => makeZxid(-1, 0)).toThrow(/epoch/);
  expect(() => makeZxid(0, 2 ** 32)).toThrow(/counter/);
  expect(() => makeZxid(0, -1)).toThrow(/counter/);
});

test('-1 prints as ZooKeeper prints it', () => {
  expect(formatZxid(-1)).toBe('0xffffffffffffffff');
});
