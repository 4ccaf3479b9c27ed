/**
 * Clients that send faster than the log can take (issue: bad input): the replica reads only as much
 * as it may hold, and answers all of it in the end, in order.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { FrameSplitter } from '../../protocol/frame.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { FakeReplica } from '../support/fake-replica.ts';
import * as b from '../support/golden/bytes.ts';
import { handshake, patienceMs, Rig, request } from '../support/hostile-rig.ts';
import { PeakWatch, settledBytes } from '../support/memory.ts';

const rig = new Rig({ settings: { maxSessionTimeoutMs: patienceMs } });
const megabyte = 1024 * 1024;
const replyBytes = 16 + 68;

async function deafClient(): Promise<Socket> {
  const socket = connect(rig.port, '127.0.0.1');
  socket.write(handshake(patienceMs));
  await once(socket, 'data');
  socket.pause();
  return socket;
}

const setData = (xid: number, path: string, data: Buffer | string) => {
  const bytes = Buffer.from(data);
  return request(xid, Opcode.setData, b.text(path), b.int(bytes.length), bytes, b.int(-1));
};

/** The most requests that were read and not answered while it ran, looked at now and then. */
class PeakRequests {
  #peak = 0;
  readonly #timer = setInterval(() => {
    this.#peak = Math.max(this.#peak, rig.replica.clients.outstanding);
  }, 2);

  stop(): number {
    clearInterval(this.#timer);
    return this.#peak;
  }
}

/** Reads until `count` replies without error have come, in order. */
async function expectReplies(socket: Socket, count: number): Promise<void> {
  let xid = 0;
  await new Promise<void>((done, failed) => {
    const splitter = new FrameSplitter(megabyte, (chunk, start, end) => {
      xid++;
      const isRight = chunk.readInt32BE(start) === xid && chunk.readInt32BE(start + 12) === 0;
      if (!isRight || end - start !== replyBytes) failed(new Error(`reply ${xid} is wrong`));
      if (xid === count) done();
      return true;
    });
    socket.on('data', (chunk: Buffer) => splitter.push(chunk, 0, chunk.length)).resume();
    socket.on('close', () => failed(new Error(`closed behind reply ${xid}`)));
  });
}

test('100,000 writes in one go by a client that does not read: all are answered', async () => {
  const writes = 100_000;
  const maker = await rig.session();
  maker.write(request(1, Opcode.create, b.create('/flood', '')));
  await maker.next();
  const socket = await deafClient();
  const all = Buffer.concat(
    Array.from({ length: writes }, (_, at) => setData(at + 1, '/flood', 'x')),
  );
  const before = await settledBytes();
  const memory = new PeakWatch(before);
  const requests = new PeakRequests();
  const startedMs = performance.now();

  socket.write(all);
  for (let left = 50; left > 0; left--) await rig.expectService();
  await expectReplies(socket, writes);

  const peakRequests = requests.stop();
  const peakBytes = memory.stop();
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(
    `flood: ${writes} writes in ${seconds.toFixed(1)} s, at most ${peakRequests} unanswered, ` +
      `memory up by ${(peakBytes / megabyte).toFixed(0)} MB`,
  );
  expect(peakRequests).toBeLessThan(2 * rig.replica.settings.globalOutstandingLimit);
  expect(peakBytes).toBeLessThan(200 * megabyte);
  socket.destroy();
  maker.drop();
}, 120_000);

test('writes of a megabyte are read as fast as the log takes them (10 clients)', async () => {
  const [clients, writes] = [10, 100];
  const maker = await rig.session();
  maker.write(request(1, Opcode.create, b.create('/heavy', '')));
  await maker.next();
  const data = Buffer.alloc(megabyte - 200);
  const frames = Array.from({ length: writes }, (_, at) => setData(at + 1, '/heavy', data));
  const sockets = await Promise.all(Array.from({ length: clients }, deafClient));
  const memory = new PeakWatch(await settledBytes());
  const requests = new PeakRequests();

  // The frames are shared: what grows is what the replica holds.
  for (const socket of sockets) for (const frame of frames) socket.write(frame);
  await Promise.all(sockets.map((socket) => expectReplies(socket, writes)));

  const peak = requests.stop();
  console.log(
    `heavy flood: ${clients * writes} MB written, at most ${peak} MB unanswered, ` +
      `memory up by ${memory.stop() >> 20} MB`,
  );
  expect(peak).toBeLessThan(64 + 2 * clients);
  for (const socket of sockets) socket.destroy();
  maker.drop();
}, 120_000);

describe('a slow log', () => {
  test('stalls who writes too much, and lets everybody go on once it has caught up', async () => {
    const fake = await FakeReplica.start(1);
    const sockets = Array.from({ length: 4 }, () => fake.connect());
    for (const socket of sockets) socket.arrive(handshake());
    await fake.settle();
    const answers = sockets.map(() => 0);
    sockets.forEach((socket, at) => {
      socket.onSent = (bytes) => {
        const splitter = new FrameSplitter(megabyte, () => {
          answers[at]!++;
          return true;
        });
        splitter.push(bytes, 0, bytes.length);
      };
    });
    sockets[0]!.arrive(request(0, Opcode.create, b.create('/slow', '')));
    await fake.settle();
    const frame = setData(1, '/slow', Buffer.alloc(megabyte - 200));
    const chunk = Buffer.concat(Array(100).fill(frame));

    fake.log.isHeld = true;
    for (const socket of sockets) socket.arrive(chunk);
    await fake.settle();
    expect(fake.replica.clients.outstanding).toBeLessThan(80);
    for (const socket of sockets) expect(socket.isPaused).toBe(true);

    for (let flushes = 0; fake.replica.clients.outstanding > 0; flushes++) {
      expect(flushes).toBeLessThan(500);
      fake.log.flush();
      await fake.settle();
    }

    expect(answers).toEqual([101, 100, 100, 100]);
    for (const socket of sockets) expect(socket.isPaused).toBe(false);
    await fake.stop();
  });
});
