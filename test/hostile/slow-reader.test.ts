/**
 * Clients that ask and do not read (issue: bad input): the replica stops reading from them, keeps
 * what they were promised within bounds, and serves the others; what nobody takes ends at a limit
 * with the connection, not with the replica.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { FrameSplitter } from '../../protocol/frame.ts';
import { JuteWriter } from '../../protocol/jute.ts';
import { type MultiRequest, writeMultiRequest } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import { FakeReplica } from '../support/fake-replica.ts';
import * as b from '../support/golden/bytes.ts';
import { answer, getRoot, handshake, patienceMs, Rig, request } from '../support/hostile-rig.ts';
import { PeakWatch, settledBytes } from '../support/memory.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { RawClient } from '../support/raw-client.ts';

/** A log that forgets: these tests write more than they want to keep. */
class NoLog extends MemoryLog {
  override async append(): Promise<void> {}
}

const rig = new Rig({
  settings: { maxSessionTimeoutMs: patienceMs },
  stores: (opened) => ({ ...opened, log: new NoLog() }),
});
const megabyte = 1024 * 1024;

/** A client that has a session and reads nothing more until it is told to. */
async function deafClient(): Promise<Socket> {
  const socket = connect(rig.port, '127.0.0.1');
  socket.write(handshake(patienceMs));
  await once(socket, 'data');
  socket.pause();
  return socket;
}

const connectionOf = (socket: Socket) => {
  for (const connection of rig.replica.clients.connections.all()) {
    if (connection.socket.remotePort === socket.localPort) return connection;
  }
  return null;
};

async function makeZnode(path: string, bytes: number): Promise<void> {
  const client = await rig.session();
  const data = Buffer.alloc(bytes);
  const xid = client.send(Opcode.create, { path, data, acl: openAcl, flags: 0 });
  expect(answer(await client.next())).toBe(`${xid} 0 ${4 + path.length}`);
  client.drop();
}

const getData = (xid: number, path: string) =>
  request(xid, Opcode.getData, b.text(path), b.bool(false));

describe('reads of a megabyte each in a pipeline, and the client does not read', () => {
  test('pauses their input, bounds memory and loses nothing (20 clients, 100 reads)', async () => {
    const size = megabyte - 200;
    await makeZnode('/big', size);
    const reads = Buffer.concat(Array.from({ length: 100 }, (_, at) => getData(at + 1, '/big')));
    const clients = await Promise.all(Array.from({ length: 20 }, deafClient));
    const before = await settledBytes();

    for (const client of clients) client.write(reads);
    for (const client of clients) {
      await expect.poll(() => connectionOf(client)?.stateName).toBe('serving.stalled');
    }
    for (let left = 20; left > 0; left--) await rig.expectService();

    const grown = (await settledBytes()) - before;
    console.log(`slow readers: ${(grown / megabyte / 20).toFixed(1)} MB each`);
    expect(grown / 20).toBeLessThan(8 * megabyte);

    // In the end each reads, and gets all of it in order.
    for (const client of clients) {
      const xids: number[] = [];
      const splitter = new FrameSplitter(2 * megabyte, (chunk, start, end) => {
        expect(end - start).toBe(16 + 4 + size + 68);
        return xids.push(chunk.readInt32BE(start)) > 0;
      });
      client.on('data', (chunk: Buffer) => splitter.push(chunk, 0, chunk.length)).resume();
      await expect.poll(() => xids.length, { timeout: 20_000 }).toBe(100);
      expect(xids).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
      client.destroy();
    }
  });

  test('behind a write it is the same: they wait in order and none is lost', async () => {
    const client = await RawClient.session(rig.port);
    const write = request(1, Opcode.setData, b.text('/big'), b.text('x'), b.int(-1));
    client.write(b.join(write, ...Array.from({ length: 900 }, (_, at) => getData(at + 2, '/big'))));

    for (let xid = 1; xid <= 901; xid++) {
      expect((await client.next()).toString('hex', 0, 4)).toBe(b.int(xid).toString('hex'));
    }
    client.drop();
  });
});

test('what waits for a slow reader still leaves before the end of its connection', async () => {
  const fake = await FakeReplica.start(1);
  const socket = fake.connect();
  socket.arrive(handshake());
  await fake.settle();
  const xids: number[] = [];
  socket.onSent = (bytes) => {
    const splitter = new FrameSplitter(megabyte, (chunk, start) => {
      xids.push(chunk.readInt32BE(start));
      return true;
    });
    splitter.push(bytes, 0, bytes.length);
  };
  socket.isReading = false;
  for (const xid of [1, 2, 3]) socket.arrive(request(xid, Opcode.exists, getRoot));
  socket.arrive(request(4, Opcode.closeSession));
  await fake.settle();
  expect(fake.replica.clients.connections.size).toBe(0);

  socket.drain();

  expect(xids).toEqual([1, 2, 3, 4]);
  expect(socket.isClosed).toBe(true);
  await fake.stop();
});

describe('a watcher that never reads', () => {
  const path = `/${'w'.repeat(400)}`;
  const eventBytes = 4 + 16 + 12 + path.length;

  test('is ended at the output limit, and one that reads is not (1,000,000 events)', async () => {
    await makeZnode(path, 1);
    const deaf = await deafClient();
    const addWatch = request(1, Opcode.addWatch, b.text(path), b.int(0));
    deaf.write(addWatch);
    // It never pings, and reads for as long as it takes.
    const watcher = await rig.open();
    await watcher.connect({ timeOut: patienceMs });
    watcher.write(addWatch);
    expect(answer(await watcher.next())).toBe('1 0 4');
    await expect.poll(() => rig.replica.clients.watches.index.watcherCount).toBe(2);
    const before = await settledBytes();
    const body = { path, data: Buffer.alloc(1), version: -1 };
    const part: MultiRequest = { op: Opcode.setData, body };
    const multi = new JuteWriter().int(1).int(Opcode.multi);
    writeMultiRequest(multi, Array(2000).fill(part));
    const writer = await RawClient.session(rig.port);
    const memory = new PeakWatch(before);

    let events = 0;
    for (let round = 0; round < 500; round++) {
      writer.sendFrame(multi.copy());
      expect(answer(await writer.next())).toMatch(/^1 0 /);
      for (let left = 2000; left > 0; left--, events++) {
        if (answer(await watcher.next()) === 'closed') expect.fail(`closed after ${events} events`);
      }
      memory.look();
    }

    expect(events).toBe(1_000_000);
    expect(connectionOf(deaf)).toBeNull();
    expect(rig.refused).toBe(1);
    expect(rig.replica.clients.watches.index.watcherCount).toBe(1);
    await rig.expectService();
    const peak = memory.stop();
    const grown = (await settledBytes()) - before;
    console.log(
      `deaf watcher: ${(events * eventBytes) / 1e6} MB of events, ` +
        `peak ${(peak / megabyte).toFixed(0)} MB, afterwards ${(grown / megabyte).toFixed(0)} MB`,
    );
    for (const client of [writer, watcher]) client.drop();
    deaf.destroy();
  }, 120_000);

  test('costs the bytes of its events, not a buffer per turn (100,000 turns)', async () => {
    const turns = 100_000;
    const fake = await FakeReplica.start(1);
    const socket = fake.connect();
    socket.arrive(handshake());
    await fake.settle();
    socket.isReading = false;
    socket.arrive(request(1, Opcode.addWatch, b.text('/'), b.int(1)));
    const { watches } = fake.replica.clients;
    const bytes = Buffer.from('/some/path');
    const before = await settledBytes();

    for (let turn = 0; turn < turns; turn++) {
      watches.dataChanged(bytes, 0, bytes.length, 1);
      fake.clock.endTurn();
    }

    const perEvent = ((await settledBytes()) - before) / turns;
    const eventLength = 4 + 16 + 12 + bytes.length;
    expect(socket.isClosed).toBe(false);
    expect(perEvent).toBeLessThan(4 * eventLength);
    let received = 0;
    socket.onSent = (sent) => {
      received += sent.length;
    };
    socket.drain();
    expect(received).toBe(24 + turns * eventLength);
    await fake.stop();
  });
});
