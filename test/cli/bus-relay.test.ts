/** The way of a demo replica to the bus: what passes, and what is held still while it is cut. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { BusRelay } from '../../cli/bus-relay.ts';
import { until } from './nats-line-client.ts';

interface Rig {
  readonly relay: BusRelay;
  readonly server: Server;
  /** Connections that reached the bus, and all that was read there. */
  readonly arrived: Socket[];
  readonly heard: () => string;
}

/** A bus that says what it hears again, with a mark. */
async function rig(): Promise<Rig> {
  const arrived: Socket[] = [];
  let heard = '';
  const server = createServer((socket) => {
    arrived.push(socket);
    socket.on('error', () => {});
    socket.on('data', (part) => {
      heard += part;
      socket.write(`>${part}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const relay = await BusRelay.start({ host: '127.0.0.1', port });
  onTestFinished(async () => {
    for (const socket of arrived) socket.destroy();
    server.close();
    await relay.close();
  });
  return { relay, server, arrived, heard: () => heard };
}

async function client(relay: BusRelay) {
  const socket = connect(relay.port, '127.0.0.1');
  let read = '';
  let isClosed = false;
  socket.on('error', () => {});
  socket.on('data', (part) => {
    read += part;
  });
  socket.on('close', () => {
    isClosed = true;
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return { socket, read: () => read, isClosed: () => isClosed };
}

test('what is sent passes, both ways, whole and in order', async () => {
  const { relay, heard } = await rig();
  const { socket, read } = await client(relay);
  const large = 'x'.repeat(3_000_000);

  socket.write('a');
  await until(() => read() === '>a', 'the answer');
  socket.write(large);

  await until(() => heard().length === 1 + large.length, 'all of it');
  await until(() => read().length > large.length, 'all of the answer');
});

test('cut, nothing passes and nothing is closed; healed, what was held goes on', async () => {
  const { relay, heard, arrived } = await rig();
  const before = await client(relay);
  before.socket.write('a');
  await until(() => before.read() === '>a', 'the answer');

  relay.cut();
  before.socket.write('b');
  const late = await client(relay);
  late.socket.write('c');
  // A connection past the relay shows that time enough went by for both to arrive.
  const other = await client((await rig()).relay);
  other.socket.write('d');
  await until(() => other.read() === '>d', 'another answer');
  expect([heard(), arrived.length, before.read()]).toEqual(['a', 1, '>a']);
  expect([before.isClosed(), late.isClosed()]).toEqual([false, false]);

  relay.heal();
  await until(() => before.read() === '>a>b' && late.read() === '>c', 'what was held');
});

test('an end is handed on, one that came while cut once it is healed', async () => {
  const { relay, arrived } = await rig();
  const first = await client(relay);
  const second = await client(relay);
  await until(() => arrived.length === 2, 'both');

  first.socket.end();
  await until(() => first.isClosed(), 'the end');
  relay.cut();
  for (const socket of arrived) socket.destroy();
  const other = await client((await rig()).relay);
  other.socket.write('d');
  await until(() => other.read() === '>d', 'another answer');
  expect(second.isClosed()).toBe(false);
  relay.heal();

  await until(() => second.isClosed(), 'the end of the other');
});

test('where there is no bus, a connection is closed', async () => {
  const { relay, server } = await rig();
  server.close();
  await once(server, 'close');

  const { isClosed } = await client(relay);

  await until(isClosed, 'the end');
});
