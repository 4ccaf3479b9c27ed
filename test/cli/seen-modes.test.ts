/** What is new about what replicas say to be. */

import { expect, test } from 'vitest';
import { SeenModes } from '../../cli/seen-modes.ts';

/** Of one replica: which of its answers were new. */
const news = (...answers: readonly (string | null)[]): boolean[] => {
  const seen = new SeenModes();
  return answers.map((mode) => seen.isNew(1, mode));
};

test('what a replica says to be is new once', () => {
  expect(news('leader', 'leader', 'follower', 'leader')).toEqual([true, false, true, true]);
});

test('an answer that was missed makes nothing new', () => {
  expect(news('leader', null, null, 'leader')).toEqual([true, false, false, false]);
  expect(news('leader', null, 'leader', null, null, 'leader').filter(Boolean)).toHaveLength(1);
});

test('a longer silence does, and so does another process', () => {
  expect(news('leader', null, null, null, 'leader')).toEqual([true, false, false, false, true]);

  const seen = new SeenModes();
  seen.isNew(1, 'follower');
  seen.forget(1);
  expect(seen.isNew(1, 'follower')).toBe(true);
});
