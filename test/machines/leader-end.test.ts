/**
 * What ends a term: a quorum that is not heard, time, a rival, the end of the counter; and what
 * does not, such as a stall of our own.
 */

import { describe, expect, test } from 'vitest';
import type { LeaderEvent } from '../../machines/leader.ts';
import {
  changed,
  established,
  five,
  greeted,
  heard,
  historyStored,
  input,
  join,
  left,
  promised,
  promiseStored,
  ruling,
  synced,
  type Term,
  term,
  termWith,
  tick,
} from '../support/term.ts';

const lease = 'no quorum of voters was heard within the lease';
const deadline = 'no quorum greeted us, or took over our history, in time';

/** Ticks one by one; these learners are heard after each. */
function pass(from: number, to: number, ...sids: number[]): LeaderEvent[] {
  const events: LeaderEvent[] = [];
  for (let at = from; at <= to; at++) events.push(tick(at), ...sids.map(heard));
  return events;
}

/** The first tick from `from` on at which it ends, if nobody is heard any more. */
function endsAt(one: Term, from: number): number {
  for (let at = from; at < from + 200; at++) {
    one.send(tick(at));
    if (one.state === 'ended') return at;
  }
  return Number.POSITIVE_INFINITY;
}

describe('a term that is established', () => {
  test('ends when no quorum was heard for longer than the lease, and no earlier', () => {
    const one = term(...established, ...pass(101, 150, 2));
    expect(one.end).toBeNull();

    expect(endsAt(one, 151)).toBe(150 + input.leaseTicks + 1);
    expect(one.end).toBe(lease);
  });

  test('goes on while any quorum is heard, whoever that is', () => {
    const one = term(...established, ...join(3), ...pass(101, 150, 2), ...pass(151, 200, 3));

    expect(one.end).toBeNull();
    expect(endsAt(one, 201)).toBe(211);
  });

  test('takes acks, promises and histories for signs of life', () => {
    const acks = (at: number): LeaderEvent[] => {
      return [tick(at), { type: 'ack.received', sid: 2, zxid: 1 }];
    };
    const one = term(...established);
    for (let at = 101; at < 150; at++) one.send(...acks(at));

    expect(one.end).toBeNull();
    expect(endsAt(one, 150)).toBe(160);
  });

  test('ends at the next tick when a quorum has left', () => {
    const one = term(...established, ...pass(101, 105, 2), left(2));
    expect(one.end).toBeNull();

    expect(endsAt(one, 106)).toBe(106);
    expect(one.end).toBe(lease);
  });

  test('ends when the new members of a reconfig are not heard', () => {
    const both = [...input.quorum, { groups: [{ 4: 1 }] }];
    const one = term(...established, ...pass(101, 105, 2), changed(both), ...pass(106, 106, 2));

    expect(one.end).toBe(lease);
  });

  test('is not ended by a stall of its own: everybody gets a whole lease again', () => {
    const one = term(...established, ...pass(101, 105, 2), tick(105 + input.stallTicks + 30));
    expect(one.end).toBeNull();

    expect(endsAt(one, 140)).toBe(139 + input.leaseTicks + 1);
  });

  test('is ended by a gap that is no stall', () => {
    const one = term(...established, ...pass(101, 105, 2), ...pass(106, 115), tick(119));

    expect(one.end).toBe(lease);
  });

  test('has no deadline any more', () => {
    expect(term(...established, ...pass(101, 300, 2)).end).toBeNull();
  });
});

describe('a term that is not established yet', () => {
  const stages: [string, readonly LeaderEvent[]][] = [
    ['discovering', []],
    ['promising', [greeted(2)]],
    ['gathering', ruling],
    ['synchronizing', [...ruling, promised(2), historyStored]],
  ];
  for (const [name, before] of stages) {
    test(`ends at its deadline (${name})`, () => {
      const one = term(...before, ...pass(101, 120, 2));
      expect(one.end).toBeNull();
      one.send(tick(121));

      expect(one.end).toBe(deadline);
    });
  }

  test('is not ended by a stall of its own: the deadline is put off by it', () => {
    const one = term(...ruling, promised(2), ...pass(101, 110, 2), tick(160), ...pass(161, 165, 2));
    expect(one.end).toBeNull();
    one.send(historyStored, synced(2));

    expect(one.isEstablished).toBe(true);
  });

  test('is ended by silence: whom nobody follows any more stands in the way of others', () => {
    expect(term(...ruling, ...pass(101, 118)).end).toBe(
      'no quorum of voters was heard within the lease',
    );
  });
});

describe('a rival', () => {
  const rival = (epoch: number): LeaderEvent => ({ type: 'rival.heard', epoch, leader: 3 });

  test('of a later epoch ends the term, at any time', () => {
    for (const before of [[], ruling, established]) {
      expect(term(...before, rival(7)).end).toBe('replica 3 leads the later epoch 7');
    }
  });

  test('of the same or an earlier epoch does not', () => {
    for (const epoch of [1, 5, 6]) expect(term(...established, rival(epoch)).end).toBeNull();
  });

  test('of an epoch before the one that we promised does not, while ours is unknown', () => {
    expect(term(rival(input.acceptedEpoch - 1)).end).toBeNull();
  });
});

describe('a term', () => {
  test('ends with the counter of the zxid', () => {
    expect(
      term(...established, {
        type: 'leadership.resigned',
        reason: 'the counter of the zxid is used up',
      }).end,
    ).toBe('the counter of the zxid is used up');
  });

  test('is resigned by whoever leads, and says why', () => {
    const resigned = { type: 'leadership.resigned', reason: 'we are no voter any more' } as const;

    for (const before of [[], ruling, established]) {
      expect(term(...before, resigned).end).toBe('we are no voter any more');
    }
  });

  test('that has ended asks for nothing any more', () => {
    const one = term(...established, {
      type: 'leadership.resigned',
      reason: 'the counter of the zxid is used up',
    });

    for (const event of [...established, tick(101), tick(500)]) expect(one.send(event)).toEqual([]);
  });

  test('knows only learners that greeted, and forgets those that left', () => {
    const one = termWith({ quorum: five }, greeted(2), greeted(3), promiseStored);
    one.send(heard(4), synced(4), { type: 'ack.received', sid: 4, zxid: 1 }, left(4), left(3));

    expect(Object.keys(one.context.learners)).toEqual(['2']);
  });

  test('brings only learners that greeted to its history', () => {
    const one = term(...established, promised(4));

    expect(one.effects('synchronize')).not.toContainEqual({ type: 'synchronize', sids: [4] });
  });
});
