/**
 * The election: whose vote is adopted, when a round begins anew, how long a decision waits, and
 * what becomes of it when somebody is lost.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ElectionEvent, electionMachine } from '../../machines/election.ts';
import { majorityOf, type QuorumSystem, type Vote } from '../../machines/quorum.ts';
import { Walker } from '../support/walk.ts';

const finalizeTicks = 4;
const three: QuorumSystem = [majorityOf([1, 2, 3])];
const five: QuorumSystem = [majorityOf([1, 2, 3, 4, 5])];

const voteFor = (leader: number, zxid = 5, epoch = 1): Vote => ({ leader, zxid, epoch });
const heard = (from: number, vote: Vote, round = 1): ElectionEvent => {
  return { type: 'vote.received', from, round, vote };
};
const lost = (from: number): ElectionEvent => ({ type: 'peer.lost', from });
const tick = (at: number): ElectionEvent => ({ type: 'tick', tick: at });

/** A replica that begins an election at tick 10. */
function looking(sid: number, quorum = three, begin: { lost?: number[]; zxid?: number } = {}) {
  const walker = new Walker(electionMachine, { sid, finalizeTicks });
  const begun = { type: 'election.begun', quorum, zxid: 5, epoch: 1, lost: [], ...begin } as const;
  walker.send(tick(10), begun);
  const elected = () =>
    walker.effects('concludeElection').map((effect) => (effect as { leader: number }).leader);
  return Object.assign(walker, { elected, begun });
}

describe('a replica that looks', () => {
  test('votes for itself, in a round of its own', () => {
    const one = looking(2);

    expect(one.steps.at(-1)).toEqual({ state: 'looking', effects: ['sendVote'] });
    expect([one.context.vote, one.context.round]).toEqual([voteFor(2), 1]);
  });

  test('votes for nobody when it may not lead, until it hears of somebody', () => {
    for (const quorum of [three, [{ groups: [{ 1: 1, 2: 1, 3: 1, 9: 0 }] }]]) {
      const observer = looking(9, quorum);
      expect(observer.context.vote.leader).toBe(0);

      expect(observer.send(heard(1, voteFor(1, 0, 0)))).toEqual(['sendVote']);
      expect(observer.context.vote).toEqual(voteFor(1, 0, 0));
    }
  });

  test('adopts a better vote and says so at once; of others it takes note', () => {
    const one = looking(2);

    expect(one.send(heard(1, voteFor(1)))).toEqual([]);
    expect(one.context.vote).toEqual(voteFor(2));
    expect(one.send(heard(3, voteFor(3)))).toContain('sendVote');
    expect(one.context.vote).toEqual(voteFor(3));
  });

  test('prefers a later epoch to a later zxid, and that to a greater sid', () => {
    for (const better of [voteFor(1, 0, 2), voteFor(1, 6, 1)]) {
      const one = looking(2, five);
      one.send(heard(3, better), heard(4, voteFor(5)));

      expect(one.context.vote).toEqual(better);
    }
  });

  test('does not adopt a vote for somebody who may not lead', () => {
    const one = looking(2);
    one.send(heard(3, voteFor(9, 99, 9)));

    expect(one.context.vote).toEqual(voteFor(2));
  });

  test('says its vote again with every tick', () => {
    expect(looking(2).send(tick(11))).toEqual(['sendVote']);
  });
});

describe('rounds', () => {
  test('votes of an earlier one count for nothing', () => {
    const one = looking(2);
    one.send(heard(3, voteFor(3), 5));
    expect(one.context.round).toBe(5);

    expect(one.send(heard(1, voteFor(3, 9, 9), 4))).toEqual([]);
    expect(one.context.vote).toEqual(voteFor(3));
    expect(Object.keys(one.context.votes)).toEqual(['3']);
  });

  test('a later one is joined, with the own history against the vote that came with it', () => {
    const one = looking(2);
    one.send(heard(3, voteFor(3)));

    expect(one.send(heard(1, voteFor(1), 7))).toContain('sendVote');
    expect([one.context.round, one.context.vote]).toEqual([7, voteFor(2)]);
    expect(Object.keys(one.context.votes)).toEqual(['1']);
  });

  test('go up with each election', () => {
    const one = looking(2);
    one.send(heard(3, voteFor(3), 7), { type: 'leader.heard', leader: 3 }, one.begun);

    expect([one.state, one.context.round]).toEqual(['looking', 8]);
    expect([one.context.vote, one.context.votes]).toEqual([voteFor(2), {}]);
  });
});

describe('a decision', () => {
  test('waits for a better vote that may come, and is taken without one', () => {
    const one = looking(3);
    one.send(heard(1, voteFor(3)), tick(13));
    expect([one.elected(), one.state]).toEqual([[], 'looking']);

    expect(one.send(tick(14))).toContainEqual({ type: 'concludeElection', leader: 3, round: 1 });
    expect(one.state).toBe('idle');
  });

  test('waits anew when a better vote has come', () => {
    const one = looking(2, five);
    one.send(heard(1, voteFor(3)), heard(3, voteFor(3)), tick(13));
    one.send(heard(4, voteFor(4)), heard(1, voteFor(4)), tick(16));
    expect(one.elected()).toEqual([]);
    one.send(tick(17));

    expect(one.elected()).toEqual([4]);
  });

  test('waits no more when all voters have voted alike', () => {
    const one = looking(3);
    one.send(heard(1, voteFor(3)));
    expect(one.elected()).toEqual([]);
    one.send(heard(2, voteFor(3)));

    expect(one.elected()).toEqual([3]);
  });

  test('does not wait for those who are known to be gone', () => {
    const one = looking(3, three, { lost: [2] });
    one.send(heard(1, voteFor(3)));
    expect(one.elected()).toEqual([3]);

    const other = looking(3);
    other.send(heard(1, voteFor(3)), lost(2));
    expect(other.elected()).toEqual([3]);
  });

  test('waits again for one who is back', () => {
    const one = looking(3, five, { lost: [4, 5] });
    one.send(heard(5, voteFor(1)), heard(1, voteFor(3)), heard(2, voteFor(3)));
    expect(one.elected()).toEqual([]);
    one.send(heard(5, voteFor(3)));

    expect(one.elected()).toEqual([3]);
  });

  test('is not taken without a quorum, however long it waits', () => {
    const one = looking(3, five, { lost: [4, 5] });
    one.send(heard(1, voteFor(3)), lost(2), tick(1000));

    expect([one.elected(), one.state]).toEqual([[], 'looking']);
  });

  test('is put off when its quorum breaks', () => {
    const one = looking(3, five);
    one.send(heard(1, voteFor(3)), heard(2, voteFor(3)), tick(12), lost(1), tick(20));
    expect(one.elected()).toEqual([]);
    one.send(heard(1, voteFor(3)), tick(23));
    expect(one.elected()).toEqual([]);
    one.send(tick(24));

    expect(one.elected()).toEqual([3]);
  });

  test('is at once where there is but one voter', () => {
    const one = looking(1, [majorityOf([1])]);

    expect([one.elected(), one.state]).toEqual([[1], 'idle']);
  });

  test('needs old and new members during a reconfig', () => {
    const both = [majorityOf([1, 2, 3]), majorityOf([3, 4, 5])];
    const one = looking(3, both);
    one.send(heard(1, voteFor(3)), heard(2, voteFor(3)), tick(50));
    expect(one.elected()).toEqual([]);
    one.send(heard(4, voteFor(3)), tick(54));

    expect(one.elected()).toEqual([3]);
  });

  test('of weighty voters is one, whatever those without weight say', () => {
    const quorum = [{ groups: [{ 1: 1, 2: 1, 3: 1, 4: 0, 5: 0 }] }];
    const one = looking(3, quorum);
    one.send(heard(4, voteFor(3)), heard(5, voteFor(3)), tick(50));
    expect(one.elected()).toEqual([]);
    one.send(heard(1, voteFor(3)), tick(54));

    expect(one.elected()).toEqual([3]);
  });

  test('is followed by an observer, whose own vote counts for nothing', () => {
    const observer = looking(9);
    observer.send(heard(3, voteFor(3)), tick(50));
    expect(observer.elected()).toEqual([]);
    observer.send(heard(1, voteFor(3)), heard(2, voteFor(3)));

    expect(observer.elected()).toEqual([3]);
  });
});

describe('a candidate that is lost', () => {
  test('is given up: a new round begins with the own vote, which is told at once', () => {
    const one = looking(1);
    one.send(heard(3, voteFor(3)), heard(2, voteFor(2)));

    expect(one.send(lost(3))).toEqual(['sendVote']);
    expect([one.context.round, one.context.vote]).toEqual([2, voteFor(1)]);
    one.send(heard(2, voteFor(2), 2));

    expect(one.elected(), 'nobody waits for 3 any more').toEqual([2]);
  });

  test('is no more than one vote less when it is not ours', () => {
    const one = looking(3, five);
    one.send(heard(1, voteFor(3)), heard(2, voteFor(2)));

    expect(one.send(lost(2))).toEqual([]);
    expect([one.context.round, Object.keys(one.context.votes)]).toEqual([1, ['1']]);
  });
});

describe('an established leader', () => {
  test('is followed at once, whatever the votes', () => {
    const one = looking(3);
    one.send(heard(1, voteFor(3)), { type: 'leader.heard', leader: 2 });

    expect([one.elected(), one.state]).toEqual([[2], 'idle']);
  });

  test('disturbs nobody who does not look', () => {
    const one = looking(3);
    one.send({ type: 'leader.heard', leader: 2 });

    for (const event of [{ type: 'leader.heard', leader: 1 }, lost(2), heard(1, voteFor(1), 9)]) {
      expect(one.send(event as ElectionEvent)).toEqual([]);
    }
    expect(one.context.round).toBe(1);
  });
});

describe('all together', () => {
  test('elect the one with the latest history, when every vote arrives (random order)', () => {
    const histories = fc.array(fc.tuple(fc.nat(2), fc.nat(3)), { minLength: 3, maxLength: 5 });
    fc.assert(
      fc.property(histories, fc.infiniteStream(fc.nat(1000)), (list, chance) => {
        const sids = list.map((_, at) => at + 1);
        const quorum = [majorityOf(sids)];
        const walkers = sids.map((sid) => new Walker(electionMachine, { sid, finalizeTicks }));
        walkers.forEach((walker, at) => {
          const [epoch, zxid] = list[at]!;
          walker.send({ type: 'election.begun', quorum, zxid, epoch, lost: [] });
        });
        const tell = (from: number, to: number) => {
          const { round, vote } = walkers[from]!.context;
          walkers[to]!.send(heard(sids[from]!, vote, round));
        };
        const pick = () => (chance.next().value as number) % sids.length;
        for (let left = 20; left > 0; left--) tell(pick(), pick());
        for (let left = 3 * sids.length; left > 0; left--) {
          for (const from of sids.keys()) for (const to of sids.keys()) tell(from, to);
        }

        const best = sids.reduce((one, other) => {
          const [[a, b], [c, d]] = [list[one - 1]!, list[other - 1]!];
          return a > c || (a === c && b > d) ? one : other;
        });
        const elected = walkers.map((walker) => walker.effects('concludeElection'));
        expect(elected).toEqual(
          sids.map(() => [{ type: 'concludeElection', leader: best, round: 1 }]),
        );
      }),
    );
  });
});
