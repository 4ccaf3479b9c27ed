/**
 * Who decides that sessions have expired, and when it may: only a leader or a standalone replica,
 * and only while it trusts its own clock. After a stall of its own it forgives: the clients could
 * not reach it, so everybody gets a full timeout again (spec 3.9, gotcha 68).
 *
 * Time is a tick. Deadlines themselves are kept by the host (actors/expiry-queue.ts).
 */

import { assign, setup } from 'xstate';
import type { Invariants } from './moment.ts';

export interface SessionTrackerInput {
  /** A gap between two ticks of more than this many counts as a stall. */
  readonly stallTicks: number;
}

export interface SessionTrackerContext {
  readonly stallTicks: number;
  /** Last tick seen. Invariant: never goes down. */
  tick: number;
}

export type SessionTrackerEvent =
  | { type: 'authority.gained'; tick: number }
  | { type: 'authority.lost' }
  | { type: 'tick'; tick: number };

export const sessionTrackerMachine = setup({
  types: {
    context: {} as SessionTrackerContext,
    input: {} as SessionTrackerInput,
    events: {} as SessionTrackerEvent,
  },
  guards: {
    hasStalled: ({ context }, params: { tick: number }) =>
      params.tick - context.tick > context.stallTicks,
  },
  actions: {
    noteTick: assign({ tick: (_, params: { tick: number }) => params.tick }),
    /** Every session gets a full timeout from this tick on. */
    renewSessions: (_, _params: { tick: number }) => {},
    /** Propose closeSession for those whose deadline is at or before this tick. */
    expireSessions: (_, _params: { tick: number }) => {},
  },
}).createMachine({
  id: 'sessionTracker',
  context: ({ input }) => ({ stallTicks: input.stallTicks, tick: 0 }),
  initial: 'observing',
  states: {
    observing: {
      on: {
        'authority.gained': {
          target: 'deciding',
          actions: [
            { type: 'noteTick', params: ({ event }) => ({ tick: event.tick }) },
            { type: 'renewSessions', params: ({ event }) => ({ tick: event.tick }) },
          ],
        },
      },
    },
    deciding: {
      on: {
        tick: [
          {
            guard: { type: 'hasStalled', params: ({ event }) => ({ tick: event.tick }) },
            actions: [
              { type: 'noteTick', params: ({ event }) => ({ tick: event.tick }) },
              { type: 'renewSessions', params: ({ event }) => ({ tick: event.tick }) },
            ],
          },
          {
            actions: [
              { type: 'noteTick', params: ({ event }) => ({ tick: event.tick }) },
              { type: 'expireSessions', params: ({ event }) => ({ tick: event.tick }) },
            ],
          },
        ],
        'authority.lost': 'observing',
      },
    },
  },
});

export const sessionTrackerInvariants: Invariants<SessionTrackerContext> = {
  'time never goes back': (now, before) =>
    before === null || now.context.tick >= before.context.tick,

  'time passes for whoever decides, and for nobody else': (now, before) =>
    before === null || now.state === 'deciding' || now.context.tick === before.context.tick,

  'nobody decides from the first moment': (now, before) =>
    before !== null || now.state === 'observing',
};
