/**
 * The leader's end of one link: decides how a learner gets our history (DIFF, TRUNC, SNAP; spec
 * 6.7), sends it within the credits that the learner gives, and lets it in. The facts it decides by
 * (does our log hold that txn, where does it begin) are told with the event; a cut ends with the
 * learner telling where it stands then, and is decided anew.
 */

import { assign, setup } from 'xstate';
import type { Invariants } from './moment.ts';

/** Where a learner stands, against our own log. */
export interface Position {
  /** Last txn in its log. */
  readonly zxid: number;
  /** Our log holds that txn, and all behind it. */
  readonly isHeld: boolean;
  /** The last txn of ours at or before it. */
  readonly commonZxid: number;
  /** Our log reaches back so far that it could go on from `commonZxid`. */
  readonly isReachable: boolean;
  /** It asks for a snapshot, whatever it holds: its state is not what ours was. */
  readonly wantsSnapshot: boolean;
}

export interface LearnerHandlerInput {
  readonly sid: number;
  /** Chunks of a snapshot or of history that may be on their way at once. */
  readonly credits: number;
}

export interface LearnerHandlerContext extends LearnerHandlerInput {
  credits: number;
}

export type LearnerHandlerEvent =
  /** Where it stands, or would stand after the cut that we asked for. */
  | { type: 'position.known'; position: Position }
  /** Our snapshot is up to date and open for reading. */
  | { type: 'snapshot.opened' }
  | { type: 'chunk.sent' }
  | { type: 'credit.received' }
  | { type: 'snapshot.drained' }
  /** NEWLEADER is on its way behind all of our history. */
  | { type: 'history.sent' }
  | { type: 'leadership.acked' }
  | { type: 'admission.granted' }
  | { type: 'link.closed' };

type Params = { position: Position };

export const learnerHandlerMachine = setup({
  types: {
    context: {} as LearnerHandlerContext,
    input: {} as LearnerHandlerInput,
    events: {} as LearnerHandlerEvent,
  },
  guards: {
    canContinue: (_, { position }: Params) => position.isHeld && !position.wantsSnapshot,
    canCut: (_, { position }: Params) =>
      !position.isHeld && position.isReachable && !position.wantsSnapshot,
    hasCredit: ({ context }) => context.credits > 1,
  },
  actions: {
    takeCredit: assign({ credits: ({ context }) => context.credits - 1 }),
    giveCredit: assign({ credits: ({ context }) => context.credits + 1 }),
    /** What follows that zxid is what it lacks. */
    openHistory: (_, _params: { zxid: number }) => {},
    /** The next chunk of history; after the last one NEWLEADER. */
    sendHistory: () => {},
    askForCut: (_, _params: { zxid: number }) => {},
    openSnapshot: () => {},
    sendChunk: () => {},
    closeSnapshot: () => {},
    /** UPTODATE: what it holds is committed, clients may be served. */
    letIn: () => {},
  },
}).createMachine({
  id: 'learnerHandler',
  context: ({ input }) => ({ ...input }),
  initial: 'choosing',
  on: { 'link.closed': '.closed' },
  states: {
    choosing: {
      on: {
        'position.known': [
          {
            guard: { type: 'canContinue', params: ({ event }) => event },
            target: 'sending',
            actions: [
              { type: 'openHistory', params: ({ event }) => ({ zxid: event.position.zxid }) },
              'sendHistory',
            ],
          },
          {
            guard: { type: 'canCut', params: ({ event }) => event },
            actions: {
              type: 'askForCut',
              params: ({ event }) => ({ zxid: event.position.commonZxid }),
            },
          },
          { target: 'preparing', actions: 'openSnapshot' },
        ],
      },
    },
    sending: {
      initial: 'flowing',
      on: { 'history.sent': 'confirming' },
      states: {
        flowing: {
          on: {
            'chunk.sent': [
              { guard: 'hasCredit', actions: ['takeCredit', 'sendHistory'] },
              { target: 'starved', actions: 'takeCredit' },
            ],
            'credit.received': { actions: 'giveCredit' },
          },
        },
        starved: {
          on: { 'credit.received': { target: 'flowing', actions: ['giveCredit', 'sendHistory'] } },
        },
      },
    },
    /** All of it is sent. */
    confirming: { on: { 'leadership.acked': 'synced' } },
    synced: { on: { 'admission.granted': { target: 'following', actions: 'letIn' } } },
    following: {},
    preparing: {
      on: { 'snapshot.opened': { target: 'streaming.flowing', actions: 'sendChunk' } },
    },
    streaming: {
      initial: 'flowing',
      exit: 'closeSnapshot',
      on: {
        'credit.received': { actions: 'giveCredit' },
        // It opens what it got, and comes back over a new link for the rest.
        'snapshot.drained': 'closed',
      },
      states: {
        flowing: {
          on: {
            'chunk.sent': [
              { guard: 'hasCredit', actions: ['takeCredit', 'sendChunk'] },
              { target: 'starved', actions: 'takeCredit' },
            ],
          },
        },
        starved: {
          on: { 'credit.received': { target: 'flowing', actions: ['giveCredit', 'sendChunk'] } },
        },
      },
    },
    closed: { type: 'final' },
  },
});

const isStarved = (state: string): boolean => state.endsWith('.starved');

export const learnerHandlerInvariants: Invariants<LearnerHandlerContext> = {
  'credits are never negative': ({ context }) => context.credits >= 0,

  'what is sent waits exactly while there is no credit': ({ state, context }) =>
    (!isStarved(state) && !state.endsWith('.flowing')) || isStarved(state) === !context.credits,

  'credits are taken and given one at a time': (now, before) =>
    before === null || Math.abs(now.context.credits - before.context.credits) <= 1,

  'a learner that gets a snapshot comes back over a new link': (now, before) =>
    before === null ||
    !(before.state === 'preparing' || before.state.startsWith('streaming')) ||
    now.state === 'preparing' ||
    now.state === 'closed' ||
    now.state.startsWith('streaming'),

  'nobody is let in who has not confirmed all of our history': (now, before) =>
    now.state !== 'following' || before?.state === 'following' || before?.state === 'synced',

  'nobody confirms before all of it is sent': (now, before) =>
    now.state !== 'synced' || before?.state === 'synced' || before?.state === 'confirming',
};
