/** What a leader tells before a quorum has answered: committed for each voter that holds it too. */

import { describe, expect, test } from 'vitest';
import { majorityOf } from '../../machines/quorum.ts';
import * as terms from '../support/term.ts';

const { acked, changed, established, five, join, left, logged, txn } = terms;

const told = (one: terms.Term): number[] =>
  one.effects('commitEarly').map((effect) => (effect as { zxid: number }).zxid);

describe('a txn is told early', () => {
  test('of three, as soon as our own log holds it', () => {
    const one = terms.term(...established);
    expect(one.send(logged(2))).toEqual([{ type: 'commitEarly', zxid: txn(2) }]);
    expect(one.committed).toEqual([]);
    expect(one.send(acked(2, 2))).toEqual([{ type: 'commit', zxid: txn(2) }]);
  });

  test('not before our own log holds it: with it we would be one of two', () => {
    expect(told(terms.term(...established, acked(2, 1)))).toEqual([]);
  });

  test('not when it is committed already', () => {
    const one = terms.term(...established, acked(2, 1), logged(1));
    expect([told(one), one.committed]).toEqual([[], [txn(1)]]);
  });

  test('of five never: one that has acknowledged it already is no voter more', () => {
    const { promiseStored, historyStored, promised, synced, termWith } = terms;
    const one = termWith({ quorum: five }, ...[2, 3].map((sid) => terms.greeted(sid)));
    one.send(promiseStored, promised(2), promised(3), historyStored, synced(2), synced(3));
    one.send(logged(3), acked(2, 2), ...join(4));
    expect([one.state, told(one), one.committed]).toEqual(['ruling.broadcasting', [], []]);
    one.send(acked(4, 2));
    expect([told(one), one.committed]).toEqual([[], [txn(2)]]);
  });

  test('also while those who would make the quorum are away', () => {
    expect(told(terms.term(...established, left(2), logged(1)))).toEqual([txn(1)]);
  });

  test('never where the weight of one voter more does not suffice', () => {
    const quorum = [{ groups: [{ 1: 2, 2: 2, 3: 1, 4: 1 }] }];
    const one = terms.termWith({ quorum }, ...established, logged(1));
    expect(told(one)).toEqual([]);
  });

  test('not after a reconfig: who votes no more may not have heard of it', () => {
    const one = terms.term(...established, logged(1), changed([majorityOf([1, 2, 4])]), logged(2));
    one.send(changed([majorityOf([1, 2, 3])]), logged(3));
    expect(told(one)).toEqual([txn(1)]);
    one.send(acked(2, 3));
    expect(one.committed).toEqual([txn(3)]);
  });

  test('also after a reconfig that leaves the voters as they are', () => {
    const one = terms.term(...established, changed([majorityOf([1, 2, 3])]), logged(1));
    expect(told(one)).toEqual([txn(1)]);
  });
});
