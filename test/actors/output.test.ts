/** What a connection has gathered, and the event that it shares with others. */

import { describe, expect, test } from 'vitest';
import { Output } from '../../actors/output.ts';
import { FakeSocket } from '../support/fake-socket.ts';

function rig() {
  const socket = new FakeSocket(1);
  const sent: Buffer[] = [];
  socket.onSent = (bytes) => sent.push(bytes);
  const output = new Output(socket);
  const texts = () => sent.map(String);
  return { socket, sent, output, texts };
}
const event = Buffer.from('event;');
const later = Buffer.from('later;');

describe('output', () => {
  test('an event that is all there is to send is sent as it is, and not copied', () => {
    const { output, sent } = rig();

    output.appendEvent(event);
    expect(output.pendingBytes).toBe(event.length);
    output.flush();

    expect(sent[0]).toBe(event);
    expect(output.pendingBytes).toBe(0);
  });

  test('events and what follows them leave in one write, in their order', () => {
    const { output, texts } = rig();

    output.appendEvent(event);
    output.appendEvent(later);
    output.append(Buffer.from('reply;'));
    output.appendEvent(event);
    expect(output.pendingBytes).toBe(24);
    output.flush();

    expect(texts()).toEqual(['event;later;reply;event;']);
    expect(String(event)).toBe('event;');
  });

  test('a reply that begins behind an event does not overtake it', () => {
    const { output, sent } = rig();

    output.appendEvent(event);
    const start = output.beginReply();
    output.endReply(start, 7, 1, 0, true);
    output.flush();

    expect(start).toBe(event.length);
    expect(sent).toHaveLength(1);
    expect(String(sent[0]!.subarray(0, start))).toBe('event;');
    expect(sent[0]!.readInt32BE(start + 4)).toBe(7);
  });

  test('events gather while the client does not read, and leave in order when it does', () => {
    const { output, socket, texts } = rig();
    socket.isReading = false;

    for (let turn = 0; turn < 3; turn++) {
      output.appendEvent(turn === 0 ? event : later);
      output.flush();
    }
    expect(output.queuedBytes).toBe(18);
    socket.drain();
    output.flush();

    expect(texts()).toEqual(['event;', 'later;later;']);
    expect(output.queuedBytes).toBe(0);
  });
});
