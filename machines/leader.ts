/**
 * One term of a leader: discovery (fix an epoch that a quorum promises), synchronization (a quorum
 * takes over our history), broadcast (Zab phases 1 to 3; spec 6.6 to 6.8). Our own log is a voter
 * like any other. Ends for good when the quorum is lost or a rival appears; what comes after is a
 * new election and a new term.
 */

import { assign, setup } from 'xstate';
import type { LeaderContext, LeaderEvent, LeaderInput } from './leader-context.ts';
import { isSameQuorum, type QuorumSystem } from './quorum.ts';
import {
  agreed,
  allHeard,
  early,
  firstTaken,
  type Greeting,
  hasGreeted,
  isPromised,
  isQuorumHeard,
  isSynced,
  isTaken,
  learnersWho,
  newlyTrusted,
  nextEpoch,
  withGreeting,
  withLearner,
  withTrust,
} from './standing.ts';

export type { LeaderContext, LeaderEvent, LeaderInput } from './leader-context.ts';

type Promised = Extract<LeaderEvent, { type: 'epoch.promised' }>;

const isStall = (context: LeaderContext, tick: number) => tick - context.tick > context.stallTicks;

export const leaderMachine = setup({
  types: {
    context: {} as LeaderContext,
    input: {} as LeaderInput,
    events: {} as LeaderEvent,
  },
  guards: {
    hasGreeted: ({ context }) => hasGreeted(context),
    isPromised: ({ context }) => isPromised(context),
    isSynced: ({ context }) => isSynced(context),
    /** A voter has promised itself to somebody else: only a later epoch can win it back. */
    isAhead: ({ context }, params: Greeting) => params.votes && isTaken(context, params),
    hasAhead: ({ context }) => firstTaken(context) !== undefined,
    isMoreRecent: ({ context }, params: Promised) =>
      context.learners[params.sid]?.votes === true &&
      (params.currentEpoch > context.currentEpoch ||
        (params.currentEpoch === context.currentEpoch && params.lastZxid > context.lastZxid)),
    isKnown: ({ context }, params: { sid: number }) => context.learners[params.sid] !== undefined,
    hasNewlyTrusted: ({ context }) => newlyTrusted(context).length > 0,
    isTrusted: ({ context }, params: { sid: number }) =>
      context.learners[params.sid]?.isTrusted === true,
    mayHoldHistory: ({ context }, params: { sid: number }) =>
      context.learners[params.sid]?.promised === true && context.learners[params.sid]!.isTrusted,
    /** One whose epoch is over by what we promised is none. */
    isRival: ({ context }, params: { epoch: number }) =>
      params.epoch > context.epoch && params.epoch >= context.acceptedEpoch,
    /** A new list of members, as an ensemble begins with one, may have the same voters. */
    isOtherQuorum: ({ context }, params: { quorum: QuorumSystem }) =>
      !isSameQuorum(params.quorum, context.quorum),
    isOverdue: ({ context }, params: { tick: number }) =>
      !isStall(context, params.tick) && params.tick > context.deadlineTick,
    hasLostQuorum: ({ context }, { tick }: { tick: number }) =>
      !isStall(context, tick) && !isQuorumHeard(context, tick - context.leaseTicks),
    hasAgreed: ({ context }) => agreed(context) > context.committed,
    hasEarly: ({ context }) => {
      const told = Math.max(context.early, context.committed);
      return context.logged > told && early(context) > told;
    },
  },
  actions: {
    noteGreeting: assign(({ context }, greeting: Greeting) =>
      withGreeting(context, greeting, context.tick),
    ),
    chooseEpoch: assign({
      epoch: ({ context }) => nextEpoch(context),
      deadlineTick: ({ context }) => context.tick + context.initTicks,
    }),
    /** Broadcast ends by a lost quorum alone. */
    clearDeadline: assign({ deadlineTick: Number.MAX_SAFE_INTEGER }),
    noteOwnPromise: assign({ ownPromise: true }),
    noteOwnHistory: assign({ ownHistory: true }),
    notePromise: assign(({ context }, params: { sid: number }) => ({
      ...withLearner(context, params.sid, { promised: true, heardTick: context.tick }),
      promisedSids: [...new Set([...context.promisedSids, params.sid])],
    })),
    noteSynced: assign(({ context }, params: { sid: number }) =>
      withLearner(context, params.sid, { synced: true, heardTick: context.tick }),
    ),
    noteLogged: assign({ logged: (_, params: { zxid: number }) => params.zxid }),
    noteAck: assign(({ context }, params: { sid: number; zxid: number }) => {
      const acked = Math.max(context.learners[params.sid]?.acked ?? 0, params.zxid);
      return withLearner(context, params.sid, { acked, heardTick: context.tick });
    }),
    noteHeard: assign(({ context }, { sid, pulse }: { sid: number; pulse: number }) =>
      withLearner(context, sid, { heardTick: context.tick, pulse }),
    ),
    noteTrust: assign(({ context }) => withTrust(context)),
    forgetLearner: assign(({ context }, params: { sid: number }) => {
      const { [params.sid]: _gone, ...learners } = context.learners;
      return { learners };
    }),
    noteCommitted: assign({ committed: ({ context }) => agreed(context) }),
    noteEarly: assign({ early: ({ context }) => early(context) }),
    noteQuorum: assign({
      quorum: (_, params: { quorum: QuorumSystem }) => params.quorum,
      hasQuorumChanged: true,
    }),
    /** After a stall of our own nobody is blamed for a silence that we slept through. */
    noteTick: assign(({ context }, { tick }: { tick: number }) => {
      if (!isStall(context, tick)) return { tick };
      const deadlineTick = context.deadlineTick + tick - context.tick;
      return { tick, deadlineTick, learners: allHeard(context, tick) };
    }),
    /** Make our acceptedEpoch durable; then everybody is told. */
    storePromise: (_, _params: { epoch: number }) => {},
    announceEpoch: (_, _params: { sids: readonly number[]; epoch: number }) => {},
    /** Make currentEpoch durable: our history is that of the new epoch. */
    storeHistory: (_, _params: { epoch: number }) => {},
    /** Bring these learners to our history. */
    synchronize: (_, _params: { sids: readonly number[] }) => {},
    /** Our history is committed: apply it, begin to propose. */
    establish: (_, _params: { epoch: number }) => {},
    /** These learners hold our history: they may serve clients. */
    admit: (_, _params: { sids: readonly number[] }) => {},
    commit: (_, _params: { zxid: number }) => {},
    /** Tell the voters that it is committed where they hold it. */
    commitEarly: (_, _params: { zxid: number }) => {},
    abdicate: (_, _params: { reason: string }) => {},
  },
}).createMachine({
  id: 'leader',
  context: ({ input }) => ({
    ...input,
    deadlineTick: input.tick + input.greetTicks,
    epoch: 0,
    learners: {},
    promisedSids: [],
    ownPromise: false,
    ownHistory: false,
    logged: 0,
    committed: 0,
    early: 0,
    hasQuorumChanged: false,
  }),
  initial: 'discovering',
  on: {
    // Before the epoch is chosen, or while our promise is being stored: it is told with the others.
    'learner.greeted': { actions: { type: 'noteGreeting', params: ({ event }) => event } },
    'learner.heard': {
      guard: { type: 'isKnown', params: ({ event }) => ({ sid: event.sid }) },
      actions: { type: 'noteHeard', params: ({ event }) => event },
    },
    'learner.left': {
      actions: { type: 'forgetLearner', params: ({ event }) => ({ sid: event.sid }) },
    },
    'quorum.changed': {
      guard: { type: 'isOtherQuorum', params: ({ event }) => ({ quorum: event.quorum }) },
      actions: { type: 'noteQuorum', params: ({ event }) => ({ quorum: event.quorum }) },
    },
    'rival.heard': {
      guard: { type: 'isRival', params: ({ event }) => ({ epoch: event.epoch }) },
      target: '.ended',
      actions: {
        type: 'abdicate',
        params: ({ event }) => ({
          reason: `replica ${event.leader} leads the later epoch ${event.epoch}`,
        }),
      },
    },
    'leadership.resigned': {
      target: '.ended',
      actions: { type: 'abdicate', params: ({ event }) => ({ reason: event.reason }) },
    },
    tick: [
      {
        guard: { type: 'isOverdue', params: ({ event }) => ({ tick: event.tick }) },
        target: '.ended',
        actions: {
          type: 'abdicate',
          params: { reason: 'no quorum greeted us, or took over our history, in time' },
        },
      },
      { actions: { type: 'noteTick', params: ({ event }) => ({ tick: event.tick }) } },
    ],
  },
  states: {
    discovering: {
      always: {
        guard: 'hasGreeted',
        target: 'promising',
        actions: [
          'chooseEpoch',
          { type: 'storePromise', params: ({ context }) => ({ epoch: context.epoch }) },
        ],
      },
    },
    promising: {
      on: {
        'promise.stored': [
          {
            guard: 'hasAhead',
            target: 'ended',
            actions: {
              type: 'abdicate',
              params: ({ context }) => ({
                reason: `replica ${firstTaken(context)} promised a later epoch`,
              }),
            },
          },
          {
            target: 'ruling',
            actions: [
              'noteOwnPromise',
              {
                type: 'announceEpoch',
                params: ({ context }) => ({
                  sids: Object.keys(context.learners).map(Number),
                  epoch: context.epoch,
                }),
              },
            ],
          },
        ],
      },
    },
    ruling: {
      initial: 'gathering',
      always: {
        guard: 'hasNewlyTrusted',
        actions: [
          { type: 'synchronize', params: ({ context }) => ({ sids: newlyTrusted(context) }) },
          'noteTrust',
        ],
      },
      on: {
        'learner.greeted': [
          {
            guard: { type: 'isAhead', params: ({ event }) => event },
            target: '#leader.ended',
            actions: {
              type: 'abdicate',
              params: ({ event }) => ({
                reason: `replica ${event.sid} promised epoch ${event.acceptedEpoch} to another`,
              }),
            },
          },
          {
            actions: [
              { type: 'noteGreeting', params: ({ event }) => event },
              {
                type: 'announceEpoch',
                params: ({ context, event }) => ({ sids: [event.sid], epoch: context.epoch }),
              },
            ],
          },
        ],
        'epoch.promised': [
          {
            guard: { type: 'isTrusted', params: ({ event }) => ({ sid: event.sid }) },
            actions: [
              { type: 'notePromise', params: ({ event }) => ({ sid: event.sid }) },
              { type: 'synchronize', params: ({ event }) => ({ sids: [event.sid] }) },
            ],
          },
          { actions: { type: 'notePromise', params: ({ event }) => ({ sid: event.sid }) } },
        ],
        tick: {
          guard: { type: 'hasLostQuorum', params: ({ event }) => ({ tick: event.tick }) },
          target: 'ended',
          actions: {
            type: 'abdicate',
            params: { reason: 'no quorum of voters was heard within the lease' },
          },
        },
      },
      states: {
        gathering: {
          always: {
            guard: 'isPromised',
            target: 'synchronizing',
            actions: [
              { type: 'storeHistory', params: ({ context }) => ({ epoch: context.epoch }) },
              {
                type: 'synchronize',
                params: ({ context }) => ({
                  sids: learnersWho(context, 'promised', 'isTrusted'),
                }),
              },
            ],
          },
          on: {
            'epoch.promised': [
              {
                guard: { type: 'isMoreRecent', params: ({ event }) => event },
                target: '#leader.ended',
                actions: {
                  type: 'abdicate',
                  params: ({ event }) => ({
                    reason: `replica ${event.sid} has a later history`,
                  }),
                },
              },
              { actions: { type: 'notePromise', params: ({ event }) => ({ sid: event.sid }) } },
            ],
          },
        },
        synchronizing: {
          always: {
            guard: 'isSynced',
            target: 'broadcasting',
            actions: [
              'clearDeadline',
              { type: 'establish', params: ({ context }) => ({ epoch: context.epoch }) },
              {
                type: 'admit',
                params: ({ context }) => ({ sids: learnersWho(context, 'synced') }),
              },
            ],
          },
          on: {
            'history.stored': { actions: 'noteOwnHistory' },
            'leadership.acked': {
              guard: { type: 'mayHoldHistory', params: ({ event }) => ({ sid: event.sid }) },
              actions: { type: 'noteSynced', params: ({ event }) => ({ sid: event.sid }) },
            },
          },
        },
        broadcasting: {
          always: [
            {
              guard: 'hasAgreed',
              actions: [
                'noteCommitted',
                { type: 'commit', params: ({ context }) => ({ zxid: context.committed }) },
              ],
            },
            {
              guard: 'hasEarly',
              actions: [
                'noteEarly',
                { type: 'commitEarly', params: ({ context }) => ({ zxid: context.early }) },
              ],
            },
          ],
          on: {
            'history.stored': { actions: 'noteOwnHistory' },
            'leadership.acked': {
              guard: { type: 'mayHoldHistory', params: ({ event }) => ({ sid: event.sid }) },
              actions: [
                { type: 'noteSynced', params: ({ event }) => ({ sid: event.sid }) },
                { type: 'admit', params: ({ event }) => ({ sids: [event.sid] }) },
              ],
            },
            'batch.logged': {
              actions: { type: 'noteLogged', params: ({ event }) => ({ zxid: event.zxid }) },
            },
            'ack.received': {
              actions: {
                type: 'noteAck',
                params: ({ event }) => ({ sid: event.sid, zxid: event.zxid }),
              },
            },
          },
        },
      },
    },
    ended: { type: 'final' },
  },
});
