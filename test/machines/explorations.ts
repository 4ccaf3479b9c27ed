/**
 * By which events each machine is explored. Few values of each kind are enough: what matters is
 * which of two is greater. What grows without end is cut off by `stopWhen`.
 */

import type { EventObject } from 'xstate';
import { connectionEvents } from '../../machines/connection.ts';
import type { ElectionContext } from '../../machines/election.ts';
import type { machines } from '../../machines/index.ts';
import type { LeaderContext } from '../../machines/leader.ts';
import type { LearnerContext } from '../../machines/learner.ts';
import { majorityOf } from '../../machines/quorum.ts';
import { sessionEvents } from '../../machines/session.ts';
import { watchEvents } from '../../machines/watch.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import type { Exploration } from '../support/explore.ts';

const plain = (names: readonly string[]): EventObject[] => names.map((type) => ({ type }));

/** Clocks do not go back. */
const inTime = (context: { tick: number }, event: { tick?: number }): boolean =>
  event.tick === undefined || event.tick >= context.tick;

const frame = (values: object): EventObject => {
  return { type: 'frame.received', incarnation: 7, link: 1, epoch: 2, seq: 1, ...values } as never;
};

// The leader: replica 1, whose epoch will be 2.

const txn = (counter: number): number => makeZxid(2, counter);
const three = [majorityOf([1, 2, 3])];
const term = {
  ...{ sid: 1, quorum: three, acceptedEpoch: 1, currentEpoch: 1, lastZxid: makeZxid(1, 5) },
  ...{ tick: 0, greetTicks: 2, initTicks: 2, leaseTicks: 1, stallTicks: 4 },
};
const greeted = (sid: number, values: object = {}): EventObject => {
  const plainOne = { acceptedEpoch: 1, votes: true, isBlank: false, pulse: 0 };
  return { type: 'learner.greeted', sid, ...plainOne, ...values } as never;
};
const promised = (sid: number, counter = 5): EventObject =>
  ({
    type: 'epoch.promised',
    sid,
    currentEpoch: 1,
    lastZxid: counter && makeZxid(1, counter),
  }) as never;
const of = (sid: number, ...types: string[]): EventObject[] =>
  types.map((type) => ({ type, sid }) as never);
const heard = (sid: number, pulse = 0): EventObject =>
  ({ type: 'learner.heard', sid, pulse }) as never;
const logged = (...counters: number[]): EventObject[] =>
  counters.map((counter) => ({ type: 'batch.logged', zxid: txn(counter) }) as never);
const acked = (sid: number, ...counters: number[]): EventObject[] =>
  counters.map((counter) => ({ type: 'ack.received', sid, zxid: txn(counter) }) as never);
const ticks = (...all: number[]): EventObject[] =>
  all.map((tick) => ({ type: 'tick', tick }) as never);
const quorums = (...all: object[]): EventObject[] =>
  all.map((quorum) => ({ type: 'quorum.changed', quorum }) as never);
const stored = plain(['promise.stored', 'history.stored']);
const whole = (sid: number, values: object = {}): EventObject[] => [
  ...[greeted(sid, values), promised(sid), ...of(sid, 'leadership.acked')],
];

/** Our log answers in order, and the clock does not go back. */
const inOrder = (context: LeaderContext, event: { type: string; tick?: number; zxid?: number }) =>
  event.type === 'batch.logged' ? event.zxid! > context.logged : inTime(context, event);

const leaders: readonly Exploration[] = [
  // All that can happen with one learner.
  {
    input: term,
    events: [
      ...[greeted(2), greeted(2, { acceptedEpoch: 9 }), ...stored, promised(2), promised(2, 6)],
      heard(2),
      ...of(2, 'leadership.acked', 'learner.left'),
      ...[...logged(1), ...acked(2, 1), ...quorums([majorityOf([1, 2])]), ...ticks(1, 3, 9)],
      { type: 'leadership.resigned', reason: 'we left the ensemble' },
      ...[1, 99].map((epoch) => ({ type: 'rival.heard', epoch, leader: 3 })),
    ] as EventObject[],
    mayCome: inOrder,
    // The deadline moves while the term begins, and is gone once it is established.
    stopWhen: ({ deadlineTick, tick, committed }: LeaderContext) =>
      deadlineTick >= Number.MAX_SAFE_INTEGER ? tick > 1 || committed > 0 : deadlineTick > 4,
    statesMax: 20_000,
  },
  // Two voters and an observer, who come and go.
  {
    input: term,
    events: [
      ...[...stored, ...whole(2), ...whole(3), ...of(2, 'learner.left')],
      ...[...logged(1, 2), ...acked(2, 1, 2), ...acked(3, 1)],
    ],
    mayCome: inOrder,
    stopWhen: ({ committed }: LeaderContext) => committed >= txn(2),
    statesMax: 20_000,
  },
  {
    input: term,
    events: [
      ...[...stored, ...whole(2), ...whole(7, { votes: false }), ...of(7, 'learner.left')],
      ...[...logged(1), ...acked(2, 1), ...acked(7, 1), ...ticks(1, 2), heard(2)],
    ],
    mayCome: inOrder,
    stopWhen: ({ committed, tick }: LeaderContext) => committed > 0 && tick > 1,
    statesMax: 20_000,
  },
  // A reconfig: old and new must agree, then the new alone.
  {
    input: term,
    events: [
      ...[...stored, ...whole(2), ...whole(4, { votes: false })],
      ...quorums(three, [...three, majorityOf([1, 4])], [majorityOf([1, 4])]),
      ...[...logged(1, 2), ...acked(2, 1, 2), ...acked(4, 1), ...of(2, 'learner.left')],
    ],
    mayCome: inOrder,
    stopWhen: ({ committed }: LeaderContext) => committed >= txn(2),
    statesMax: 20_000,
  },
  // One has lost its disk: it gets our history when the other has answered since.
  {
    input: term,
    events: [
      ...[greeted(2, { acceptedEpoch: 0, isBlank: true }), promised(2, 0), ...whole(3), ...stored],
      ...[heard(3), heard(3, 1), ...of(2, 'leadership.acked', 'learner.left')],
      ...[...logged(1), ...acked(2, 1)],
    ],
    mayCome: inOrder,
    stopWhen: ({ committed }: LeaderContext) => committed > 0,
    statesMax: 20_000,
  },
  // Five voters: some hold nothing, some have promised more.
  {
    input: { ...term, quorum: [majorityOf([1, 2, 3, 4, 5])] },
    events: [
      ...[greeted(2, { acceptedEpoch: 0, isBlank: true }), promised(2, 0), ...whole(3)],
      ...[greeted(4, { acceptedEpoch: 2 }), greeted(4, { acceptedEpoch: 3 }), promised(4, 6)],
      ...[promised(4), ...of(4, 'leadership.acked', 'learner.left'), ...stored],
      ...[...of(2, 'leadership.acked'), ...logged(1), ...acked(3, 1), ...acked(4, 1)],
      heard(3),
    ],
    mayCome: inOrder,
    stopWhen: ({ committed }: LeaderContext) => committed > 0,
    statesMax: 20_000,
  },
  // An ensemble is being founded, and one that has a single voter.
  ...[three, [majorityOf([1])]].map((quorum) => ({
    input: { ...term, quorum, acceptedEpoch: 0, currentEpoch: 0, lastZxid: 0 },
    events: [
      ...[greeted(2, { acceptedEpoch: 0, isBlank: true }), promised(2, 0), ...stored],
      ...[heard(2), ...of(2, 'leadership.acked', 'learner.left')],
      ...[...ticks(1, 9), ...[1, 2].map((counter) => logged(counter)[0]!)],
    ],
    mayCome: inOrder,
    stopWhen: ({ deadlineTick, tick }: LeaderContext) =>
      deadlineTick >= Number.MAX_SAFE_INTEGER ? tick > 1 : deadlineTick > 4,
    statesMax: 20_000,
  })),
];

const link = {
  ...{ leader: 3, votes: true, acceptedEpoch: 5, tick: 0, deadlineTick: 2 },
  ...{ silentTicks: 1, greetTicks: 1, stallTicks: 3 },
};

/** A voter's link, and an observer's. */
const learners: readonly Exploration[] = [true, false].map((votes) => ({
  input: { ...link, votes },
  events: [
    ...[4, 5, 6].map((epoch) => ({ type: 'epoch.announced', epoch })),
    ...plain(['promise.stored', 'history.received', 'history.adopted', 'admitted']),
    ...plain(['leader.heard', 'leader.absent']),
    { type: 'patience.changed', silentTicks: 2 },
    { type: 'link.broken', reason: 'a frame is missing' },
    ...ticks(1, 2, 3, 4, 9),
  ] as EventObject[],
  mayCome: inTime,
  // Each stall puts the deadline off; the bus may repeat itself.
  stopWhen: ({ deadlineTick, absences, tick }: LearnerContext) =>
    deadlineTick > 2 || absences > 3 || tick > 4,
  statesMax: 8000,
}));

const begun = (values: object): EventObject => {
  const usual = { quorum: three, zxid: 5, epoch: 1, lost: [] };
  return { type: 'election.begun', ...usual, ...values } as never;
};
const votes = (...all: [from: number, round: number, leader: number][]): EventObject[] =>
  all.map(([from, round, leader]) => {
    return { type: 'vote.received', from, round, vote: { leader, zxid: 5, epoch: 1 } } as never;
  });

const elections: readonly Exploration[] = [
  {
    input: { sid: 2, finalizeTicks: 2 },
    events: [
      ...[begun({}), ...votes([1, 0, 1], [1, 1, 2], [1, 1, 3], [3, 1, 3], [3, 2, 3])],
      ...[{ type: 'leader.heard', leader: 3 } as never],
      ...[1, 3].map((from) => ({ type: 'peer.lost', from }) as never),
      ...ticks(1, 4),
    ],
    mayCome: inTime,
    // A candidate may be lost, and come back, again and again.
    stopWhen: ({ round, lost }: ElectionContext) => round > 2 || lost.length > 2,
    statesMax: 5000,
  },
  // An observer; the members change while it looks, and it becomes a voter.
  {
    input: { sid: 2, finalizeTicks: 2 },
    events: [
      ...[begun({ quorum: [majorityOf([1, 3])] }), begun({ lost: [3] })],
      ...votes([1, 1, 1], [1, 1, 3], [3, 1, 3], [1, 2, 9]),
      ...[{ type: 'peer.lost', from: 1 } as never, ...ticks(1, 2, 3)],
    ],
    mayCome: inTime,
    stopWhen: ({ round, lost }: ElectionContext) => round > 2 || lost.length > 2,
    statesMax: 5000,
  },
];

export const explorations: { readonly [name in keyof typeof machines]: readonly Exploration[] } = {
  connection: [{ events: plain(connectionEvents), statesMax: 10 }],
  session: [{ events: plain(sessionEvents), statesMax: 10 }],
  watch: [{ events: plain(watchEvents), statesMax: 8 }],
  peer: [
    {
      events: [
        ...plain(['secret.agreed', 'stop.requested', 'requests.drained', 'drain.timedOut']),
        ...plain(['log.settled', 'role.established', 'role.ended', 'snapshot.received']),
        ...[false, true].map((isDistributed) => ({ type: 'state.recovered', isDistributed })),
        ...[false, true].map((mayReadOnly) => ({ type: 'patience.exhausted', mayReadOnly })),
        ...['leading', 'following', 'observing'].map((role) => {
          return { type: 'leader.elected', role, leader: 1 };
        }),
        { type: 'storage.failed', reason: 'disk' },
      ] as EventObject[],
      statesMax: 20,
    },
  ],
  channel: [
    {
      input: { incarnation: 7, link: 1, epoch: 2, seq: 0 },
      events: [
        ...[1, 2, 3, 4, 6].map((seq) => frame({ seq })),
        ...[frame({ link: 2 }), frame({ epoch: 3 }), frame({ incarnation: 8 })],
        ...[0, 2, 4].map((seq) => ({ type: 'peer.sent', seq }) as never),
        ...plain(['channel.closed']),
      ],
      statesMax: 20,
    },
  ],
  election: elections,
  leader: leaders,
  learner: learners,
  learnerHandler: [
    {
      input: { sid: 3, credits: 2 },
      events: [
        ...[
          { isHeld: true, isReachable: true, wantsSnapshot: false },
          { isHeld: true, isReachable: true, wantsSnapshot: true },
          { isHeld: false, isReachable: true, wantsSnapshot: false },
          { isHeld: false, isReachable: false, wantsSnapshot: false },
        ].map((facts) => {
          const position = { zxid: 5, commonZxid: 4, ...facts };
          return { type: 'position.known', position } as never;
        }),
        ...plain(['snapshot.opened', 'chunk.sent', 'credit.received', 'snapshot.drained']),
        ...plain(['history.sent', 'leadership.acked', 'admission.granted', 'link.closed']),
      ],
      stopWhen: ({ credits }: { credits: number }) => credits > 3,
      statesMax: 60,
    },
  ],
  sessionTracker: [
    {
      input: { stallTicks: 4 },
      events: [
        ...[10, 16].map((tick) => ({ type: 'authority.gained', tick }) as never),
        ...[...plain(['authority.lost']), ...ticks(11, 14, 15, 20)],
      ],
      mayCome: inTime,
      statesMax: 20,
    },
  ],
  snapshotter: [
    {
      input: { txnsMax: 3, bytesMax: 100 },
      events: [
        { type: 'batch.applied', txns: 1, bytes: 10 },
        { type: 'batch.applied', txns: 1, bytes: 100 },
        ...plain(['snapshot.requested', 'slice.written', 'pages.settled', 'snapshot.failed']),
        ...plain(['reading.begun', 'reading.ended']),
        { type: 'snapshot.finished', zxid: 5 },
      ] as EventObject[],
      stopWhen: ({ txns }: { txns: number }) => txns > 4,
      statesMax: 200,
    },
  ],
};
