/**
 * What `mntr` says of a member: Zab's words for its state, and its learners where it leads.
 */

import { expect, test } from 'vitest';
import { type EnsembleView, ensembleMetrics } from '../../actors/words-ensemble.ts';

const follower: EnsembleView = {
  peerState: 'member.following.serving',
  voters: 3,
  digestMismatches: 0,
  leading: null,
};

test('a standalone replica has none of it', () => {
  expect(ensembleMetrics(null)).toEqual([]);
});

test('a state is told in the words of ZooKeeper', () => {
  const told = (peerState: string) => ensembleMetrics({ ...follower, peerState })[0]![1];

  expect(told('member.following.serving')).toBe('following - broadcast');
  expect(told('member.leading.joining')).toBe('leading - synchronization');
  expect(told('member.observing.serving')).toBe('observing - broadcast');
  expect(told('member.looking.electing')).toBe('looking - election');
  expect(told('member.looking.readOnly')).toBe('looking - election');
});

test('a leader counts its learners by what they are and hold', () => {
  const leading = {
    learners: [
      { votes: true, synced: true },
      { votes: true, synced: false },
      { votes: false, synced: true },
    ],
    uptimeMs: 1234.5,
    proposals: { last: 5, min: 2, max: 9 },
  };
  const told = Object.fromEntries(ensembleMetrics({ ...follower, leading }));

  expect(told).toMatchObject({ learners: 3, synced_followers: 1, synced_observers: 1 });
  expect(told).toMatchObject({ quorum_size: 3, leader_uptime: 1234 });
  expect(told).toMatchObject({ last_proposal_size: 5, min_proposal_size: 2, max_proposal_size: 9 });
});
