/**
 * When to bring the snapshot forward, and when to trim the log behind it. A pass starts after so
 * many txns or so many bytes of log; it goes on slice by slice, and only a finished one lets the
 * log be trimmed. A failed pass ends the replica: the disk that refused a snapshot holds the log as
 * well.
 */

import { assign, setup } from 'xstate';
import type { Invariants } from './moment.ts';

export interface SnapshotterInput {
  readonly txnsMax: number;
  readonly bytesMax: number;
}

export interface SnapshotterContext {
  readonly txnsMax: number;
  readonly bytesMax: number;
  /** Since the last pass began. */
  txns: number;
  bytes: number;
}

export type SnapshotterEvent =
  | { type: 'batch.applied'; txns: number; bytes: number }
  /** Somebody asks for a snapshot now, e.g. a clean stop. */
  | { type: 'snapshot.requested' }
  | { type: 'slice.written' }
  | { type: 'pages.settled' }
  | { type: 'snapshot.finished'; zxid: number }
  | { type: 'snapshot.failed' }
  /** The finished snapshot is being read out: it must stay as it is. */
  | { type: 'reading.begun' }
  | { type: 'reading.ended' };

export const snapshotterMachine = setup({
  types: {
    context: {} as SnapshotterContext,
    input: {} as SnapshotterInput,
    events: {} as SnapshotterEvent,
  },
  guards: {
    isDue: ({ context }, params: { txns: number; bytes: number }) =>
      context.txns + params.txns >= context.txnsMax ||
      context.bytes + params.bytes >= context.bytesMax,
  },
  actions: {
    count: assign(({ context }, params: { txns: number; bytes: number }) => ({
      txns: context.txns + params.txns,
      bytes: context.bytes + params.bytes,
    })),
    resetCount: assign({ txns: 0, bytes: 0 }),
    startPass: () => {},
    writeSlice: () => {},
    finishPass: () => {},
    /** Everything up to this zxid is in the snapshot. */
    trimLog: (_, _params: { zxid: number }) => {},
    stopReplica: () => {},
  },
}).createMachine({
  id: 'snapshotter',
  context: ({ input }) => ({ ...input, txns: 0, bytes: 0 }),
  initial: 'idle',
  states: {
    idle: {
      on: {
        'batch.applied': [
          {
            guard: {
              type: 'isDue',
              params: ({ event }) => ({ txns: event.txns, bytes: event.bytes }),
            },
            target: 'writing',
            actions: ['resetCount', 'startPass', 'writeSlice'],
          },
          {
            actions: {
              type: 'count',
              params: ({ event }) => ({ txns: event.txns, bytes: event.bytes }),
            },
          },
        ],
        'snapshot.requested': {
          target: 'writing',
          actions: ['resetCount', 'startPass', 'writeSlice'],
        },
        'reading.begun': 'held',
      },
    },
    held: {
      on: {
        'batch.applied': {
          actions: {
            type: 'count',
            params: ({ event }) => ({ txns: event.txns, bytes: event.bytes }),
          },
        },
        'reading.ended': 'idle',
      },
    },
    writing: {
      on: {
        'batch.applied': {
          actions: {
            type: 'count',
            params: ({ event }) => ({ txns: event.txns, bytes: event.bytes }),
          },
        },
        'slice.written': { actions: 'writeSlice' },
        'pages.settled': { target: 'finishing', actions: 'finishPass' },
        'snapshot.failed': { target: 'failed', actions: 'stopReplica' },
      },
    },
    finishing: {
      on: {
        'batch.applied': {
          actions: {
            type: 'count',
            params: ({ event }) => ({ txns: event.txns, bytes: event.bytes }),
          },
        },
        'snapshot.finished': {
          target: 'idle',
          actions: { type: 'trimLog', params: ({ event }) => ({ zxid: event.zxid }) },
        },
        'snapshot.failed': { target: 'failed', actions: 'stopReplica' },
      },
    },
    failed: { type: 'final' },
  },
});

export const snapshotterInvariants: Invariants<SnapshotterContext> = {
  'what was applied is counted until a pass begins': (now, before) =>
    before === null ||
    (before.state !== 'writing' && now.state === 'writing') ||
    (now.context.txns >= before.context.txns && now.context.bytes >= before.context.bytes),

  'a pass begins to count anew': (now, before) =>
    now.state !== 'writing' ||
    before?.state === 'writing' ||
    (now.context.txns === 0 && now.context.bytes === 0),

  'a batch that reaches a limit begins a pass, unless one is under way or read': (now, before) =>
    now.state !== 'idle' ||
    before?.state !== 'idle' ||
    now.context.txns === before.context.txns ||
    (now.context.txns < now.context.txnsMax && now.context.bytes < now.context.bytesMax),

  'no pass begins while the snapshot is read': (now, before) =>
    now.state !== 'writing' || before?.state !== 'held',

  'a pass is finished after all of its pages': (now, before) =>
    now.state !== 'finishing' || before?.state === 'writing' || before?.state === 'finishing',

  'a pass ends by being finished, or with the replica': (now, before) =>
    before?.state !== 'writing' || (now.state !== 'idle' && now.state !== 'held'),
};
