/** Accepted sockets of either kind, over real connections: one must not be told from the other. */

import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { BareSocket } from '../../actors/bare-socket.ts';
import type { ClientSocket, Listener } from '../../actors/client-socket.ts';
import { listen } from '../../actors/listener.ts';
import { TcpSocket } from '../../actors/tcp-socket.ts';

const kinds = [
  ['bare', (accepted: Socket) => BareSocket.from(accepted)!],
  ["Node's own", (accepted: Socket) => new TcpSocket(accepted)],
] as const;
const limits = { connectionsPerAddressMax: 0, connectionsMax: 0, backlog: 0, keepAlive: false };
/** More than sockets take at once on either side. */
const muchBytes = 32 * 1024 * 1024;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Pair {
  readonly listener: Listener;
  readonly server: ClientSocket;
  readonly client: Socket;
  /** All that was read so far. */
  readonly read: Buffer[];
}

async function pair(wrap: (accepted: Socket) => ClientSocket, more = {}): Promise<Pair> {
  let accept: (socket: ClientSocket) => void;
  const accepted = new Promise<ClientSocket>((resolve) => {
    accept = resolve;
  });
  const options = { host: '127.0.0.1', port: 0, ...limits, onRefused: () => {}, wrap, ...more };
  const read: Buffer[] = [];
  const listener = await listen(options, (socket) => {
    socket.onData = (chunk) => read.push(chunk);
    accept(socket);
  });
  const client = connect(listener.address.port, '127.0.0.1');
  client.on('error', () => {});
  const server = await accepted;
  closers.push(
    () => client.destroy(),
    () => server.destroy(),
    () => void listener.close(),
  );
  return { listener, server, client, read };
}

const total = (chunks: readonly Buffer[]): number =>
  chunks.reduce((sum, { length }) => sum + length, 0);

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** Bytes that differ from each other's neighbours for 64 KB and more. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4)
    bytes.writeUInt32LE(Math.imul(at, 0x9e3779b1) >>> 0, at);
  return bytes;
}

test('this Node has what bare sockets need', async () => {
  const { server } = await pair((accepted) => BareSocket.from(accepted) ?? new TcpSocket(accepted));

  expect(server).toBeInstanceOf(BareSocket);
});

describe.each(kinds)('%s', (_, wrap) => {
  test('knows who is at the other end', async () => {
    const { server, client } = await pair(wrap);

    expect(server.remoteAddress).toBe('127.0.0.1');
    expect(server.remotePort).toBe(client.localPort);
  });

  test('reads all bytes in order, and what was read stays as it is', async () => {
    const { client, read } = await pair(wrap);
    const bytes = pattern(3_000_000);

    for (let at = 0, length = 1; at < bytes.length; at += length, length = (length * 7) % 90_001) {
      client.write(bytes.subarray(at, at + length));
    }
    await until(() => total(read) === bytes.length);

    expect(Buffer.concat(read).equals(bytes)).toBe(true);
  });

  test('two that read in turn do not mix', async () => {
    const one = await pair(wrap);
    const other = await pair(wrap);

    for (let turn = 0; turn < 50; turn++) {
      one.client.write(Buffer.alloc(1000, 1));
      other.client.write(Buffer.alloc(1000, 2));
      await until(() => total(one.read) === (turn + 1) * 1000);
      await until(() => total(other.read) === (turn + 1) * 1000);
    }

    expect(Buffer.concat(one.read).every((byte) => byte === 1)).toBe(true);
    expect(Buffer.concat(other.read).every((byte) => byte === 2)).toBe(true);
  });

  test('a small write is taken at once', async () => {
    const { server, client } = await pair(wrap);
    const came = new Promise((resolve) => client.once('data', resolve));

    expect(server.write(Buffer.from('all'))).toBe(true);
    expect(server.queuedBytes).toBe(0);
    expect(await came).toEqual(Buffer.from('all'));
  });

  test('what is not taken counts until it is, and then the drain is told once', async () => {
    const { server, client } = await pair(wrap);
    let drains = 0;
    server.onDrain = () => drains++;
    const bytes = pattern(muchBytes);
    client.pause();

    expect(server.write(bytes)).toBe(false);
    expect(server.queuedBytes).toBeGreaterThan(0);
    expect(drains).toBe(0);
    const came: Buffer[] = [];
    client.on('data', (chunk) => came.push(chunk));
    client.resume();
    await until(() => total(came) === bytes.length && drains > 0);

    expect(drains).toBe(1);
    expect(server.queuedBytes).toBe(0);
    expect(Buffer.concat(came).equals(bytes)).toBe(true);
    expect(server.write(Buffer.from('more'))).toBe(true);
  });

  test('paused it reads nothing, resumed all', async () => {
    const { server, client, read } = await pair(wrap);
    client.write('first');
    await until(() => total(read) === 5);
    server.pause();
    client.write('second');
    // A whole round trip on the same connection shows that it would have been read by now.
    server.write(Buffer.from('?'));
    await new Promise((resolve) => client.once('data', resolve));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));

    expect(total(read)).toBe(5);
    server.resume();
    await until(() => total(read) === 11);
  });

  test('what comes while it is paused comes later, all of it and in order', async () => {
    const { server, client, read } = await pair(wrap);
    const bytes = pattern(3_000_000);
    server.pause();
    client.write(bytes.subarray(0, 1000));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    client.write(bytes.subarray(1000));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(read).toEqual([]);

    // Paused again in the middle of what was held, and once more.
    for (let turn = 0; turn < 5; turn++) {
      const before = total(read);
      const { onData } = server;
      server.onData = (chunk) => {
        server.onData = onData;
        onData(chunk);
        server.pause();
      };
      server.resume();
      await until(() => total(read) > before);
    }
    server.resume();
    await until(() => total(read) === bytes.length);

    expect(Buffer.concat(read).equals(bytes)).toBe(true);
  });

  test.each(['end', 'resetAndDestroy'] as const)(
    'paused it hears of the %s of its client all the same',
    async (way) => {
      const { server, client } = await pair(wrap);
      const closed = new Promise<void>((resolve) => {
        server.onClose = resolve;
      });
      server.pause();

      client[way]();

      await closed;
    },
  );

  test('a last word that comes while it is paused is handed on, and then it closes', async () => {
    const { server, client, read } = await pair(wrap);
    const closed = new Promise<void>((resolve) => {
      server.onClose = resolve;
    });
    server.pause();
    client.end('farewell');
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(read).toEqual([]);

    server.resume();
    await closed;

    expect(Buffer.concat(read)).toEqual(Buffer.from('farewell'));
  });

  test('an end sends what is queued, then closes', async () => {
    const { server, client } = await pair(wrap);
    const bytes = pattern(muchBytes);
    const closed = new Promise<void>((resolve) => {
      server.onClose = resolve;
    });
    client.pause();
    server.write(bytes);
    server.end();
    const came: Buffer[] = [];
    client.on('data', (chunk) => came.push(chunk));
    client.resume();
    await closed;
    await until(() => total(came) === bytes.length);

    expect(server.write(Buffer.from('late'))).toBe(true);
    expect(Buffer.concat(came).equals(bytes)).toBe(true);
  });

  test.each(['end', 'destroy', 'resetAndDestroy'] as const)(
    'hears of the %s of its client',
    async (way) => {
      const { server, client } = await pair(wrap);
      const closed = new Promise<void>((resolve) => {
        server.onClose = resolve;
      });

      client[way]();

      await closed;
      expect(server.write(Buffer.from('late'))).toBe(true);
    },
  );

  test('destroyed in the middle of a write it closes, and tells of no drain', async () => {
    const { server, client } = await pair(wrap);
    let drains = 0;
    server.onDrain = () => drains++;
    const closed = new Promise<void>((resolve) => {
      server.onClose = resolve;
    });
    client.pause();
    server.write(pattern(muchBytes));

    server.destroy();
    await closed;

    expect(drains).toBe(0);
  });

  test('one over the limit is refused, and one that is gone makes room', async () => {
    const refusals: string[] = [];
    const onRefused = (_: string, reason: string) => refusals.push(reason);
    const { listener, server, client } = await pair(wrap, { connectionsMax: 1, onRefused });
    const closed = new Promise((resolve) =>
      connect(listener.address.port, '127.0.0.1').on('close', resolve),
    );
    await closed;
    expect(refusals).toEqual(['more than 1 connections in all (maxCnxns)']);

    const { onClose } = server;
    const gone = new Promise<void>((resolve) => {
      server.onClose = () => {
        onClose();
        resolve();
      };
    });
    client.destroy();
    await gone;
    const again = connect(listener.address.port, '127.0.0.1');
    closers.push(() => again.destroy());
    await new Promise((resolve) => again.once('connect', resolve));
    again.write('x');
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));

    expect(refusals).toHaveLength(1);
  });

  test('a listener closes while connections are open', async () => {
    const { listener, server } = await pair(wrap);

    const closing = listener.close();
    server.destroy();

    await closing;
  });
});
