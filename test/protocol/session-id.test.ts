/**
 * Session ids: 64 bits between two halves and 16 hex digits, without loss and in ZooKeeper's print.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  creatorOf,
  formatSessionId,
  highHalf,
  lowHalf,
  nextSessionId,
  noSession,
  sessionIdFromHalves,
} from '../../protocol/session-id.ts';

const bits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const idOf = (value: bigint): string => value.toString(16).padStart(16, '0');

test('halves come back (any 64 bits)', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (high, low) => {
      const id = sessionIdFromHalves(high, low);

      expect(id).toMatch(/^[0-9a-f]{16}$/);
      expect([highHalf(id), lowHalf(id)]).toEqual([high, low]);
    }),
  );
});

test('prints without leading zeros (any 64 bits)', () => {
  fc.assert(
    fc.property(bits, (value) => {
      expect(formatSessionId(idOf(value))).toBe(`0x${value.toString(16)}`);
    }),
  );
  expect(formatSessionId(noSession)).toBe('0x0');
});

test('the top byte names the replica that made it', () => {
  expect(['01ffffffffffffff', 'fe00000000000000', noSession].map(creatorOf)).toEqual([1, 254, 0]);
});

test('the next id is one more, modulo 2^64', () => {
  fc.assert(
    fc.property(bits, (value) => {
      expect(nextSessionId(idOf(value))).toBe(idOf(BigInt.asUintN(64, value + 1n)));
    }),
  );
  expect(nextSessionId('00000000ffffffff')).toBe('0000000100000000');
  expect(nextSessionId('ffffffffffffffff')).toBe(noSession);
});
