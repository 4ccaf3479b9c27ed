/**
 * Questions about one znode: all of it, whatever its name and data, and what the world may not see
 * of it.
 */

import { describe, expect, test } from 'vitest';
import type { Acl } from '../../protocol/record.ts';
import { Permission } from '../../protocol/record.ts';
import { WatchTable } from '../../storage/watch-index.ts';
import { InspectRig } from '../support/inspect-rig.ts';
import { addWatch, first } from '../support/replica-view.ts';

const secret: Acl[] = [
  { perms: Permission.all, id: { scheme: 'digest', id: 'me:aGFzaA==' } },
  { perms: Permission.write, id: { scheme: 'world', id: 'anyone' } },
];
const mixed: Acl[] = [
  { perms: Permission.read | Permission.admin, id: { scheme: 'world', id: 'anyone' } },
  { perms: Permission.all, id: { scheme: 'digest', id: 'me:aGFzaA==' } },
];
const world = (path: string) => ({ what: 'znode', path, viewer: 'world' }) as const;
const admin = (path: string) => ({ what: 'znode', path, viewer: 'admin' }) as const;

describe('a znode', () => {
  test('is told with its Stat, data, ACL and watches', async () => {
    const rig = new InspectRig();
    rig.create('/a', 'hello');
    rig.create('/a/b');
    addWatch(rig.view, 1, '/a', WatchTable.data);
    addWatch(rig.view, 2, '/a', WatchTable.child);
    addWatch(rig.view, 2, '/a/b', WatchTable.child);

    expect(await rig.ask(world('/a'))).toEqual({
      path: '/a',
      stat: {
        ...{ czxid: '0x1', mzxid: '0x1', pzxid: '0x2', ctimeMs: 10, mtimeMs: 10 },
        ...{ version: 0, cversion: 3, aversion: 0, ephemeralOwner: '0x0' },
        ...{ dataLength: 5, numChildren: 1 },
      },
      data: Buffer.from('hello').toString('base64'),
      acl: [{ perms: 'cdrwa', scheme: 'world', id: 'anyone' }],
      kind: 'persistent',
      ttlMs: null,
      watches: 2,
      quota: null,
    });
  });

  test('that is not there is null', async () => {
    expect(await new InspectRig().ask(admin('/nobody'))).toBeNull();
  });

  test('has a kind: ephemeral, container, with a time to live', async () => {
    const rig = new InspectRig();
    rig.create('/e', '', { kind: 'ephemeral', owner: first.id });
    rig.create('/c', '', { kind: 'container' });
    rig.create('/t', '', { kind: 'ttl', ttl: 5000 });

    expect(await rig.ask(world('/e'))).toMatchObject({
      kind: 'ephemeral',
      stat: { ephemeralOwner: '0x1000035dffb0000' },
    });
    expect(await rig.ask(world('/c'))).toMatchObject({ kind: 'container', ttlMs: null });
    expect(await rig.ask(world('/t'))).toMatchObject({ kind: 'ttl', ttlMs: 5000 });
  });

  test('may hold a megabyte of any bytes, or null, and have any name', async () => {
    const rig = new InspectRig();
    const bytes = Buffer.alloc(1024 * 1024, Buffer.from([0, 255, 60, 195, 40]));
    const path = '/<img src=x onerror=alert(1)>"&\u00fc';
    rig.create(path, bytes);
    rig.create('/null', null);

    const view = await rig.ask(world(path));
    expect(view?.path).toBe(path);
    expect(Buffer.from(view?.data ?? '', 'base64').equals(bytes)).toBe(true);
    expect((await rig.ask(world('/null')))?.data).toBe('');
  });

  test('has a quota where one is set', async () => {
    const rig = new InspectRig();
    for (const path of ['/q', '/q/a', '/zookeeper/quota/q']) rig.create(path, 'abc');
    rig.create('/zookeeper/quota/q/zookeeper_limits', 'count=5,bytes=-1=;byteHardLimit=100');
    rig.create('/zookeeper/quota/q/zookeeper_stats', 'count=2,bytes=6');

    const quota = { count: 5, bytes: 100, usedCount: 2, usedBytes: 6 };
    expect((await rig.ask(world('/q')))?.quota).toEqual(quota);
    expect((await rig.ask(world('/q/a')))?.quota).toBeNull();
  });

  test('below /zookeeper is as any other', async () => {
    const acl = [{ perms: 'r', scheme: 'world', id: 'anyone' }];

    expect((await new InspectRig().ask(world('/zookeeper/config')))?.acl).toEqual(acl);
  });
});

describe('to the world', () => {
  test('a znode that it may not read is there, and that is all', async () => {
    const rig = new InspectRig();
    rig.create('/s', 'hidden', { acl: secret, kind: 'ephemeral', owner: first.id });
    addWatch(rig.view, 1, '/s', WatchTable.data);

    expect(await rig.ask(world('/s'))).toEqual({
      path: '/s',
      stat: {
        ...{ czxid: '0x0', mzxid: '0x0', pzxid: '0x0', ctimeMs: 0, mtimeMs: 0 },
        ...{ version: 0, cversion: 0, aversion: 0, ephemeralOwner: '0x0' },
        ...{ dataLength: 0, numChildren: 0 },
      },
      ...{ data: null, acl: [], kind: 'persistent', ttlMs: null, watches: 0, quota: null },
    });
  });

  test('ids of digest are empty, and an admin sees them', async () => {
    const rig = new InspectRig();
    rig.create('/m', 'data', { acl: mixed });
    rig.create('/s', 'hidden', { acl: secret });

    expect((await rig.ask(world('/m')))?.acl).toEqual([
      { perms: 'ra', scheme: 'world', id: 'anyone' },
      { perms: 'cdrwa', scheme: 'digest', id: '' },
    ]);
    expect(await rig.ask(admin('/s'))).toMatchObject({
      data: Buffer.from('hidden').toString('base64'),
      acl: [{ id: 'me:aGFzaA==' }, { perms: 'w' }],
    });
  });

  test('nothing is hidden where ACLs are not checked', async () => {
    const rig = new InspectRig({ settings: { dataDir: '/data', skipAcl: true } });
    rig.create('/s', 'hidden', { acl: secret });

    expect((await rig.ask(world('/s')))?.data).not.toBeNull();
  });
});
