/** Which replicas are there, for whoever asks: a moment's wait for the first, none for the next. */

import { expect, test } from 'vitest';
import { Presence } from '../../console/server/presence.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeInspection } from './fake-inspection.ts';

test('replicas have a moment to say that they are there', async () => {
  const [inspection, clock] = [new FakeInspection(), new FakeClock()];
  const presence = new Presence(inspection, clock);
  inspection.members = [];
  const asked = presence.sids();
  inspection.members = [1, 3];
  clock.advance(600);

  expect(await asked).toEqual([1, 3]);
  expect(await presence.sids()).toEqual([1, 3]);
});

test('they are listened to for some seconds after the last question, and no longer', async () => {
  const [inspection, clock] = [new FakeInspection(), new FakeClock()];
  const presence = new Presence(inspection, clock);
  void presence.sids();
  clock.advance(9_000);
  void presence.sids();
  clock.advance(9_999);
  const before = inspection.watchers.size;
  clock.advance(1);

  expect([before, inspection.watchers.size, clock.timerCount]).toEqual([1, 0, 0]);
});
