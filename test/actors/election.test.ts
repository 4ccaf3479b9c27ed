/** The host of the election's machine: what it tells the machine of time. */

import { expect, test } from 'vitest';
import { Election } from '../../actors/election.ts';
import { noTap } from '../../actors/tap.ts';
import { majorityOf } from '../../machines/quorum.ts';

test('the first election of a process waits for better votes like any other', () => {
  const elected: number[] = [];
  const ports = { sendVote: () => {}, elected: (leader: number) => void elected.push(leader) };
  const election = new Election(1, ports, noTap);
  election.begin([majorityOf([1, 2, 3])], { zxid: 5, epoch: 1 }, [], 1000);
  election.voteReceived(2, 1, { leader: 2, zxid: 5, epoch: 1 });

  // A quorum shares that vote; the third may have a better one.
  election.tick(1001);
  expect(elected).toEqual([]);
  election.tick(1004);
  expect(elected).toEqual([2]);
});
