/**
 * The learner's link: which epochs it promises, when it may say so, when it holds the leader's
 * history, and how long it believes in a leader that says nothing.
 */

import { describe, expect, test } from 'vitest';
import { type LearnerEvent, type LearnerInput, learnerMachine } from '../../machines/learner.ts';
import { Walker } from '../support/walk.ts';

const input: LearnerInput = {
  ...{ leader: 3, votes: true, acceptedEpoch: 5, tick: 100, deadlineTick: 140 },
  ...{ silentTicks: 10, greetTicks: 4, stallTicks: 20 },
};

const announced = (epoch: number): LearnerEvent => ({ type: 'epoch.announced', epoch });
const tick = (at: number): LearnerEvent => ({ type: 'tick', tick: at });
const heard: LearnerEvent = { type: 'leader.heard' };
const absent: LearnerEvent = { type: 'leader.absent' };
const stored: LearnerEvent = { type: 'promise.stored' };
const received: LearnerEvent = { type: 'history.received' };
const adopted: LearnerEvent = { type: 'history.adopted' };
const admitted: LearnerEvent = { type: 'admitted' };
const joined = [announced(6), stored, received, adopted, admitted] as const;

function learner(...events: LearnerEvent[]) {
  return learnerWith({}, ...events);
}

function learnerWith(change: Partial<LearnerInput>, ...events: LearnerEvent[]) {
  const walker = new Walker(learnerMachine, { ...input, ...change });
  walker.send(...events);
  return walker;
}

/** Why it left, if it did, and whether the leader counts as gone. */
function left(walker: Walker<typeof learnerMachine>): [string, boolean] | null {
  const [leave] = walker.effects('leave') as { reason: string; isGone: boolean }[];
  expect(walker.state === 'left').toBe(leave !== undefined);
  return leave === undefined ? null : [leave.reason, leave.isGone];
}

const silent = ['the leader is silent', true];
const late = ['the leader did not let us in in time (initLimit)', false];

describe('an epoch', () => {
  test('that is new is promised once the promise is durable, not before', () => {
    const one = learner();
    expect([one.first, one.state]).toEqual([['greet'], 'joining.greeting']);

    expect(one.send(announced(6))).toEqual([{ type: 'storePromise', epoch: 6 }]);
    expect(one.effects('promiseEpoch')).toEqual([]);
    expect(one.send(stored)).toEqual([{ type: 'promiseEpoch', epoch: 6 }]);
    expect(one.context.acceptedEpoch).toBe(6);
  });

  test('that is older than one we promised is refused: nothing is stored or told', () => {
    const one = learner(announced(4));

    expect(left(one)).toEqual(['it leads epoch 4, we promised 5', false]);
    expect([one.effects('storePromise'), one.effects('promiseEpoch')]).toEqual([[], []]);
  });

  test('that we have promised already is not stored again', () => {
    const one = learner(announced(5));

    expect(one.effects('storePromise')).toEqual([]);
    expect(one.state).toBe('joining.syncing');
  });

  test('is promised by no observer, but an older one is refused by it as well', () => {
    const one = learnerWith({ votes: false }, announced(6));
    expect([one.state, one.effects('storePromise')]).toEqual(['joining.syncing', []]);

    expect(left(learnerWith({ votes: false }, announced(4)))).not.toBeNull();
  });
});

describe('history', () => {
  test('is adopted, with the epoch, before it is acknowledged', () => {
    const one = learner(announced(6), stored);

    expect(one.send(received)).toEqual([{ type: 'adoptHistory', epoch: 6 }]);
    expect(one.effects('ackLeadership')).toEqual([]);
    expect(one.send(adopted)).toEqual(['ackLeadership']);
    expect(one.send(admitted)).toEqual(['serve']);
    expect(one.state).toBe('following');
  });

  test('is not taken for complete before we have promised', () => {
    const one = learner(announced(6));

    for (const event of [received, adopted, admitted]) expect(one.send(event)).toEqual([]);
    expect(one.state).toBe('joining.promising');
  });

  test('lets nobody be served before the leader has let us in', () => {
    const one = learner(announced(6), stored, received, admitted);
    expect(one.effects('serve')).toEqual([]);
    one.send(adopted, heard);

    expect([one.state, one.effects('serve')]).toEqual(['joining.acking', []]);
  });
});

describe('greetings', () => {
  test('are repeated while we are not let in, every few ticks', () => {
    const one = learner();
    for (let at = 101; at <= 109; at++) one.send(tick(at));
    expect(one.effects('repeatGreeting')).toHaveLength(2);
    one.send(heard, announced(6), stored, received, adopted, admitted);
    for (let at = 110; at <= 119; at++) one.send(tick(at));

    expect(one.effects('repeatGreeting')).toHaveLength(2);
    expect(one.effects('greet'), 'the first one').toHaveLength(1);
  });
});

describe('a leader that is silent', () => {
  test('counts as gone after so many ticks, before and after we were let in', () => {
    for (const before of [[announced(6)], [announced(6), stored, received, adopted], joined]) {
      const one = learner(...before, tick(109), tick(110));
      expect(left(one)).toBeNull();
      one.send(tick(111));
      expect(left(one)).toEqual(silent);
    }
  });

  test('is given three times as long until it has answered: it may not know yet', () => {
    const one = learner(tick(110), tick(120), tick(130));
    expect(left(one)).toBeNull();
    one.send(tick(131));
    expect(left(one)).toEqual(silent);
  });

  test('is believed in as long as it is heard', () => {
    const one = learner(...joined);
    for (let at = 110; at <= 400; at += 10) one.send(tick(at), heard);
    expect(left(one)).toBeNull();

    one.send(tick(411));
    expect(left(one)).toEqual(silent);
  });

  test('is given as long as we are patient, which may change', () => {
    const one = learner(...joined, { type: 'patience.changed', silentTicks: 15 }, tick(115));
    expect(left(one)).toBeNull();
    one.send({ type: 'patience.changed', silentTicks: 12 }, tick(116));

    expect(left(one)).toEqual(silent);
  });

  test('is forgiven what we slept through ourselves', () => {
    for (const before of [[announced(6)], joined]) {
      const one = learner(...before, tick(105), tick(126));
      expect(left(one)).toBeNull();
      one.send(tick(136));
      expect(left(one)).toBeNull();
      one.send(tick(137));
      expect(left(one)).toEqual(silent);
    }
  });

  test('is not forgiven a gap that is no stall', () => {
    expect(left(learner(...joined, tick(105), tick(125)))).toEqual(silent);
  });
});

describe('a leader that the bus says is absent', () => {
  const gone = ['the leader left the bus', true];

  test('counts as gone at the third time in a row', () => {
    for (const before of [[], [announced(6)], joined]) {
      const one = learner(...before, tick(102), absent, absent);
      expect(left(one)).toBeNull();
      one.send(absent);
      expect(left(one)).toEqual(gone);
    }
  });

  test('does not while it was heard just now, however often that is said', () => {
    const one = learner(...joined, tick(101), ...Array(10).fill(absent));
    expect(left(one)).toBeNull();
    one.send(tick(102), absent);

    expect(left(one)).toEqual(gone);
  });

  test('does not when it was heard in between, or we stalled', () => {
    for (const [between, at] of [
      [heard, 104],
      [tick(130), 132],
    ] as const) {
      const one = learner(...joined, tick(102), absent, absent, between, tick(at), absent, absent);
      expect(left(one)).toBeNull();
      one.send(absent);
      expect(left(one)).toEqual(gone);
    }
  });
});

describe('a link', () => {
  /** Ticks during which the leader is heard. */
  const pass = (from: number, to: number) => {
    const events: LearnerEvent[] = [];
    for (let at = from; at <= to; at++) events.push(tick(at), heard);
    return events;
  };

  test('that we are not let in over in time is given up; the leader is not gone', () => {
    const waits: LearnerEvent[][] = [
      ...[[], [announced(6)], [announced(6), stored], [announced(6), stored, received]],
      [announced(6), stored, received, adopted],
    ];
    for (const before of waits) {
      const one = learner(...before, ...pass(101, 140));
      expect(left(one)).toBeNull();
      one.send(tick(141));
      expect(left(one)).toEqual(late);
    }
  });

  test('that we are let in over has no deadline any more', () => {
    expect(left(learner(...joined, ...pass(101, 300)))).toBeNull();
  });

  test('has its deadline put off by as much as we stalled', () => {
    const one = learner(...pass(101, 110), tick(150), ...pass(151, 180));
    expect(left(one)).toBeNull();
    one.send(tick(181));

    expect(left(one)).toEqual(late);
  });

  test('that is broken is over, whatever it was at', () => {
    for (const before of [[], [announced(6)], joined]) {
      const one = learner(...before, { type: 'link.broken', reason: 'a frame is missing' });

      expect(left(one)).toEqual(['a frame is missing', false]);
      expect(one.send(tick(101), announced(7), admitted)).toEqual([]);
    }
  });
});
