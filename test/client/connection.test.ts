/**
 * One connection of the client: handshakes, matching of replies, pings and silence, against a
 * server that follows a script.
 */

import { describe, expect, test } from 'vitest';
import { type ClientOptions, connect } from '../../client/client.ts';
import type { Seams } from '../../client/options.ts';
import { ErrorCode } from '../../protocol/error-code.ts';
import { Opcode, Xid } from '../../protocol/opcode.ts';
import { writeReply } from '../../protocol/replies.ts';
import { someStat } from './fake-server.ts';
import { connectedRig, fakeServer, rejection, rig } from './rig.ts';

describe('handshake', () => {
  test('takes the session that the server grants', async () => {
    const server = await fakeServer();
    server.onHandshake = () => ({ timeOut: 4_000, sessionId: '0123456789abcdef' });

    const { client } = await connectedRig(server.address);

    expect(client.sessionId).toBe('0123456789abcdef');
    expect(client.sessionTimeoutMs).toBe(4_000);
    expect(server.handshakes[0]).toMatchObject({
      timeOut: 9_000,
      lastZxidSeen: 0,
      readOnly: false,
    });
  });

  test('understands a response without the readOnly byte', async () => {
    const server = await fakeServer();
    server.onHandshake = () => ({ readOnly: undefined }) as never;

    const { client } = await connectedRig(server.address);

    expect(client.state).toBe('connected');
  });

  test('ends in readOnly on a server without a quorum, whose session ends there', async () => {
    const server = await fakeServer();
    server.onHandshake = () => ({ readOnly: true });
    const { client, clock, reached } = rig(server.address, { canBeReadOnly: true });
    await reached('readOnly');
    server.onHandshake = () => ({});

    server.last.drop();
    await reached('suspended');
    clock.advance(100);
    await reached('connected');

    expect(server.handshakes[1]).toMatchObject({ sessionId: '0000000000000000', readOnly: true });
    expect(client.state).toBe('connected');
  });

  test('is tried at the next server when one closes or does not answer in time', async () => {
    const [mute, shut, good] = [await fakeServer(), await fakeServer(), await fakeServer()];
    mute.onHandshake = () => 'silence';
    shut.onHandshake = () => 'close';
    // Chance zero turns a,b,c into b,c,a.
    const { client, clock, reached } = rig(`${good.address},${mute.address},${shut.address}`, {
      attemptTimeoutMs: 500,
    });

    await mute.until(() => mute.handshakes.length === 1);
    clock.advance(600);
    await shut.until(() => shut.handshakes.length === 1);
    const tried = setInterval(() => clock.advance(10), 1);
    await reached('connected');
    clearInterval(tried);

    expect(good.handshakes).toHaveLength(1);
    expect(client.state).toBe('connected');
  });

  test('rejects connect when nobody answers', async () => {
    const server = await fakeServer();
    server.onHandshake = () => 'silence';

    const error = await rejection(connect(server.address, { connectWithinMs: 20 }));

    expect(error.code).toBe(ErrorCode.connectionLoss);
  });
});

describe('requests and replies', () => {
  test('many requests of a turn leave together and are answered in order', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    const chunks = server.last.chunks;

    const paths = Array.from({ length: 100 }, (_, i) => `/z${i}`);
    const answers = await Promise.all(paths.map((path) => client.getData(path)));

    expect(answers.map(({ data }) => String(data))).toEqual(paths);
    expect(answers[0]!.stat).toEqual(someStat);
    expect(server.last.chunks - chunks).toBe(1);
    expect(server.requests.map((request) => request.xid)).toEqual(paths.map((_, i) => i + 1));
  });

  test('xids begin anew behind the last one, also on the next connection', async () => {
    const server = await fakeServer();
    const seams: ClientOptions & Seams = { lastXid: 2 ** 31 - 3 };
    const { client, reattached } = await connectedRig(server.address, seams);

    const before = ['/a', '/b', '/c'].map((path) => client.getData(path));
    await Promise.all(before);
    server.last.drop();
    await reattached();
    const { data } = await client.getData('/d');

    expect(server.requests.map(({ xid }) => xid)).toEqual([2 ** 31 - 2, 2 ** 31 - 1, 1, 2]);
    expect(String(data)).toBe('/d');
  });

  test('replies are whole however the stream is cut', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    server.last.pieceBytes = 3;

    const answers = await Promise.all(['/a', '/b'].map((path) => client.getData(path)));

    expect(answers.map(({ data }) => String(data))).toEqual(['/a', '/b']);
  });

  test('lastZxid follows replies upwards', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    const zxids = [500, 7, -1];
    server.onRequest = () => ({ zxid: zxids.shift()! });

    await client.exists('/a');
    await client.exists('/a');
    await client.exists('/a');

    expect(client.lastZxid).toBe(500);
  });

  test('a reply out of order costs the connection, not the truth', async () => {
    const server = await fakeServer();
    const { client, reached } = await connectedRig(server.address);
    server.onRequest = ({ connection, xid }) => {
      connection.reply(xid + 1, 1, 0, (writer) =>
        writeReply(Opcode.getData, writer, { data: Buffer.from('wrong'), stat: someStat }),
      );
      return 'silence';
    };

    const errors = [rejection(client.getData('/a')), rejection(client.getData('/b'))];

    expect((await Promise.all(errors)).map((error) => error.name)).toEqual([
      'ConnectionLossError',
      'ConnectionLossError',
    ]);
    await reached('suspended');
  });

  test('a reply that cannot be decoded rejects its request and closes the connection', async () => {
    const server = await fakeServer();
    const { client, reached } = await connectedRig(server.address);
    server.onRequest = () => ({ write: (writer) => writer.int(99) });

    await rejection(client.getData('/a'));

    await reached('suspended');
  });

  test('a request larger than the server takes is refused here', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);

    const [error, next] = await Promise.all([
      rejection(client.setData('/a', Buffer.alloc(1_100_000))),
      client.exists('/b'),
    ]);

    expect(error.code).toBe(ErrorCode.badArguments);
    expect(next).toEqual(someStat);
    expect(server.ops()).toEqual([Opcode.exists]);
  });

  test('an idle connection pings at a third of the timeout', async () => {
    const server = await fakeServer();
    const { client, clock } = await connectedRig(server.address);

    clock.advance(3_000);
    await server.until(() => server.requests.length === 1);

    expect(server.requests[0]).toMatchObject({ op: Opcode.ping, xid: Xid.ping });
    expect(client.state).toBe('connected');
  });

  test('a server that is silent for two thirds of the timeout is left', async () => {
    const server = await fakeServer();
    server.onRequest = () => 'silence';
    const { clock, states, reattached } = await connectedRig(server.address);

    clock.advance(6_000);
    await reattached();

    expect(states).toEqual(['connected', 'suspended', 'connected']);
  });

  test('a stall of this process is not taken for silence of the server', async () => {
    const server = await fakeServer();
    const { client, clock } = await connectedRig(server.address);

    const answer = client.getData('/a', { timeoutMs: 6_200 });
    clock.stall(6_500);
    await answer;
    clock.advance(0);

    expect(client.state).toBe('connected');
  });
});
