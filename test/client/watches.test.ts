/**
 * Watches of the client: one-shot callbacks, streams of each kind, their registration on a new
 * connection, what they say about gaps and loss, and their removal.
 */

import { describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../client/client.ts';
import { setWatchesBytesMax } from '../../client/set-watches.ts';
import { WatchStream } from '../../client/watch-stream.ts';
import { ErrorCode } from '../../protocol/error-code.ts';
import { Opcode, Xid } from '../../protocol/opcode.ts';
import { EventType } from '../../protocol/replies.ts';
import { connectedRig, fakeServer, rejection } from './rig.ts';

const { nodeCreated, nodeDeleted, nodeDataChanged, nodeChildrenChanged } = EventType;

const text = (event: WatchEvent) => `${event.type} ${event.path}`;

describe('one-shot watches', () => {
  test('are called once, by the events of their kind', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(`${server.address}/app`);
    const heard: string[] = [];
    const hear = (name: string) => (event: WatchEvent) => heard.push(`${name}: ${text(event)}`);
    await client.getData('/a', { watch: hear('data') });
    await client.getChildren('/a', { watch: hear('children') });
    await client.exists('/a', { watch: hear('exists') });

    server.last.event(nodeChildrenChanged, '/app/a');
    server.last.event(nodeDataChanged, '/app/a', 200);
    server.last.event(nodeDataChanged, '/app/a');
    await client.exists('/b');

    expect(heard).toEqual([
      'children: childrenChanged /a',
      'data: dataChanged /a',
      'exists: dataChanged /a',
    ]);
    expect(client.lastZxid).toBeGreaterThanOrEqual(200);
  });

  test('are heard before the reply that follows on the wire', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    const order: string[] = [];
    await client.getData('/a', { watch: () => order.push('event') });
    server.onRequest = ({ connection }) => {
      connection.event(nodeDataChanged, '/a');
      return undefined;
    };

    await client.setData('/a', 'x').then(() => order.push('reply'));

    expect(order).toEqual(['event', 'reply']);
  });

  test('are not set by a read that fails, but by exists without a znode', async () => {
    const server = await fakeServer();
    const { client, reattached } = await connectedRig(server.address);
    server.onRequest = ({ op }) =>
      op === Opcode.setWatches ? undefined : { err: ErrorCode.noNode };
    await rejection(client.getData('/data', { watch: () => {} }));
    await client.exists('/exists', { watch: () => {} });

    server.last.drop();
    await reattached();
    await server.until(() => server.ops().includes(Opcode.setWatches));

    expect(server.requests.at(-1)!.body).toMatchObject({
      dataWatches: [],
      existWatches: ['/exists'],
      childWatches: [],
    });
  });
});

describe('after a new connection', () => {
  test('all watches are registered again before anything else is asked', async () => {
    const server = await fakeServer();
    const { client, clock, reached } = await connectedRig(`${server.address}/app`);
    await client.getData('/d', { watch: () => {} });
    await client.getChildren('/c', { watch: () => {} });
    await client.addWatch('/p', 'persistent', () => {});
    await client.addWatch('/r', 'recursive', () => {});
    const zxid = client.lastZxid;
    server.requests.length = 0;
    server.last.drop();
    await reached('suspended');
    const waiting = client.exists('/w');
    clock.advance(100);
    await waiting;

    expect(server.ops()).toEqual([Opcode.setWatches2, Opcode.exists]);
    expect(server.requests[0]).toMatchObject({
      xid: Xid.setWatches,
      body: {
        relativeZxid: zxid,
        dataWatches: ['/app/d'],
        childWatches: ['/app/c'],
        persistentWatches: ['/app/p'],
        persistentRecursiveWatches: ['/app/r'],
      },
    });
  });

  test('many watches are split over requests of bounded size', async () => {
    const server = await fakeServer();
    const { client, reattached } = await connectedRig(server.address);
    const paths = Array.from({ length: 30 }, (_, i) => `/${i}${'x'.repeat(10_000)}`);
    await Promise.all(paths.map((path) => client.getData(path, { watch: () => {} })));
    server.requests.length = 0;

    server.last.drop();
    await reattached();
    await client.exists('/end');

    const lists = server.requests.slice(0, -1).map(({ body }) => body.dataWatches as string[]);
    expect(lists.length).toBe(3);
    expect(lists.flat()).toEqual(paths);
    for (const list of lists) expect(list.join().length).toBeLessThan(setWatchesBytesMax);
  });

  test('a persistent watch reports the gap, a one-shot watch has none', async () => {
    const server = await fakeServer();
    const { client, reattached } = await connectedRig(server.address);
    const heard: WatchEvent[] = [];
    await client.addWatch('/p', 'persistent', (event) => heard.push(event));
    await client.getData('/d', { watch: (event) => heard.push(event) });

    server.last.drop();
    await reattached();

    expect(heard).toEqual([{ type: 'gap', reason: 'reconnect', path: '/p' }]);
  });
});

describe('streams', () => {
  test('persistent: events of the znode and its children, as they come', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    const stream = client.watch('/a');
    await stream.ready;
    for (const type of [nodeCreated, nodeChildrenChanged, nodeDataChanged, nodeDeleted]) {
      server.last.event(type, '/a');
    }
    server.last.event(nodeCreated, '/a/below');

    const heard: string[] = [];
    for await (const event of stream) if (heard.push(text(event)) === 4) break;

    expect(heard).toEqual(['created /a', 'childrenChanged /a', 'dataChanged /a', 'deleted /a']);
    expect(server.requests).toMatchObject([
      { op: Opcode.addWatch, body: { path: '/a', mode: 0 } },
      { op: Opcode.removeWatches, body: { path: '/a', type: 3 } },
    ]);
  });

  test('recursive: events of everything below', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(`${server.address}/app`);
    const stream = client.watch('/', { kind: 'recursive' });
    await stream.ready;
    server.last.event(nodeCreated, '/app/a/b/c');
    server.last.event(nodeDeleted, '/apple');
    server.last.event(nodeDataChanged, '/app');

    expect([await stream.next(), await stream.next()].map(({ value }) => text(value!))).toEqual([
      'created /a/b/c',
      'dataChanged /',
    ]);
    await stream.return();
  });

  test('one-shot kinds: the watch is set again before the event is handed out', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    const stream = client.watch('/a', { kind: 'data' });
    await stream.ready;
    server.last.event(nodeDataChanged, '/a');

    const first = await stream.next();

    expect(text(first.value!)).toBe('dataChanged /a');
    expect(server.ops()).toEqual([Opcode.getData, Opcode.getData]);
    expect(server.requests[1]!.body).toEqual({ path: '/a', watch: true });
    await stream.return();
    expect(server.requests[2]).toMatchObject({ op: Opcode.removeWatches });
  });

  test('one-shot kinds: a znode that is gone ends the stream after its deletion', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    const stream = client.watch('/a', { kind: 'children' });
    await stream.ready;
    server.onRequest = () => ({ err: ErrorCode.noNode });
    server.last.event(nodeDeleted, '/a');

    const heard: string[] = [];
    for await (const event of stream) heard.push(text(event));

    expect(heard).toEqual(['deleted /a']);
  });

  test('one-shot kinds: a connection loss while setting it again costs no event', async () => {
    const server = await fakeServer();
    const { client, reattached } = await connectedRig(server.address);
    const stream = client.watch('/a', { kind: 'exists' });
    await stream.ready;
    server.onRequest = () => 'close';
    server.last.event(nodeCreated, '/a');
    await server.until(() => server.requests.length === 2);
    server.onRequest = () => undefined;
    await reattached();

    expect(text((await stream.next()).value!)).toBe('created /a');
    await stream.return();
  });

  test('a watch that cannot be set is an error at ready and at next', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    server.onRequest = () => ({ err: ErrorCode.noNode });
    const stream = client.watch('/a', { kind: 'data' });

    expect((await rejection(stream.ready)).name).toBe('NoNodeError');
    expect((await rejection(stream.next())).name).toBe('NoNodeError');
    expect((await stream.next()).done).toBe(true);
  });

  test('the loss of the session is reported and is the end', async () => {
    const server = await fakeServer();
    const { client, clock, reached } = await connectedRig(server.address);
    const streams = [client.watch('/p'), client.watch('/d', { kind: 'data' })];
    await Promise.all(streams.map((stream) => stream.ready));
    server.onHandshake = () => 'expired';
    server.last.drop();
    await reached('suspended');
    clock.advance(100);

    for (const stream of streams) {
      expect((await stream.next()).value).toMatchObject({ type: 'lost' });
      expect((await stream.next()).done).toBe(true);
    }
  });

  test('a new session carries the streams on, with the loss in between', async () => {
    const server = await fakeServer();
    const { client, clock, reached } = await connectedRig(server.address, { renewSession: true });
    const stream = client.watch('/p');
    await stream.ready;
    const before = client.sessionId;
    server.onHandshake = ({ sessionId }) => (sessionId === before ? 'expired' : {});
    server.last.drop();
    await reached('suspended');
    clock.advance(100);
    await server.until(() => server.ops().includes(Opcode.setWatches2));
    server.last.event(nodeDataChanged, '/p');

    const heard = [await stream.next(), await stream.next(), await stream.next()];

    expect(heard.map(({ value }) => value!.type)).toEqual(['lost', 'gap', 'dataChanged']);
    expect(server.ops()).toEqual([Opcode.addWatch, Opcode.setWatches2]);
  });

  test('closing the client ends them', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    const stream = client.watch('/a');
    await stream.ready;
    const next = stream.next();

    await client.close();

    expect((await next).done).toBe(true);
  });

  test('one of two on a path leaves the server watch to the other', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    const [first, second] = [client.watch('/a'), client.watch('/a')];
    await Promise.all([first.ready, second.ready]);

    await first.return();
    const ops = server.ops();
    await second[Symbol.asyncDispose]();

    expect(ops).toEqual([Opcode.addWatch, Opcode.addWatch]);
    expect(server.ops().at(-1)).toBe(Opcode.removeWatches);
  });

  test('a removal spares a watch that is being set at the same time', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    const stream = client.watch('/a');
    await stream.ready;
    const heard: string[] = [];
    const read = client.getData('/a', { watch: (event) => heard.push(text(event)) });

    await stream.return();
    await read;
    server.last.event(nodeDataChanged, '/a');
    await client.exists('/b');

    expect(server.ops()).toEqual([Opcode.addWatch, Opcode.getData, Opcode.exists]);
    expect(heard).toEqual(['dataChanged /a']);
  });
});

describe('the queue of a stream', () => {
  const changed = { type: 'dataChanged', path: '/a', zxid: null } as const;

  test('drops everything for one gap event when it is full', async () => {
    const stream = new WatchStream('/a', 2);

    for (let i = 0; i < 3; i++) stream.push(changed);
    stream.push({ ...changed, zxid: 7 });
    stream.end();

    expect((await stream.next()).value).toEqual({ type: 'gap', reason: 'overflow', path: '/a' });
    expect((await stream.next()).value).toMatchObject({ zxid: 7 });
    expect((await stream.next()).done).toBe(true);
  });

  test('serves readers in the order in which they asked', async () => {
    const stream = new WatchStream('/a', 2);
    const asked = [stream.next(), stream.next()];

    stream.push({ ...changed, zxid: 1 });
    stream.push({ ...changed, zxid: 2 });

    expect((await Promise.all(asked)).map(({ value }) => value)).toMatchObject([
      { zxid: 1 },
      { zxid: 2 },
    ]);
  });
});
