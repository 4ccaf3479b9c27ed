/**
 * Whose tree counts as wrong: never that of a quorum.
 */

import { expect, test } from 'vitest';
import { DigestCourt } from '../../actors/digest-court.ts';
import { majorityOf } from '../../machines/quorum.ts';

const three = [majorityOf([1, 2, 3])];
const hear = (court: DigestCourt, sid: number, digest: number, own = 7) =>
  court.hear(three, 128, own, { sid, digest });

test('who stands against a quorum is wrong, an observer as well, and told so once', () => {
  const court = new DigestCourt(1);

  expect(hear(court, 2, 9)).toEqual({ wrong: [], isOurs: false });
  expect(hear(court, 8, 5)).toEqual({ wrong: [], isOurs: false });
  expect(hear(court, 3, 7)).toEqual({ wrong: [2, 8], isOurs: false });
  expect(hear(court, 3, 7)).toEqual({ wrong: [], isOurs: false });
});

test('we are wrong when a quorum agrees against us', () => {
  const court = new DigestCourt(1);

  expect(hear(court, 2, 9)).toEqual({ wrong: [], isOurs: false });
  expect(hear(court, 3, 9)).toEqual({ wrong: [], isOurs: true });
});

test('nobody is judged where no quorum agrees', () => {
  const court = new DigestCourt(1);

  expect(hear(court, 2, 8)).toEqual({ wrong: [], isOurs: false });
  expect(hear(court, 3, 9)).toEqual({ wrong: [], isOurs: false });
});

test('old cases are closed', () => {
  const court = new DigestCourt(1);
  hear(court, 2, 9);
  for (let zxid = 129; zxid < 150; zxid++) court.hear(three, zxid, 7, { sid: 2, digest: 7 });

  expect(hear(court, 3, 9)).toEqual({ wrong: [], isOurs: false });
});
