/**
 * A FIFO channel over a bus that delivers at most once (design, section 6): every frame names its
 * sender's incarnation and link, its epoch and its number. The next number is delivered, an old one
 * is a duplicate, a higher one means that something was lost: the channel closes for good, as a
 * broken TCP connection does in ZooKeeper, and its owner synchronizes anew.
 */

import { assign, setup } from 'xstate';
import type { Invariants } from './moment.ts';

export interface ChannelInput {
  readonly incarnation: number;
  readonly link: number;
  readonly epoch: number;
  /** Number of the last frame before the first one that is wanted. */
  readonly seq: number;
}

export interface ChannelContext extends ChannelInput {
  /** Invariant: every frame up to this number was delivered, once, in order. */
  seq: number;
}

export type ChannelEvent =
  | {
      type: 'frame.received';
      incarnation: number;
      link: number;
      epoch: number;
      seq: number;
    }
  /** The other side says how far it has sent; what is missing by now will not come. */
  | { type: 'peer.sent'; seq: number }
  | { type: 'channel.closed' };

type Frame = Extract<ChannelEvent, { type: 'frame.received' }>;

export const channelMachine = setup({
  types: {
    context: {} as ChannelContext,
    input: {} as ChannelInput,
    events: {} as ChannelEvent,
  },
  guards: {
    isForeign: ({ context }, { incarnation, link, epoch }: Frame) =>
      incarnation !== context.incarnation || link !== context.link || epoch !== context.epoch,
    isNext: ({ context }, { seq }: Frame) => seq === context.seq + 1,
    isOld: ({ context }, { seq }: Frame) => seq <= context.seq,
    isBehind: ({ context }, params: { seq: number }) => context.seq < params.seq,
  },
  actions: {
    advance: assign({ seq: ({ context }) => context.seq + 1 }),
    deliverFrame: () => {},
    /** Of another incarnation, link or epoch, or seen before: counted, never acted on. */
    dropFrame: () => {},
    reportGap: (_, _params: { expected: number; seq: number }) => {},
  },
}).createMachine({
  id: 'channel',
  context: ({ input }) => ({ ...input }),
  initial: 'open',
  states: {
    open: {
      on: {
        'frame.received': [
          { guard: { type: 'isForeign', params: ({ event }) => event }, actions: 'dropFrame' },
          {
            guard: { type: 'isNext', params: ({ event }) => event },
            actions: ['advance', 'deliverFrame'],
          },
          { guard: { type: 'isOld', params: ({ event }) => event }, actions: 'dropFrame' },
          {
            target: 'closed',
            actions: {
              type: 'reportGap',
              params: ({ context, event }) => ({ expected: context.seq + 1, seq: event.seq }),
            },
          },
        ],
        'peer.sent': {
          guard: { type: 'isBehind', params: ({ event }) => ({ seq: event.seq }) },
          target: 'closed',
          actions: {
            type: 'reportGap',
            params: ({ context, event }) => ({ expected: context.seq + 1, seq: event.seq }),
          },
        },
        'channel.closed': 'closed',
      },
    },
    closed: { type: 'final' },
  },
});

export const channelInvariants: Invariants<ChannelContext> = {
  'frames are taken one at a time, none twice': (now, before) =>
    before === null ||
    now.context.seq === before.context.seq ||
    now.context.seq === before.context.seq + 1,

  'whose frames are taken is settled when it opens': (now, before) =>
    before === null ||
    (now.context.incarnation === before.context.incarnation &&
      now.context.link === before.context.link &&
      now.context.epoch === before.context.epoch),

  'a channel takes nothing as it closes': (now, before) =>
    before === null || now.state === 'open' || now.context.seq === before.context.seq,

  'a channel that is closed does not open again': (now, before) =>
    before === null || before.state === 'open' || now.state === 'closed',
};
