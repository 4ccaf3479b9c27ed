/**
 * A channel: the next frame is delivered, an old or a foreign one is dropped, a gap closes it.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChannelEvent, channelMachine } from '../../machines/channel.ts';
import { Walker } from '../support/walk.ts';

const input = { incarnation: 7, link: 3, epoch: 2, seq: 10 };
const frame = (values: Partial<typeof input> = {}): ChannelEvent => {
  return { type: 'frame.received', ...input, seq: 11, ...values };
};
const sent = (seq: number): ChannelEvent => ({ type: 'peer.sent', seq });
const open = () => new Walker(channelMachine, input);

describe('a channel', () => {
  test('delivers the next frame, and the one after it', () => {
    const channel = open();

    expect(channel.send(frame())).toEqual(['deliverFrame']);
    expect(channel.send(frame({ seq: 12 }))).toEqual(['deliverFrame']);
    expect(channel.context.seq).toBe(12);
  });

  test('drops what it has delivered before', () => {
    const channel = open();
    channel.send(frame());

    for (const seq of [11, 10, 1, 0]) expect(channel.send(frame({ seq }))).toEqual(['dropFrame']);
    expect([channel.state, channel.context.seq]).toEqual(['open', 11]);
  });

  test('drops what is of another incarnation, link or epoch, whatever its number', () => {
    const channel = open();
    for (const other of [{ incarnation: 8 }, { link: 4 }, { epoch: 1 }, { epoch: 3 }]) {
      for (const seq of [10, 11, 99]) {
        expect(channel.send(frame({ ...other, seq }))).toEqual(['dropFrame']);
      }
    }

    expect([channel.state, channel.context.seq]).toEqual(['open', 10]);
    expect(channel.send(frame())).toEqual(['deliverFrame']);
  });

  test('closes for good when a frame is missing, and tells which', () => {
    const channel = open();
    channel.send(frame());

    expect(channel.send(frame({ seq: 14 }))).toEqual([
      { type: 'reportGap', expected: 12, seq: 14 },
    ]);
    expect(channel.state).toBe('closed');
    expect(channel.send(frame({ seq: 12 }))).toEqual([]);
  });

  test('closes when the other side has sent more than came', () => {
    const channel = open();
    channel.send(frame());

    for (const seq of [0, 10, 11]) expect(channel.send(sent(seq))).toEqual([]);
    expect(channel.send(sent(12))).toEqual([{ type: 'reportGap', expected: 12, seq: 12 }]);
    expect(channel.state).toBe('closed');
  });

  test('that is closed delivers nothing', () => {
    const channel = open();
    channel.send({ type: 'channel.closed' });

    expect([channel.send(frame()), channel.send(sent(99)), channel.state]).toEqual([
      ...[[], [], 'closed'],
    ]);
  });

  test('delivers a beginning of what was sent, each once, in order (random bus)', () => {
    const doings = fc.array(fc.constantFrom('send', 'lose', 'repeat', 'foreign'), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(doings, fc.infiniteStream(fc.nat(100)), (list, chance) => {
        const channel = open();
        const delivered: number[] = [];
        const take = (seq: number, values = {}) => {
          if (channel.send(frame({ seq, ...values })).includes('deliverFrame')) delivered.push(seq);
        };
        let seq = input.seq;
        for (const one of list) {
          if (one === 'send') take(++seq);
          else if (one === 'lose') seq++;
          else if (one === 'repeat') take(seq - ((chance.next().value as number) % 5));
          else take(seq + 1, { link: 9 });
        }

        expect(delivered).toEqual(delivered.map((_, at) => input.seq + 1 + at));
      }),
    );
  });
});
