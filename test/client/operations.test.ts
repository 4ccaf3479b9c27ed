/**
 * Each operation of the client: what it sends and what it makes of the reply, with a chroot and
 * without, and what it refuses to send at all.
 */

import { describe, expect, test } from 'vitest';
import type { Client, CreateOptions } from '../../client/client.ts';
import {
  BadArgumentsError,
  CreateMode,
  MultiError,
  NoNodeError,
  op,
  openAcl,
  ZooKeeperError,
} from '../../client/client.ts';
import { ErrorCode } from '../../protocol/error-code.ts';
import { writeMultiReply } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { writeClientInfos } from '../../protocol/replies.ts';
import { someStat } from './fake-server.ts';
import { connectedRig, fakeServer, rejection } from './rig.ts';

const ttl = 1_000;

describe('create', () => {
  const modes: [CreateOptions, number, number][] = [
    [{}, Opcode.create, 0],
    [{ mode: CreateMode.ephemeralSequential }, Opcode.create, 3],
    [{ mode: CreateMode.container }, Opcode.createContainer, 4],
    [{ mode: CreateMode.persistentWithTtl, ttl }, Opcode.createTtl, 5],
    [{ mode: CreateMode.persistentSequential, ttl }, Opcode.createTtl, 6],
    [{ ttl }, Opcode.createTtl, 5],
  ];

  test.each(modes)('with %j is operation %i with flags %i', async (options, opcode, flags) => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);

    expect(await client.create('/a', 'text', options)).toBe('/a');

    const { op: sent, body } = server.requests[0]!;
    expect([sent, body.flags, body.ttl]).toEqual([opcode, flags, options.ttl]);
    expect(body.acl).toEqual(openAcl);
    expect(String(body.data)).toBe('text');
  });

  test('with a Stat is create2', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);

    expect(await client.createWithStat('/a')).toEqual({ path: '/a', stat: someStat });
    expect(server.requests[0]).toMatchObject({ op: Opcode.create2, body: { data: null } });
  });

  test('takes a path that ends with / where a number follows', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);

    await client.create('/queue/', null, { mode: CreateMode.persistentSequential });

    expect(server.requests[0]!.body.path).toBe('/queue/');
  });

  test.each([
    ['a', {}],
    ['/a/', {}],
    ['/a//b', {}],
    ['/a', { mode: CreateMode.ephemeral, ttl }],
    ['/a', { mode: CreateMode.persistentWithTtl }],
    ['/a', { ttl: 0 }],
  ])('of %j with %j is refused before it is sent', async (path, options) => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);

    expect(await rejection(client.create(path, null, options))).toBeInstanceOf(BadArgumentsError);
    expect(server.requests).toEqual([]);
  });
});

describe('operations', () => {
  const cases: [string, (client: Client) => Promise<unknown>, number, object][] = [
    ['delete', (c) => c.delete('/a', 3), Opcode.delete, { path: '/a', version: 3 }],
    ['exists', (c) => c.exists('/a'), Opcode.exists, { path: '/a', watch: false }],
    ['getData', (c) => c.getData('/a'), Opcode.getData, { path: '/a', watch: false }],
    ['setData', (c) => c.setData('/a', null), Opcode.setData, { data: null, version: -1 }],
    ['getChildren', (c) => c.getChildren('/a'), Opcode.getChildren2, { path: '/a' }],
    ['getAcl', (c) => c.getAcl('/a'), Opcode.getAcl, { path: '/a' }],
    ['setAcl', (c) => c.setAcl('/a', openAcl, 2), Opcode.setAcl, { acl: openAcl, version: 2 }],
    ['sync', (c) => c.sync('/a'), Opcode.sync, { path: '/a' }],
    ['getEphemerals', (c) => c.getEphemerals(), Opcode.getEphemerals, { prefixPath: '/' }],
    [
      'getAllChildrenNumber',
      (c) => c.getAllChildrenNumber('/a'),
      Opcode.getAllChildrenNumber,
      { path: '/a' },
    ],
    [
      'reconfig',
      (c) => c.reconfig({ joining: 'server.4=x', leaving: '2' }),
      Opcode.reconfig,
      { joiningServers: 'server.4=x', leavingServers: '2', newMembers: null, curConfigId: -1 },
    ],
    ['checkWatches', (c) => c.checkWatches('/a'), Opcode.checkWatches, { path: '/a', type: 3 }],
    ['removeWatches', (c) => c.removeWatches('/a', 1), Opcode.removeWatches, { type: 1 }],
  ];

  test.each(cases)('%s sends its record', async (_name, call, opcode, body) => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);

    await call(client);

    expect(server.requests[0]).toMatchObject({ op: opcode, body });
  });

  test('an error of the server comes as its class, with code and path', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    server.onRequest = () => ({ err: ErrorCode.noNode });

    const error = await rejection(client.getData('/a'));

    expect(error).toBeInstanceOf(NoNodeError);
    expect(error).toBeInstanceOf(ZooKeeperError);
    expect(error).toMatchObject({ name: 'NoNodeError', code: -101, path: '/a' });
    expect(await client.exists('/a')).toBeNull();
  });

  test('an error that has no class is a ZooKeeperError', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    server.onRequest = () => ({ err: -999 });

    expect(await rejection(client.sync())).toMatchObject({ name: 'ZooKeeperError', code: -999 });
  });

  test('null data and empty data are different', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    server.onRequest = ({ body }) => ({
      body: { data: body.path === '/n' ? null : Buffer.alloc(0) },
    });

    expect((await client.getData('/n')).data).toBeNull();
    expect((await client.getData('/e')).data).toHaveLength(0);
  });

  test('whoAmI lists the identities', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    const infos = [{ authScheme: 'ip', user: '127.0.0.1' }];
    server.onRequest = () => ({ write: (writer) => writeClientInfos(writer, infos) });

    expect(await client.whoAmI()).toEqual(infos);
  });
});

describe('chroot', () => {
  test('is put before every path that is sent and taken off what comes back', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(`${server.address}/app`);
    server.onRequest = ({ op: sent }) =>
      sent === Opcode.getEphemerals ? { body: { ephemerals: ['/app/e', '/apple'] } } : undefined;

    expect(await client.create('/a')).toBe('/a');
    expect(await client.sync('/')).toBe('/');
    expect(await client.getEphemerals()).toEqual(['/e']);
    const seq = await client.create('/', null, { mode: CreateMode.persistentSequential });
    expect(seq).toBe('/');
    await client.getConfig();

    expect(server.requests.map(({ body }) => body.path ?? body.prefixPath)).toEqual([
      '/app/a',
      '/app',
      '/app',
      '/app/',
      '/zookeeper/config',
    ]);
  });

  test('does not show in errors', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(`${server.address}/app`);
    server.onRequest = () => ({ err: ErrorCode.noNode });

    expect(await rejection(client.getData('/a'))).toMatchObject({ path: '/a' });
  });
});

describe('multi', () => {
  test('sends its operations and returns their results', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(`${server.address}/app`);
    server.onRequest = () => ({
      write: (writer) =>
        writeMultiReply(writer, [
          { op: Opcode.create, body: { path: '/app/a' } },
          { op: Opcode.create2, body: { path: '/app/b', stat: someStat } },
          { op: Opcode.setData, body: { stat: someStat } },
          { op: Opcode.check, body: {} },
          { op: Opcode.delete, body: {} },
        ]),
    });

    const results = await client.multi([
      op.create('/a', 'x', { mode: CreateMode.ephemeral }),
      op.create('/b', null, { mode: CreateMode.container }),
      op.setData('/a', 'y', 0),
      op.check('/a', 1),
      op.delete('/b'),
    ]);

    expect(results).toEqual([
      { type: 'create', path: '/a', stat: null },
      { type: 'create', path: '/b', stat: someStat },
      { type: 'setData', stat: someStat },
      { type: 'check' },
      { type: 'delete' },
    ]);
    expect(server.requests[0]!.body).toMatchObject([
      { op: Opcode.create, body: { path: '/app/a', flags: 1 } },
      { op: Opcode.createContainer, body: { path: '/app/b', data: null } },
      { op: Opcode.setData, body: { path: '/app/a', version: 0 } },
      { op: Opcode.check, body: { path: '/app/a', version: 1 } },
      { op: Opcode.delete, body: { path: '/app/b', version: -1 } },
    ]);
  });

  test('that is refused says which operation failed, and how the others stand', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    server.onRequest = () => ({
      write: (writer) =>
        writeMultiReply(writer, [
          { op: Opcode.error, err: 0 },
          { op: Opcode.error, err: ErrorCode.noNode },
          { op: Opcode.error, err: ErrorCode.runtimeInconsistency },
        ]),
    });

    const error = await rejection(
      client.multi([op.create('/a'), op.delete('/b'), op.create('/c')]),
    );

    expect(error).toBeInstanceOf(MultiError);
    expect(error).toMatchObject({ code: ErrorCode.noNode, path: '/b', index: 1 });
    const { results, cause } = error as MultiError;
    expect(results.map((result) => result?.name ?? null)).toEqual([
      null,
      'NoNodeError',
      'RuntimeInconsistencyError',
    ]);
    expect(cause).toBe(results[1]);
  });

  test('multiRead gives each operation a result or an error', async () => {
    const server = await fakeServer();
    const { client } = await connectedRig(server.address);
    server.onRequest = () => ({
      write: (writer) =>
        writeMultiReply(writer, [
          { op: Opcode.getData, body: { data: Buffer.from('x'), stat: someStat } },
          { op: Opcode.error, err: ErrorCode.noNode },
          { op: Opcode.getChildren, body: { children: ['k'] } },
        ]),
    });

    const [data, error, children] = await client.multiRead([
      op.getData('/a'),
      op.getData('/b'),
      op.getChildren('/c'),
    ]);

    expect(data).toEqual({ type: 'getData', data: Buffer.from('x'), stat: someStat });
    expect(error).toMatchObject({ type: 'error', error: { code: ErrorCode.noNode, path: '/b' } });
    expect(children).toEqual({ type: 'getChildren', children: ['k'] });
  });
});
