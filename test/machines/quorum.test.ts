/**
 * Quorums and votes: majorities, weights in groups, two configurations at once, and whose vote is
 * the better one.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  agreedZxid,
  compareVotes,
  isQuorum,
  isSameVote,
  majorityOf,
  mayLead,
  type QuorumSystem,
  type Vote,
  votersOf,
} from '../../machines/quorum.ts';

const has =
  (...some: number[]) =>
  (sid: number) =>
    some.includes(sid);
const majority = (...sids: number[]): QuorumSystem => [majorityOf(sids)];

describe('a majority', () => {
  test('is more than half of the voters', () => {
    expect(isQuorum(majority(1), has(1))).toBe(true);
    expect(isQuorum(majority(1, 2), has(1))).toBe(false);
    expect(isQuorum(majority(1, 2, 3), has(1, 3))).toBe(true);
    expect(isQuorum(majority(1, 2, 3, 4), has(1, 2))).toBe(false);
    expect(isQuorum(majority(1, 2, 3, 4, 5), has(2, 4, 5))).toBe(true);
  });

  test('is not helped by anybody who is no voter', () => {
    expect(isQuorum(majority(1, 2, 3), has(1, 4, 5, 6))).toBe(false);
  });

  test('of nobody is none', () => {
    expect(isQuorum([], () => true)).toBe(false);
    expect(isQuorum(majority(), () => true)).toBe(false);
  });
});

describe('a hierarchical quorum', () => {
  const groups: QuorumSystem = [
    {
      groups: [
        { 1: 1, 2: 1, 3: 1 },
        { 4: 1, 5: 1, 6: 1 },
        { 7: 1, 8: 1, 9: 1 },
      ],
    },
  ];

  test('is a majority in a majority of groups, also where it is a minority of all', () => {
    expect(isQuorum(groups, has(1, 2, 4, 5))).toBe(true);
    expect(isQuorum(groups, has(1, 2, 3, 4, 7))).toBe(false);
    expect(isQuorum(groups, has(1, 4, 7, 2))).toBe(false);
  });

  test('goes by weight within a group: half of it is not enough', () => {
    const weighty: QuorumSystem = [{ groups: [{ 1: 3, 2: 1, 3: 1 }, { 4: 2, 5: 2 }, { 6: 1 }] }];

    expect(isQuorum(weighty, has(1, 6))).toBe(true);
    expect(isQuorum(weighty, has(2, 3, 6))).toBe(false);
    expect(isQuorum(weighty, has(4, 6))).toBe(false);
    expect(isQuorum(weighty, has(1, 4, 5))).toBe(true);
  });

  test('leaves out groups and voters without weight', () => {
    const some: QuorumSystem = [{ groups: [{ 1: 1 }, { 2: 0, 3: 0 }, { 4: 1, 5: 0 }, { 6: 0 }] }];

    expect(isQuorum(some, has(1, 4))).toBe(true);
    expect(isQuorum(some, has(1, 2, 3, 5, 6))).toBe(false);
    expect(isQuorum([{ groups: [{ 1: 0 }] }], has(1))).toBe(false);
    expect(votersOf(some)).toEqual([1, 2, 3, 4, 5, 6]);
    expect([1, 2, 5, 7].map((sid) => mayLead(some, sid))).toEqual([true, false, false, false]);
  });
});

describe('two configurations at once', () => {
  const both: QuorumSystem = [majorityOf([1, 2, 3]), majorityOf([3, 4, 5])];

  test('must both agree', () => {
    expect(isQuorum(both, has(1, 2))).toBe(false);
    expect(isQuorum(both, has(4, 5))).toBe(false);
    expect(isQuorum(both, has(2, 3, 4))).toBe(true);
    expect(isQuorum(both, has(1, 2, 4, 5))).toBe(true);
  });

  test('have the voters of both, once, and candidates of either', () => {
    expect(votersOf(both)).toEqual([1, 2, 3, 4, 5]);
    expect([1, 5, 6].map((sid) => mayLead(both, sid))).toEqual([true, true, false]);
  });
});

test('two quorums of one system always have somebody in common (random systems)', () => {
  const weights = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 });
  const system = fc.array(weights, { minLength: 1, maxLength: 4 }).map((lists) => {
    let sid = 0;
    const groups = lists.map((list) => Object.fromEntries(list.map((weight) => [++sid, weight])));
    return [{ groups }] as QuorumSystem;
  });
  fc.assert(
    fc.property(system, fc.infiniteStream(fc.boolean()), (one, coin) => {
      const mine = votersOf(one).filter(() => coin.next().value);
      const others = votersOf(one).filter((sid) => !mine.includes(sid));

      expect(isQuorum(one, has(...mine)) && isQuorum(one, has(...others))).toBe(false);
    }),
  );
});

describe('the agreed zxid', () => {
  const reached = (zxids: { readonly [sid: string]: number }) => (sid: number) => zxids[sid] ?? 0;

  test('is the highest that a quorum has reached', () => {
    expect(agreedZxid(majority(1, 2, 3), reached({ 1: 9, 2: 7, 3: 5 }))).toBe(7);
    expect(agreedZxid(majority(1, 2, 3), reached({ 1: 9 }))).toBe(0);
    expect(agreedZxid(majority(1, 2, 3, 4), reached({ 1: 9, 2: 8, 3: 5, 4: 2 }))).toBe(5);
    expect(agreedZxid(majority(1, 2, 3), reached({ 1: 9, 4: 9, 5: 9 }))).toBe(0);
    expect(agreedZxid([], reached({ 1: 9 }))).toBe(0);
  });

  test('is held back by the slower of two configurations', () => {
    const both = [majorityOf([1, 2, 3]), majorityOf([4])];

    expect(agreedZxid(both, reached({ 1: 9, 2: 7, 3: 5, 4: 6 }))).toBe(6);
    expect(agreedZxid(both, reached({ 1: 9, 2: 7, 3: 5 }))).toBe(0);
  });

  test('is held by a quorum, and nothing above it is (random)', () => {
    const zxids = fc.array(fc.nat(9), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(zxids, (list) => {
        const system: QuorumSystem = [{ groups: [{ 1: 1, 2: 1, 3: 2 }, { 4: 1 }, { 5: 1 }] }];
        const at = (sid: number) => list[sid - 1]!;
        const zxid = agreedZxid(system, at);

        if (zxid > 0) expect(isQuorum(system, (sid) => at(sid) >= zxid)).toBe(true);
        expect(isQuorum(system, (sid) => at(sid) > zxid)).toBe(false);
      }),
    );
  });
});

describe('votes', () => {
  const vote = (epoch: number, zxid: number, leader: number): Vote => ({ leader, zxid, epoch });

  test('go by epoch, then by zxid, then by sid', () => {
    const ordered = [
      ...[vote(-1, -1, 0), vote(0, 0, 1), vote(1, 5, 3), vote(1, 9, 1), vote(1, 9, 2)],
      ...[vote(2, 3, 1), vote(2, 2 ** 40, 1)],
    ];
    for (const [at, one] of ordered.entries()) {
      for (const [other, two] of ordered.entries()) {
        expect(Math.sign(compareVotes(one, two))).toBe(Math.sign(at - other));
        expect(isSameVote(one, two)).toBe(at === other);
      }
    }
  });
});
