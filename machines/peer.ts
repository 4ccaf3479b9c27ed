/**
 * The life of one replica. Standalone it recovers, serves and drains; in an ensemble it looks for a
 * leader, leads or follows or observes, and looks again. A failed write to its log or snapshot ends
 * it at once, wherever it is: nothing is acknowledged after that.
 */

import { setup } from 'xstate';
import type { Invariants } from './moment.ts';

export type PeerEvent =
  /** Snapshot and log are loaded. */
  | { type: 'state.recovered'; isDistributed: boolean }
  /** The ensemble's secret is agreed upon: sessions can be made. */
  | { type: 'secret.agreed' }
  /** The log has answered for all that was given to it: its end is known. */
  | { type: 'log.settled' }
  | { type: 'leader.elected'; role: 'leading' | 'following' | 'observing'; leader: number }
  /** A quorum holds our history; or the leader holds that we hold its. */
  | { type: 'role.established' }
  /** The term or the link is over. */
  | { type: 'role.ended' }
  /** No leader for so long that old data is better than none (readonlymode.enabled). */
  | { type: 'patience.exhausted'; mayReadOnly: boolean }
  /** A snapshot of the leader is to take the place of all that we hold. */
  | { type: 'snapshot.received' }
  | { type: 'storage.failed'; reason: string }
  | { type: 'stop.requested' }
  /** Nothing is in flight any more; or what is takes too long. */
  | { type: 'requests.drained' }
  | { type: 'drain.timedOut' };

export const peerMachine = setup({
  types: { events: {} as PeerEvent },
  guards: {
    mayReadOnly: (_, params: { mayReadOnly: boolean }) => params.mayReadOnly,
    isDistributed: (_, params: { isDistributed: boolean }) => params.isDistributed,
    isLeading: (_, params: { role: string }) => params.role === 'leading',
    isFollowing: (_, params: { role: string }) => params.role === 'following',
  },
  actions: {
    agreeOnSecret: () => {},
    startServing: () => {},
    stopServing: () => {},
    /** Connections stay, what they send waits; or: go on, and what was unfinished is sent anew. */
    holdClients: () => {},
    releaseClients: () => {},
    /** There is nobody to agree with for now: clients may find somebody elsewhere. */
    dropClients: () => {},
    /** Listen to clients and to the bus. */
    startMember: () => {},
    startReadOnly: () => {},
    stopReadOnly: () => {},
    /** Tell when the log has answered for everything. */
    settleLog: () => {},
    startElection: () => {},
    startTerm: () => {},
    startLink: (_, _params: { leader: number }) => {},
    endRole: () => {},
    /** Finish what is in flight. */
    drainRequests: () => {},
    closeStorage: () => {},
    /** Open the stores anew: the received snapshot takes its place then. */
    rebuildReplica: () => {},
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
        'state.recovered': [
          {
            guard: {
              type: 'isDistributed',
              params: ({ event }) => ({ isDistributed: event.isDistributed }),
            },
            target: 'member',
          },
          { target: 'agreeing', actions: 'agreeOnSecret' },
        ],
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
    member: {
      initial: 'looking',
      entry: 'startMember',
      on: {
        'role.ended': { target: '.looking', actions: 'endRole' },
        'snapshot.received': { target: 'rebuilding', actions: 'rebuildReplica' },
        'stop.requested': {
          target: 'draining',
          actions: ['stopServing', 'drainRequests'],
        },
      },
      states: {
        looking: {
          initial: 'settling',
          entry: ['holdClients', 'settleLog'],
          on: {
            'leader.elected': [
              {
                guard: { type: 'isLeading', params: ({ event }) => ({ role: event.role }) },
                target: 'leading',
              },
              {
                guard: { type: 'isFollowing', params: ({ event }) => ({ role: event.role }) },
                target: 'following',
                actions: {
                  type: 'startLink',
                  params: ({ event }) => ({ leader: event.leader }),
                },
              },
              {
                target: 'observing',
                actions: {
                  type: 'startLink',
                  params: ({ event }) => ({ leader: event.leader }),
                },
              },
            ],
          },
          states: {
            settling: { on: { 'log.settled': { target: 'electing', actions: 'startElection' } } },
            electing: {
              on: {
                'patience.exhausted': [
                  {
                    guard: {
                      type: 'mayReadOnly',
                      params: ({ event }) => ({ mayReadOnly: event.mayReadOnly }),
                    },
                    target: 'readOnly',
                  },
                  { target: 'lonely', actions: 'dropClients' },
                ],
              },
            },
            lonely: {},
            /** The election goes on meanwhile. */
            readOnly: { entry: 'startReadOnly', exit: 'stopReadOnly' },
          },
        },
        leading: {
          initial: 'joining',
          entry: 'startTerm',
          states: {
            joining: { on: { 'role.established': 'serving' } },
            serving: { entry: 'releaseClients' },
          },
        },
        following: {
          initial: 'joining',
          states: {
            joining: { on: { 'role.established': 'serving' } },
            serving: { entry: 'releaseClients' },
          },
        },
        observing: {
          initial: 'joining',
          states: {
            joining: { on: { 'role.established': 'serving' } },
            serving: { entry: 'releaseClients' },
          },
        },
      },
    },
    rebuilding: { type: 'final' },
    draining: {
      on: {
        'requests.drained': { target: 'stopped', actions: 'closeStorage' },
        'drain.timedOut': { target: 'stopped', actions: 'closeStorage' },
        'role.ended': { target: 'stopped', actions: 'closeStorage' },
      },
    },
    stopped: { type: 'final' },
    failed: { type: 'final' },
  },
});

/** `member.leading.joining` and its like: the state one level up. */
const roleOf = (state: string): string => state.slice(0, state.lastIndexOf('.'));
const hasRole = (state: string): boolean => /^member\.(leading|following|observing)\b/.test(state);

export const peerInvariants: Invariants<unknown> = {
  'a role is taken up by who looks for a leader': ({ state }, before) =>
    before === null ||
    before.state === state ||
    !hasRole(state) ||
    before.state.startsWith('member.looking') ||
    roleOf(before.state) === roleOf(state),

  'nobody serves in a role before it is established': ({ state }, before) =>
    !state.endsWith('.serving') ||
    before?.state === state ||
    before?.state === `${roleOf(state)}.joining`,

  'an election begins when the end of the log is known': ({ state }, before) =>
    state !== 'member.looking.electing' ||
    before?.state === state ||
    before?.state === 'member.looking.settling',

  'a replica alone never becomes a member': ({ state }, before) =>
    !state.startsWith('member') ||
    before?.state === 'recovering' ||
    before?.state.startsWith('member') === true,

  'who is asked to stop takes up no role again': ({ state }, before) =>
    before?.state !== 'draining' ||
    state === 'draining' ||
    state === 'stopped' ||
    state === 'failed',

  'the stores are closed after the last request': ({ state }, before) =>
    state !== 'stopped' || before?.state === 'draining' || before?.state === 'recovering',
};
