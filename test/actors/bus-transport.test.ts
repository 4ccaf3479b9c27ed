/** The NATS client's socket in our hands: a broker that is nothing but a socket, no time passes. */

import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { BareSocket } from '../../actors/bare-socket.ts';
import { BusTransport } from '../../actors/bus-transport.ts';

const info = 'INFO {"server_id":"a","version":"2.9.0","max_payload":1048576}\r\n';

interface Rig {
  readonly transport: BusTransport;
  /** What the transport hands on. */
  readonly chunks: AsyncIterator<Uint8Array>;
  /** The other end. */
  readonly broker: Socket;
}

async function connected(): Promise<Rig> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  const accepted = new Promise<Socket>((done) => server.once('connection', done));
  const transport = new BusTransport();
  const connecting = transport.connect({ hostname: '127.0.0.1', port, tlsName: '' }, {});
  const broker = await accepted;
  broker.on('error', () => {});
  onTestFinished(() => {
    transport.discard();
    broker.destroy();
    server.close();
  });
  broker.write(info);
  await connecting;
  return { transport, chunks: transport[Symbol.asyncIterator](), broker };
}

/** Of the next chunks, until there are so many. */
async function read(chunks: AsyncIterator<Uint8Array>, bytes: number): Promise<Buffer> {
  const taken: Uint8Array[] = [];
  for (let left = bytes; left > 0; ) {
    const { value } = await chunks.next();
    taken.push(value);
    left -= value.length;
  }
  return Buffer.concat(taken);
}

test('a connection in plain text goes past the streams of Node', async () => {
  const made: unknown[] = [];
  const { from } = BareSocket;
  onTestFinished(() => {
    BareSocket.from = from;
  });
  BareSocket.from = (socket) => {
    made.push(from.call(BareSocket, socket));
    return made.at(-1) as BareSocket;
  };

  await connected();

  expect(made).toEqual([expect.any(BareSocket)]);
});

test('what the broker says arrives in order, whoever waits for whom', async () => {
  const { chunks, broker } = await connected();
  expect((await read(chunks, info.length)).toString()).toBe(info);
  const bytes = Buffer.alloc(3_000_000, 'PING\r\nMSG a 1 0\r\n\r\n');

  // The first is waited for, the others come while nobody asks.
  const first = chunks.next();
  for (let at = 0; at < bytes.length; at += 70_001) broker.write(bytes.subarray(at, at + 70_001));
  const { value } = await first;
  const rest = await read(chunks, bytes.length - value.length);

  expect(Buffer.concat([value, rest]).equals(bytes)).toBe(true);
});

test('what is sent arrives in order, also what the system does not take at once', async () => {
  const { transport, broker } = await connected();
  const frame = Buffer.alloc(100_000, 'PUB a 3\r\nabc\r\n');
  const heard: Buffer[] = [];
  const all = new Promise<void>((done) => {
    broker.on('data', (chunk: Buffer) => {
      heard.push(chunk);
      if (heard.reduce((sum, { length }) => sum + length, 0) === 100 * frame.length) done();
    });
  });

  for (let count = 0; count < 100; count++) transport.send(frame);
  await all;

  expect(Buffer.concat(heard).equals(Buffer.concat(Array(100).fill(frame)))).toBe(true);
});

test('it ends with the connection, and whoever waits for more is told', async () => {
  const { transport, chunks, broker } = await connected();
  await read(chunks, info.length);
  const more = chunks.next();

  broker.destroy();

  await transport.closed();
  expect(await more).toEqual({ done: true, value: undefined });
  expect(await chunks.next()).toEqual({ done: true, value: undefined });
  expect(transport.isClosed).toBe(true);
});

test('why a connection broke is not lost', async () => {
  const { transport, broker } = await connected();

  broker.resetAndDestroy();

  expect(await transport.closed()).toMatchObject({ code: 'ECONNRESET' });
});

test('what is let go of is closed at the other end, too', async () => {
  const { transport, broker } = await connected();
  const closed = new Promise((done) => broker.once('close', done));
  broker.resume();

  await transport.close();

  await closed;
});
