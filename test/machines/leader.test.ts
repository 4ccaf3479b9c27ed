/**
 * One term of a leader: which epoch it takes, what it must have before it is established and before
 * anything is committed. What ends it otherwise: leader-end.test.ts.
 */

import { describe, expect, test } from 'vitest';
import { majorityOf } from '../../machines/quorum.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import {
  acked,
  changed,
  epoch,
  established,
  five,
  greeted,
  greetedBlank,
  heard,
  historyStored,
  join,
  left,
  logged,
  ours,
  promised,
  promiseStored,
  ruling,
  synced,
  term,
  termWith,
  tick,
  txn,
} from '../support/term.ts';

describe('the epoch', () => {
  test('is the one after all that a quorum has promised, our own promise included', () => {
    expect(term(greeted(2, 3)).context.epoch).toBe(6);
    expect(term(greeted(2, 8)).context.epoch).toBe(9);
    expect(termWith({ quorum: five }, greeted(2, 8), greeted(3, 11)).context.epoch).toBe(12);
  });

  test('is not chosen before a quorum has greeted us', () => {
    const one = termWith({ quorum: five }, greeted(2), greeted(2));
    expect([one.state, one.context.epoch]).toEqual(['discovering', 0]);
    one.send(left(2), greeted(3));
    expect(one.state).toBe('discovering');
    one.send(greeted(4));

    expect(one.steps.at(-1)).toEqual({
      state: 'promising',
      effects: [{ type: 'storePromise', epoch: 6 }],
    });
  });

  test('is announced to all who greeted once our own promise is durable', () => {
    const one = term(greeted(2), greeted(3), greeted(7, 5, false));
    expect(one.effects('announceEpoch')).toEqual([]);

    expect(one.send(promiseStored)).toEqual([{ type: 'announceEpoch', sids: [2, 3, 7], epoch: 6 }]);
    expect(one.send(greeted(4))).toEqual([{ type: 'announceEpoch', sids: [4], epoch: 6 }]);
  });

  test('of a leader that is the only voter needs nobody', () => {
    const one = termWith({ quorum: [majorityOf([1])] });
    expect(one.first).toEqual([{ type: 'storePromise', epoch: 6 }]);
    one.send(promiseStored, historyStored);

    expect([one.state, one.isEstablished]).toEqual(['ruling.broadcasting', true]);
  });
});

describe('a quorum of promises', () => {
  test('comes before anybody gets our history, and before that is of the epoch', () => {
    const one = termWith({ quorum: five }, greeted(2), greeted(3), promiseStored);
    expect(one.send(promised(2))).toEqual([]);

    expect(one.send(promised(3))).toEqual([
      { type: 'storeHistory', epoch: 6 },
      { type: 'synchronize', sids: [2, 3] },
    ]);
    expect(one.send(greeted(4), promised(4))).toEqual([{ type: 'synchronize', sids: [4] }]);
  });

  test('has our own promise in it only once that is durable', () => {
    const one = term(greeted(2), greeted(3));
    one.send(promised(2), promised(3));

    expect([one.state, one.effects('storeHistory')]).toEqual(['promising', []]);
  });

  test('loses who leaves', () => {
    const quorum = five;
    const one = termWith({ quorum }, greeted(2), greeted(3), promiseStored, promised(2), left(2));
    one.send(promised(3));

    expect(one.state).toBe('ruling.gathering');
  });

  test('has in it who promised us before, and comes back over another link', () => {
    const one = termWith({ quorum: five }, greeted(2), greeted(3), promiseStored, promised(2));
    one.send(left(2), greeted(2, epoch), promised(2), promised(3));

    expect(one.state).toBe('ruling.synchronizing');
  });

  test('has nobody in it who promised that epoch to somebody else', () => {
    const one = term(...[greeted(2), promiseStored, left(2)]);
    // Meanwhile it has promised epoch 6 to a rival that chose the same one.
    one.send(greeted(2, 6), promised(2));

    expect([one.effects('storeHistory'), one.isEstablished]).toEqual([[], false]);
  });
});

describe('a voter that holds nothing', () => {
  test('is no witness of the past: it counts for no epoch', () => {
    const one = termWith({ quorum: five }, greetedBlank(2), greetedBlank(3), greeted(4));
    expect(one.state).toBe('discovering');
    one.send(greeted(5), promiseStored, promised(2, 0, 0), promised(3, 0, 0), promised(4));
    expect(one.state).toBe('ruling.gathering');
    one.send(promised(5));

    expect(one.state).toBe('ruling.synchronizing');
  });

  test('gets our history, and counts, once a quorum without it has answered since', () => {
    const one = term(...established, greetedBlank(3), promised(3, 0, 0));
    expect(one.send(heard(2, 1))).toEqual([]);
    expect(one.send(heard(2, 2))).toEqual([{ type: 'synchronize', sids: [3] }]);
    one.send(synced(3), left(2), logged(1), acked(3, 1));

    expect(one.committed).toEqual([txn(1)]);
  });

  test('answers for the next one like any other, once it holds our history', () => {
    const one = term(...established, greetedBlank(3), promised(3, 0, 0), heard(2, 2), synced(3));
    one.send(left(2), greetedBlank(2), promised(2, 0, 0));

    expect(one.send(heard(3, 2))).toEqual([{ type: 'synchronize', sids: [2] }]);
  });

  test('does not keep a deposed leader in office: what it lost may be of a later epoch', () => {
    const one = term(...established, left(2), greetedBlank(3), promised(3, 0, 0));
    one.send(heard(3, 9), synced(3), logged(1), acked(3, 1));

    expect([one.committed, one.effects('synchronize').length]).toEqual([[], 1]);
  });

  test('is not handed a history while a term begins whose witness has left', () => {
    const one = term(greeted(2), promiseStored, promised(2), greetedBlank(3), promised(3, 0, 0));
    one.send(left(2), historyStored, heard(3, 9), synced(3));

    expect([one.isEstablished, one.effects('synchronize')]).toEqual([
      ...[false, [{ type: 'synchronize', sids: [2] }]],
    ]);
  });

  test('counts where nobody holds anything: an ensemble is being founded', () => {
    const one = termWith({ lastZxid: 0, acceptedEpoch: 0, currentEpoch: 0 }, greetedBlank(2));
    expect([one.state, one.context.epoch]).toEqual(['promising', 1]);
    one.send(promiseStored, promised(2, 0, 0), historyStored, synced(2));

    expect(one.isEstablished).toBe(true);
  });

  test('is trusted no more once there is a txn, also in the term that founded the ensemble', () => {
    const none = { lastZxid: 0, acceptedEpoch: 0, currentEpoch: 0 };
    const founded = [greetedBlank(2), promiseStored, promised(2, 0, 0), historyStored, synced(2)];
    const third = [greetedBlank(3), promised(3, 0, 0), synced(3)];
    for (const first of [[logged(1)], [...third, acked(2, 1), acked(3, 1)]]) {
      const one = termWith(none, ...founded, ...first, greetedBlank(3));
      expect(one.send(promised(3, 0, 0))).toEqual([]);
      expect(one.send(heard(2, 2))).toEqual([{ type: 'synchronize', sids: [3] }]);
    }
    const before = termWith(none, ...founded, greetedBlank(3));
    expect(before.send(promised(3, 0, 0))).toEqual([{ type: 'synchronize', sids: [3] }]);
  });
});

describe('a more recent history', () => {
  const recent: [string, number, number][] = [
    ['a later txn', ours + 1, 4],
    ['a later epoch', makeZxid(4, 1), 5],
  ];
  for (const [name, zxid, currentEpoch] of recent) {
    test(`ends the term before it has begun (${name})`, () => {
      const one = term(...ruling, promised(2, zxid, currentEpoch));

      expect(one.end).toBe('replica 2 has a later history');
      expect(one.effects('synchronize')).toEqual([]);
    });
  }

  test('is none that is as ours, or of an earlier epoch', () => {
    for (const one of [promised(2), promised(2, ours - 1), promised(2, makeZxid(9, 9), 3)]) {
      expect(term(...ruling, one).end).toBeNull();
    }
  });

  test('of an observer ends nothing: no quorum can have agreed to it', () => {
    const observer = [greeted(7, 5, false), promised(7, ours + 1)];
    const one = term(...ruling, ...observer);

    expect([one.end, one.state]).toEqual([null, 'ruling.gathering']);
    one.send(promised(2));
    expect(one.state).toBe('ruling.synchronizing');
  });

  test('that comes when a quorum has promised is cut like any other', () => {
    const one = term(...ruling, promised(2), greeted(3), promised(3, ours + 1));

    expect([one.end, one.effects('synchronize').at(-1)]).toEqual([
      ...[null, { type: 'synchronize', sids: [3] }],
    ]);
  });
});

describe('a later promise of a voter', () => {
  test('ends the term: only a later epoch can win it back', () => {
    for (const before of [ruling, established]) {
      expect(term(...before, greeted(3, 7)).end).toBe('replica 3 promised epoch 7 to another');
    }
  });

  test('is none if it is of our epoch, or an observer’s', () => {
    expect(term(...established, greeted(2, 6)).end).toBeNull();
    expect(term(...established, greeted(7, 99, false)).end).toBeNull();
  });

  test('that is told while our own promise is being stored ends it as well', () => {
    const one = term(greeted(2), greeted(3, 9), promiseStored);

    expect(one.end).toBe('replica 3 promised a later epoch');
  });
});

describe('the term is established', () => {
  test('when a quorum holds our history, and our own is of the epoch', () => {
    const one = term(...ruling, promised(2));
    one.send(synced(2));
    expect(one.isEstablished).toBe(false);

    expect(one.send(historyStored)).toEqual([
      { type: 'establish', epoch: 6 },
      { type: 'admit', sids: [2] },
    ]);
  });

  test('not before a quorum of learners holds it', () => {
    const one = termWith({ quorum: five }, greeted(2), greeted(3), promiseStored);
    one.send(promised(2), promised(3), historyStored, synced(2));
    expect([one.state, one.isEstablished]).toEqual(['ruling.synchronizing', false]);
    one.send(left(2), synced(3));
    expect(one.isEstablished).toBe(false);
    one.send(...join(4));

    expect(one.isEstablished).toBe(true);
  });

  test('once; who comes later is let in one by one', () => {
    const one = term(...established);
    expect(one.send(...join(3))).toEqual([{ type: 'admit', sids: [3] }]);

    expect(one.effects('establish')).toHaveLength(1);
  });
});

describe('two terms with one epoch', () => {
  test('are never both established: who promised it twice counts once', () => {
    const one = term(greeted(2), promiseStored);
    const other = termWith({ sid: 3 }, greeted(2), promiseStored);
    expect([one.context.epoch, other.context.epoch]).toEqual([epoch, epoch]);
    // Replica 2 promises to the one, leaves before it has its history, and turns to the other.
    one.send(promised(2), historyStored, left(2));
    other.send(left(2), greeted(2, epoch), promised(2), historyStored, synced(2));
    other.send(logged(1), acked(2, 1));
    // The other dies with a commit that only replica 2 still has.
    one.send(greeted(2, epoch), promised(2, txn(1), epoch), synced(2));

    expect([one.isEstablished, other.isEstablished]).not.toEqual([true, true]);
  });
});

describe('a txn is committed', () => {
  test('when a quorum has it in its logs, ours being one of them', () => {
    const one = term(...established, logged(1));
    expect(one.committed).toEqual([]);
    expect(one.send(acked(2, 1))).toEqual([{ type: 'commit', zxid: txn(1) }]);

    const other = term(...established, acked(2, 1));
    expect(other.committed, 'our own log has not answered').toEqual([]);
    other.send(logged(1));
    expect(other.committed).toEqual([txn(1)]);
  });

  test('also without our own log, when enough others have it', () => {
    const one = term(...established, ...join(3), acked(2, 1), acked(3, 1));

    expect(one.committed).toEqual([txn(1)]);
  });

  test('by acks of those only who hold our history', () => {
    const one = term(...established, left(2), greeted(3), promised(3), logged(1), acked(3, 1));
    expect(one.committed).toEqual([]);
    expect(one.send(synced(3)), 'its ack counts from now on').toContainEqual({
      ...{ type: 'commit', zxid: txn(1) },
    });
  });

  test('with all before it; late and repeated acks change nothing', () => {
    const one = term(...established, logged(5), acked(2, 3));
    expect(one.committed).toEqual([txn(3)]);
    one.send(acked(2, 2), acked(2, 3), acked(2, 5), acked(2, 4));

    expect(one.committed).toEqual([txn(3), txn(5)]);
    expect(one.context.learners[2]!.acked).toBe(txn(5));
  });

  test('and stays so when those who acknowledged it leave', () => {
    const one = term(...established, logged(1), acked(2, 1), left(2), ...join(3), logged(2));
    expect([one.committed, one.context.committed]).toEqual([[txn(1)], txn(1)]);
    one.send(acked(3, 2));

    expect(one.committed).toEqual([txn(1), txn(2)]);
  });

  test('by old and new members while a reconfig is under way', () => {
    const both = [majorityOf([1, 2, 3]), majorityOf([1, 4, 5])];
    const one = term(...established, changed(both), logged(1), acked(2, 1));
    expect(one.committed).toEqual([]);
    one.send(...join(4), acked(4, 1));
    expect(one.committed).toEqual([txn(1)]);

    one.send(logged(2), acked(4, 2));
    expect(one.committed).toHaveLength(1);
    one.send(changed([majorityOf([1, 4, 5])]));
    expect(one.committed, 'the new members are enough').toEqual([txn(1), txn(2)]);
  });

  test('never without us where we alone have the weight', () => {
    const quorum = [{ groups: [{ 1: 3, 2: 1, 3: 1 }] }];
    const one = termWith({ quorum }, promiseStored, historyStored, ...join(2), ...join(3));
    one.send(acked(2, 1), acked(3, 1));
    expect(one.committed).toEqual([]);
    one.send(logged(1));

    expect(one.committed).toEqual([txn(1)]);
  });
});

describe('an observer', () => {
  test('counts for nothing, be it greeting, promise, history, ack or lease', () => {
    const all = [greeted(7, 5, false), greeted(8, 5, false)];
    expect(term(...all).state).toBe('discovering');
    const one = term(...all, greeted(2), promiseStored, promised(7), promised(8));
    expect(one.state).toBe('ruling.gathering');
    one.send(promised(2), historyStored, synced(7), synced(8));
    expect(one.isEstablished).toBe(false);
    one.send(synced(2), acked(7, 1), acked(8, 1), logged(1));
    expect(one.committed).toEqual([]);
    for (let at = 101; at <= 111; at++) one.send(heard(7), heard(8), tick(at));

    expect(one.end).toBe('no quorum of voters was heard within the lease');
  });

  test('has no say in the epoch', () => {
    expect(term(greeted(7, 99, false), greeted(2)).context.epoch).toBe(6);
  });

  test('that a reconfig makes a voter promises nothing, and counts once it is synced', () => {
    const one = term(greeted(2, 5, false));
    expect(one.state, 'greeting').toBe('discovering');
    one.send(greeted(3), promiseStored, promised(2));
    expect(one.state, 'promise').toBe('ruling.gathering');
    one.send(promised(3), historyStored);
    expect(one.isEstablished, 'history').toBe(false);
    one.send(synced(2), logged(1), acked(2, 1));

    expect([one.isEstablished, one.committed]).toEqual([true, [txn(1)]]);
  });

  test('gets our history and is let in, like any other', () => {
    const one = term(...established);

    expect(one.send(greeted(7, 5, false), promised(7))).toEqual([
      { type: 'synchronize', sids: [7] },
    ]);
    expect(one.send(synced(7))).toEqual([{ type: 'admit', sids: [7] }]);
  });
});
