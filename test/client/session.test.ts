/**
 * A session across connections: re-attachment, expiry, giving up, identities, closing, against a
 * server that follows a script.
 */

import { describe, expect, test } from 'vitest';
import { SessionExpiredError } from '../../client/client.ts';
import { ErrorCode } from '../../protocol/error-code.ts';
import { Opcode, Xid } from '../../protocol/opcode.ts';
import { connectedRig, fakeServer, rejection, rig } from './rig.ts';

describe('connection loss', () => {
  test('carries the session to the next server with its password and the last zxid', async () => {
    const [first, second] = [await fakeServer(), await fakeServer()];
    const { client, states, reattached } = await connectedRig(`${second.address},${first.address}`);
    await client.exists('/a');
    const { sessionId } = client;

    first.last.drop();
    await reattached();

    expect(second.handshakes[0]).toMatchObject({ sessionId, lastZxidSeen: 101 });
    expect(second.handshakes[0]!.passwd).toEqual(Buffer.alloc(16, 7));
    expect(client.sessionId).toBe(sessionId);
    expect(states).toEqual(['connected', 'suspended', 'connected']);
  });

  test('fails what was sent, and sends what was not', async () => {
    const server = await fakeServer();
    const { client, reached, clock } = await connectedRig(server.address);
    server.onRequest = () => 'close';
    const sent = rejection(client.setData('/sent', 'x'));
    await reached('suspended');
    server.onRequest = () => undefined;

    const waiting = [client.getData('/first'), client.getData('/second')];
    clock.advance(100);

    expect(await sent).toMatchObject({ code: ErrorCode.connectionLoss, path: '/sent' });
    expect((await Promise.all(waiting)).map(({ data }) => String(data))).toEqual([
      '/first',
      '/second',
    ]);
    expect(server.ops()).toEqual([Opcode.setData, Opcode.getData, Opcode.getData]);
  });

  test('numbers requests on from connection to connection, as txns are known by them', async () => {
    const server = await fakeServer();
    const { client, reattached } = await connectedRig(server.address);
    await client.exists('/a');

    server.last.drop();
    await reattached();
    await client.exists('/b');

    expect(server.requests.map(({ xid }) => xid)).toEqual([1, 2]);
  });

  test('data of a request that waits is what it was at the call', async () => {
    const server = await fakeServer();
    const { client } = rig(server.address);
    const data = Buffer.from('before');

    const done = client.setData('/a', data);
    data.fill('x');
    await done;

    expect(String(server.requests[0]!.body.data)).toBe('before');
  });

  test('pauses longer from round to round, up to the limit', async () => {
    const server = await fakeServer();
    server.onHandshake = () => 'close';
    const { clock } = rig(server.address, { retryMinMs: 100, retryMaxMs: 400 });
    const attemptedAtMs: number[] = [];
    while (attemptedAtMs.length < 6) {
      const seen = attemptedAtMs.length;
      if (server.handshakes.length > seen) attemptedAtMs.push(clock.now());
      else {
        clock.advance(10);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }

    const pauses = attemptedAtMs.slice(1).map((at, i) => at - attemptedAtMs[i]!);

    // Half of each pause is jitter, which is zero here; the clock moves on while sockets answer.
    expect(pauses[0]).toBeGreaterThanOrEqual(50);
    expect(pauses[1]).toBeGreaterThanOrEqual(100);
    expect(pauses[2]).toBeGreaterThanOrEqual(200);
    expect(pauses[4]).toBeLessThan(400);
  });
});

describe('session expiry', () => {
  test('is lost for good: what waits and what follows fails with SessionExpiredError', async () => {
    const server = await fakeServer();
    const { client, clock, states, reached } = await connectedRig(server.address);
    server.onHandshake = () => 'expired';
    server.last.drop();
    await reached('suspended');
    const waiting = rejection(client.getData('/a'));
    clock.advance(100);

    expect(await waiting).toBeInstanceOf(SessionExpiredError);
    expect(await rejection(client.getData('/b'))).toBeInstanceOf(SessionExpiredError);
    expect(states).toEqual(['connected', 'suspended', 'lost']);
    expect(client.sessionId).toBe('0000000000000000');
    expect(clock.timerCount).toBe(0);
  });

  test('starts a new session when that is wanted', async () => {
    const server = await fakeServer();
    const { client, clock, states, reached } = await connectedRig(server.address, {
      renewSession: true,
    });
    const before = client.sessionId;
    server.onHandshake = ({ sessionId }) => (sessionId === before ? 'expired' : {});
    server.last.drop();
    await reached('suspended');
    clock.advance(100);
    await reached('connected');

    expect(states).toEqual(['connected', 'suspended', 'lost', 'connecting', 'connected']);
    expect(client.sessionId).not.toBe(before);
    expect(String((await client.getData('/a')).data)).toBe('/a');
  });

  test('is told to a caller whose request the server refuses for it', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    server.onRequest = () => ({ err: ErrorCode.sessionExpired });

    expect(await rejection(client.exists('/a'))).toBeInstanceOf(SessionExpiredError);
  });
});

describe('giving up', () => {
  test('a timeout ends a request that was sent, and its late reply goes to nobody', async () => {
    const server = await fakeServer();
    const { client, clock } = await connectedRig(server.address);
    server.onRequest = () => 'silence';
    const late = rejection(client.getData('/late', { timeoutMs: 500 }));
    await server.until(() => server.requests.length === 1);

    clock.advance(500);
    server.onRequest = ({ xid, connection, op }) => {
      if (op === Opcode.getData) connection.reply(xid - 1, 1, ErrorCode.noNode, () => {});
      return undefined;
    };

    expect(await late).toMatchObject({ code: ErrorCode.operationTimeout, path: '/late' });
    expect(String((await client.getData('/next')).data)).toBe('/next');
  });

  test('a timeout ends a request that waits for a connection; it is never sent', async () => {
    const server = await fakeServer();
    server.onHandshake = () => 'silence';
    const { client, clock } = rig(server.address, { operationTimeoutMs: 700 });
    const waiting = rejection(client.getData('/a'));

    clock.advance(700);

    expect((await waiting).name).toBe('OperationTimeoutError');
    expect(server.requests).toEqual([]);
  });

  test('an abort ends a request, waiting or sent, with the reason of the signal', async () => {
    const server = await fakeServer();
    const { client, reached } = rig(server.address);
    const early = new AbortController();
    const waiting = rejection(client.getData('/a', { signal: early.signal }));
    early.abort(new Error('changed my mind'));
    await reached('connected');
    server.onRequest = () => 'silence';
    const late = new AbortController();
    const sent = rejection(client.getData('/b', { signal: late.signal }));
    await server.until(() => server.requests.length === 1);
    late.abort();

    expect((await waiting).message).toBe('changed my mind');
    expect((await sent).name).toBe('AbortError');
    expect((await rejection(client.getData('/c', { signal: late.signal }))).name).toBe(
      'AbortError',
    );
    expect(server.requests.map(({ body }) => body.path)).toEqual(['/b']);
  });

  test('too many requests outstanding are refused', async () => {
    const server = await fakeServer();
    server.onRequest = () => 'silence';
    const { client } = await connectedRig(server.address, { requestsMax: 2 });
    const errors = [1, 2, 3].map(() => rejection(client.exists('/a')));

    expect((await errors[2]!).name).toBe('ThrottledOpError');
    server.last.drop();
    expect((await errors[0]!).name).toBe('ConnectionLossError');
  });
});

describe('auth', () => {
  test('is sent on each connection before watches and requests', async () => {
    const server = await fakeServer();
    const { client, clock, reached } = await connectedRig(server.address);
    await client.addAuth('digest', 'bob:secret');
    await client.getData('/a', { watch: () => {} });
    server.last.drop();
    await reached('suspended');
    const waiting = client.exists('/b');
    server.requests.length = 0;
    clock.advance(100);
    await waiting;

    expect(server.ops()).toEqual([Opcode.auth, Opcode.setWatches, Opcode.exists]);
    expect(server.requests[0]).toMatchObject({ xid: Xid.auth, body: { scheme: 'digest' } });
    expect(String(server.requests[0]!.body.auth)).toBe('bob:secret');
  });

  test('that is refused is not sent again', async () => {
    const server = await fakeServer();
    const { client, reattached } = await connectedRig(server.address);
    server.onRequest = ({ op }) => (op === Opcode.auth ? { err: ErrorCode.authFailed } : undefined);

    expect((await rejection(client.addAuth('nonsense', 'x'))).name).toBe('AuthFailedError');
    await reattached();
    await client.exists('/a');

    expect(server.ops()).toEqual([Opcode.auth, Opcode.exists]);
  });

  test('may overtake the replies of earlier requests', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    server.onRequest = ({ op }) => (op === Opcode.setData ? 'silence' : undefined);
    const write = rejection(client.setData('/a', 'x'));

    await client.addAuth('digest', 'bob:secret');

    server.last.drop();
    expect((await write).name).toBe('ConnectionLossError');
  });
});

describe('close', () => {
  test('ends the session, fails what follows and leaves no timer', async () => {
    const server = await fakeServer();
    const { client, clock } = await connectedRig(server.address);
    const before = client.exists('/a');

    await Promise.all([client.close(), client.close()]);

    await before;
    expect(server.ops()).toEqual([Opcode.exists, Opcode.closeSession]);
    expect(client.state).toBe('closed');
    expect((await rejection(client.exists('/a'))).name).toBe('ClosedError');
    expect(clock.timerCount).toBe(0);
  });

  test('does not wait for a server that cannot be reached', async () => {
    const server = await fakeServer();
    server.onHandshake = () => 'silence';
    const { client } = rig(server.address);
    const waiting = rejection(client.exists('/a'));

    await client.close();

    expect((await waiting).name).toBe('ClosedError');
  });

  test('gives up on a server that does not answer', async () => {
    const server = await fakeServer();
    server.onRequest = () => 'silence';
    const { client, clock } = await connectedRig(server.address, { closeTimeoutMs: 1_000 });

    const closed = client.close();
    await server.until(() => server.requests.length === 1);
    clock.advance(1_000);
    await closed;

    expect(client.state).toBe('closed');
  });
});
