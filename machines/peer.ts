/**
 * The life of one replica. Standalone it recovers, serves and drains; a failed write to its log or
 * snapshot ends it at once, wherever it is: nothing is acknowledged after that.
 */

import { setup } from 'xstate';

export type PeerEvent =
  /** Snapshot and log are loaded. */
  | { type: 'state.recovered' }
  /** The ensemble's secret is agreed upon: sessions can be made. */
  | { type: 'secret.agreed' }
  | { type: 'storage.failed'; reason: string }
  | { type: 'stop.requested' }
  /** Nothing is in flight any more. */
  | { type: 'requests.drained' };

export const peerMachine = setup({
  types: { events: {} as PeerEvent },
  actions: {
    agreeOnSecret: () => {},
    startServing: () => {},
    stopServing: () => {},
    /** Finish what is in flight. */
    drainRequests: () => {},
    closeStorage: () => {},
    abortReplica: (_, _params: { reason: string }) => {},
  },
}).createMachine({
  id: 'peer',
  initial: 'recovering',
  on: {
    'storage.failed': {
      target: '.failed',
      actions: { type: 'abortReplica', params: ({ event }) => ({ reason: event.reason }) },
    },
  },
  states: {
    recovering: {
      on: {
        'state.recovered': { target: 'agreeing', actions: 'agreeOnSecret' },
        'stop.requested': { target: 'stopped', actions: 'closeStorage' },
      },
    },
    agreeing: {
      on: {
        'secret.agreed': { target: 'standalone', actions: 'startServing' },
        'stop.requested': { target: 'draining', actions: 'drainRequests' },
      },
    },
    standalone: {
      on: {
        'stop.requested': { target: 'draining', actions: ['stopServing', 'drainRequests'] },
      },
    },
    draining: {
      on: { 'requests.drained': { target: 'stopped', actions: 'closeStorage' } },
    },
    stopped: { type: 'final' },
    failed: { type: 'final' },
  },
});
