/**
 * Claims on the leader's log: the least one counts, a synced learner's goes, and one that nobody
 * comes back for ends by itself.
 */

import { expect, test } from 'vitest';
import { LogClaims } from '../../actors/log-claims.ts';
import { FakeClock } from '../support/fake-clock.ts';

const none = Number.POSITIVE_INFINITY;

test('the least claim counts, until its learner holds our history', () => {
  const claims = new LogClaims(new FakeClock());
  expect(claims.zxid).toBe(none);

  claims.add(1, 50);
  claims.add(2, 30);
  expect(claims.zxid).toBe(30);

  claims.delete(2);
  expect(claims.zxid).toBe(50);
});

test('a later claim of the same learner takes the place of the earlier one', () => {
  const claims = new LogClaims(new FakeClock());

  claims.add(1, 30);
  claims.add(1, 70);

  expect(claims.zxid).toBe(70);
});

test('a learner that stays away for a minute costs no disk any more', () => {
  const clock = new FakeClock();
  const claims = new LogClaims(clock);
  claims.add(1, 30);

  clock.advance(60_000);
  expect(claims.zxid).toBe(30);
  clock.advance(1);

  expect(claims.zxid).toBe(none);
});
