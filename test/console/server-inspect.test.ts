/** Records over real WebSockets: who may open one, how many may, and how they end. */

import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { onlyStatus } from '../../console/server/inspect-filter.ts';
import { socketsMax } from '../../console/server/inspect-sockets.ts';
import type { InspectRecord } from '../../protocol/inspection.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { messageRecord } from './fake-inspection.ts';
import { type Rig, startRig } from './rig.ts';

type Headers = Readonly<Record<string, string>>;

interface Opened {
  readonly socket: WebSocket;
  /** The next message that was not yet asked for. */
  next(): Promise<unknown>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

function open({ console: running }: Rig, path = '/api/inspect?batch=1', headers: Headers = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${running.port}${path}`, { headers });
  const messages: unknown[] = [];
  const takers: ((message: unknown) => void)[] = [];
  socket.on('message', (data) => {
    const message: unknown = JSON.parse(String(data));
    const taker = takers.shift();
    if (taker === undefined) messages.push(message);
    else taker(message);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  const next = () =>
    messages.length > 0
      ? Promise.resolve(messages.shift())
      : new Promise<unknown>((resolve) => takers.push(resolve));
  return new Promise<Opened>((resolve, reject) => {
    socket.on('open', () => resolve({ socket, next, closed }));
    socket.on('error', reject);
  });
}

/** The status that an upgrade is refused with. */
function refused({ console: running }: Rig, path: string, headers: Headers = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${running.port}${path}`, { headers });
  return new Promise<number | undefined>((resolve, reject) => {
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      socket.terminate();
    });
    socket.on('open', () => reject(new Error('it was taken')));
    socket.on('error', () => {});
  });
}

describe('a viewer', () => {
  test('gets the backlog, then what it asked for', async () => {
    const rig = await startRig();
    rig.inspection.answer = (sid) => [messageRecord(sid, 1, sid)];
    const { socket, next } = await open(rig);
    const backlog = (await next()) as InspectRecord[];
    socket.send('{"filter": {"machines": ["message"], "sids": null, "instance": null}}');
    while (!rig.inspection.filters.some(({ machines }) => machines.length > 0)) await settled();
    rig.inspection.emit(messageRecord(2, 2));

    expect(backlog.map(({ sid }) => sid)).toEqual([1, 2, 3]);
    expect(await next()).toEqual([messageRecord(2, 2)]);
  });

  test('leaves nothing behind when it goes', async () => {
    const rig = await startRig();
    const { socket } = await open(rig);
    socket.terminate();
    while (rig.inspection.filters.length > 1) await settled();

    // It is known for some seconds more which replicas are there.
    expect(rig.inspection.filters).toEqual([onlyStatus]);
  });

  test('that breaks off takes nothing from another', async () => {
    const rig = await startRig();
    const [first, second] = [await open(rig), await open(rig)];
    first.socket.terminate();
    while (rig.inspection.filters.length > 2) await settled();
    rig.inspection.emit(messageRecord(1, 5));

    expect(await second.next()).toEqual([messageRecord(1, 5)]);
  });

  test('that sends no filter is told so and closed', async () => {
    const rig = await startRig();
    const { socket, next, closed } = await open(rig);
    socket.send('{"filter": 1}');

    expect(await next()).toEqual({ error: '"filter" must be a JSON object' });
    expect((await closed).code).toBe(1008);
  });

  test('that sends bytes, or too much, is closed', async () => {
    const rig = await startRig();
    const bytes = await open(rig);
    bytes.socket.send(Buffer.from('{}'));
    const large = await open(rig);
    large.socket.send('a'.repeat(65_537));

    expect((await bytes.closed).code).toBe(1008);
    expect((await large.closed).code).toBe(1009);
  });

  test('that answers no ping is let go', async () => {
    const clock = new FakeClock();
    const rig = await startRig({ clock });
    const { socket, closed } = await open(rig);
    socket.pong = () => {};
    socket.pause();
    clock.advance(60_000);
    socket.resume();

    expect((await closed).code).toBe(1006);
  });

  test('is closed with the server', async () => {
    const rig = await startRig();
    const { closed } = await open(rig);
    await rig.console.close();

    expect([1001, 1006]).toContain((await closed).code);
  });
});

describe('a WebSocket is refused', () => {
  test('to a page of another origin, and by a name that is not ours', async () => {
    const rig = await startRig();

    expect(await refused(rig, '/api/inspect', { origin: 'http://evil.example' })).toBe(403);
    expect(await refused(rig, '/api/inspect', { host: 'evil.example' })).toBe(403);
  });

  test('at any other path', async () => {
    const rig = await startRig();

    expect(await refused(rig, '/')).toBe(404);
    expect(await refused(rig, '/api/about')).toBe(404);
    expect(await refused(rig, '/%zz')).toBe(404);
  });

  test('when there are too many, until one goes', async () => {
    const rig = await startRig();
    const all = await Promise.all(Array.from({ length: socketsMax }, () => open(rig)));
    const status = await refused(rig, '/api/inspect');
    all[0]!.socket.close();
    await all[0]!.closed;
    const again = await open(rig);

    expect(status).toBe(503);
    expect(again.socket.readyState).toBe(WebSocket.OPEN);
  });

  test('but taken from a page of ours', async () => {
    const rig = await startRig();
    const origin = `http://127.0.0.1:${rig.console.port}`;

    expect((await open(rig, '/api/inspect?batch=1', { origin })).socket.readyState).toBe(1);
  });
});

test('the path without a WebSocket says what it takes', async () => {
  const { ask } = await startRig();

  expect((await ask('/api/inspect')).status).toBe(426);
});

test('a viewer that stops reading loses records, all of them counted, and no memory', async () => {
  const clock = new FakeClock();
  const rig = await startRig({ clock });
  const { socket, next } = await open(rig);
  clock.advance(600);
  socket.pause();
  let seq = 0;
  const batch = () => Array.from({ length: 1_000 }, () => messageRecord(1, ++seq));
  // Some 20 MB as JSON: more than the buffers of the system and what we let wait.
  for (let at = 0; at < 100; at++) {
    rig.inspection.emit(...batch());
    clock.advance(50);
    await settled();
  }
  socket.resume();
  let [dropped, got] = [0, 0];
  const time = setInterval(() => clock.advance(50), 5);
  while (dropped + got < seq) {
    for (const record of (await next()) as InspectRecord[]) {
      if (record.type === '@natskeeper.dropped') dropped += record.count;
      else got++;
    }
  }
  clearInterval(time);

  expect(dropped + got).toBe(seq);
  expect(dropped).toBeGreaterThan(0);
});

/** Lets sockets do what they have to do. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
