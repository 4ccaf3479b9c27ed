/**
 * One link of a learner (a follower or an observer) to the leader it has chosen: greets it,
 * promises its epoch, takes over its history, then follows its broadcast (Zab phases 1 to 3; spec
 * 6.4, 6.6, 6.7). Ends for good when anything is missing or late; what comes after is a new
 * election, a new link, and a DIFF of a few batches.
 */

import { assign, setup } from 'xstate';

export interface LearnerInput {
  readonly leader: number;
  /** Observers promise nothing durable and acknowledge nothing. */
  readonly votes: boolean;
  readonly acceptedEpoch: number;
  readonly tick: number;
  /** By this tick the leader must have let us in. */
  readonly deadlineTick: number;
  /** Ticks after which a silent leader counts as gone; less if the bus says it left. */
  readonly silentTicks: number;
  /** A greeting is told again after so many ticks. */
  readonly greetTicks: number;
  /** A gap between two ticks of more than this many is a stall of our own. */
  readonly stallTicks: number;
}

export interface LearnerContext extends LearnerInput {
  acceptedEpoch: number;
  silentTicks: number;
  tick: number;
  /** The leader's epoch; 0 until it is announced. */
  epoch: number;
  heardTick: number;
  greetedTick: number;
  /** The bus said so often in a row, with nothing heard between, that nobody is there. */
  absences: number;
}

export type LearnerEvent =
  | { type: 'epoch.announced'; epoch: number }
  | { type: 'promise.stored' }
  /** All of the leader's history up to its NEWLEADER is here. */
  | { type: 'history.received' }
  /** It is durable, with currentEpoch in the same transaction. */
  | { type: 'history.adopted' }
  | { type: 'admitted' }
  /** A sign of life of the leader. */
  | { type: 'leader.heard' }
  /** The bus says that nobody hears the leader's subject. */
  | { type: 'leader.absent' }
  /** How patient to be has changed: heartbeats come more or less evenly. */
  | { type: 'patience.changed'; silentTicks: number }
  | { type: 'link.broken'; reason: string }
  | { type: 'tick'; tick: number };

/** A hint of the bus counts only when it is repeated. */
const absencesMax = 3;
/** And only when the leader itself has said nothing for so long. */
const quietTicks = 2;

export const learnerMachine = setup({
  types: {
    context: {} as LearnerContext,
    input: {} as LearnerInput,
    events: {} as LearnerEvent,
  },
  guards: {
    isStale: ({ context }, params: { epoch: number }) => params.epoch < context.acceptedEpoch,
    needsPromise: ({ context }, params: { epoch: number }) =>
      context.votes && params.epoch > context.acceptedEpoch,
    hasStalled: ({ context }, params: { tick: number }) =>
      params.tick - context.tick > context.stallTicks,
    /** Until it has answered it may still have to hear that it was elected. */
    isSilent: ({ context }, params: { tick: number }) =>
      params.tick - context.heardTick > context.silentTicks * (context.epoch === 0 ? 3 : 1),
    isLate: ({ context }, params: { tick: number }) => params.tick > context.deadlineTick,
    mustGreet: ({ context }, params: { tick: number }) =>
      params.tick - context.greetedTick >= context.greetTicks,
    isGone: ({ context }) =>
      context.absences + 1 >= absencesMax && context.tick - context.heardTick >= quietTicks,
  },
  actions: {
    noteEpoch: assign({ epoch: (_, params: { epoch: number }) => params.epoch }),
    notePromise: assign({ acceptedEpoch: ({ context }) => context.epoch }),
    noteHeard: assign({ heardTick: ({ context }) => context.tick, absences: 0 }),
    noteAbsence: assign({ absences: ({ context }) => context.absences + 1 }),
    notePatience: assign({
      silentTicks: (_, params: { silentTicks: number }) => params.silentTicks,
    }),
    noteTick: assign({ tick: (_, params: { tick: number }) => params.tick }),
    noteGreeting: assign({ greetedTick: (_, params: { tick: number }) => params.tick }),
    /** After a stall of our own, nobody is blamed for a silence that we slept through. */
    forgive: assign(({ context }, params: { tick: number }) => ({
      tick: params.tick,
      heardTick: params.tick,
      absences: 0,
      deadlineTick: context.deadlineTick + (params.tick - context.tick),
    })),
    greet: () => {},
    /** Nothing came back yet, or it was lost: only a greeting is told twice. */
    repeatGreeting: () => {},
    /** Make acceptedEpoch durable: no earlier leader is followed from now on. */
    storePromise: (_, _params: { epoch: number }) => {},
    promiseEpoch: (_, _params: { epoch: number }) => {},
    /** Cut, history and currentEpoch become durable in one transaction. */
    adoptHistory: (_, _params: { epoch: number }) => {},
    ackLeadership: () => {},
    /** Clients may be served. */
    serve: () => {},
    leave: (_, _params: { reason: string; isGone: boolean }) => {},
  },
}).createMachine({
  id: 'learner',
  context: ({ input }) => ({
    ...input,
    epoch: 0,
    heardTick: input.tick,
    greetedTick: input.tick,
    absences: 0,
  }),
  initial: 'joining',
  on: {
    'leader.heard': { actions: 'noteHeard' },
    'leader.absent': [
      {
        guard: 'isGone',
        target: '.left',
        actions: { type: 'leave', params: { reason: 'the leader left the bus', isGone: true } },
      },
      { actions: 'noteAbsence' },
    ],
    'patience.changed': {
      actions: {
        type: 'notePatience',
        params: ({ event }) => ({ silentTicks: event.silentTicks }),
      },
    },
    'link.broken': {
      target: '.left',
      actions: {
        type: 'leave',
        params: ({ event }) => ({ reason: event.reason, isGone: false }),
      },
    },
    tick: [
      {
        guard: { type: 'hasStalled', params: ({ event }) => ({ tick: event.tick }) },
        actions: { type: 'forgive', params: ({ event }) => ({ tick: event.tick }) },
      },
      {
        guard: { type: 'isSilent', params: ({ event }) => ({ tick: event.tick }) },
        target: '.left',
        actions: { type: 'leave', params: { reason: 'the leader is silent', isGone: true } },
      },
      { actions: { type: 'noteTick', params: ({ event }) => ({ tick: event.tick }) } },
    ],
  },
  states: {
    joining: {
      initial: 'greeting',
      on: {
        tick: [
          {
            guard: { type: 'hasStalled', params: ({ event }) => ({ tick: event.tick }) },
            actions: { type: 'forgive', params: ({ event }) => ({ tick: event.tick }) },
          },
          {
            guard: { type: 'isLate', params: ({ event }) => ({ tick: event.tick }) },
            target: '#learner.left',
            actions: {
              type: 'leave',
              params: { reason: 'the leader did not let us in in time (initLimit)', isGone: false },
            },
          },
          {
            guard: { type: 'isSilent', params: ({ event }) => ({ tick: event.tick }) },
            target: '#learner.left',
            actions: { type: 'leave', params: { reason: 'the leader is silent', isGone: true } },
          },
          {
            guard: { type: 'mustGreet', params: ({ event }) => ({ tick: event.tick }) },
            actions: [
              { type: 'noteTick', params: ({ event }) => ({ tick: event.tick }) },
              { type: 'noteGreeting', params: ({ event }) => ({ tick: event.tick }) },
              'repeatGreeting',
            ],
          },
          { actions: { type: 'noteTick', params: ({ event }) => ({ tick: event.tick }) } },
        ],
      },
      states: {
        greeting: {
          entry: 'greet',
          on: {
            'epoch.announced': [
              {
                guard: { type: 'isStale', params: ({ event }) => ({ epoch: event.epoch }) },
                target: '#learner.left',
                actions: {
                  type: 'leave',
                  params: ({ event, context }) => ({
                    reason: `it leads epoch ${event.epoch}, we promised ${context.acceptedEpoch}`,
                    isGone: false,
                  }),
                },
              },
              {
                guard: { type: 'needsPromise', params: ({ event }) => ({ epoch: event.epoch }) },
                target: 'promising',
                actions: [
                  { type: 'noteEpoch', params: ({ event }) => ({ epoch: event.epoch }) },
                  { type: 'storePromise', params: ({ event }) => ({ epoch: event.epoch }) },
                ],
              },
              {
                target: 'syncing',
                actions: [
                  { type: 'noteEpoch', params: ({ event }) => ({ epoch: event.epoch }) },
                  { type: 'promiseEpoch', params: ({ event }) => ({ epoch: event.epoch }) },
                ],
              },
            ],
          },
        },
        promising: {
          on: {
            'promise.stored': {
              target: 'syncing',
              actions: [
                'notePromise',
                { type: 'promiseEpoch', params: ({ context }) => ({ epoch: context.epoch }) },
              ],
            },
          },
        },
        syncing: {
          on: {
            'history.received': {
              target: 'adopting',
              actions: {
                type: 'adoptHistory',
                params: ({ context }) => ({ epoch: context.epoch }),
              },
            },
          },
        },
        adopting: { on: { 'history.adopted': { target: 'acking', actions: 'ackLeadership' } } },
        acking: { on: { admitted: { target: '#learner.following', actions: 'serve' } } },
      },
    },
    following: {},
    left: { type: 'final' },
  },
});
