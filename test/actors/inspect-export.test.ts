/**
 * Exports: whole sub-trees, parents first, within limits, and of what the viewer may read.
 */

import { describe, expect, test } from 'vitest';
import { InspectExport } from '../../actors/inspect/inspect-export.ts';
import { InspectRights } from '../../actors/inspect/inspect-rights.ts';
import { Slices } from '../../actors/inspect/inspect-slices.ts';
import type { Acl } from '../../protocol/record.ts';
import { Permission } from '../../protocol/record.ts';
import { InspectRig } from '../support/inspect-rig.ts';

const digest: Acl = { perms: Permission.all, id: { scheme: 'digest', id: 'me:aGFzaA==' } };
const readers: Acl = { perms: Permission.read, id: { scheme: 'world', id: 'anyone' } };
const all = (root: string) => ({ what: 'export', root, viewer: 'admin' }) as const;

describe('an export', () => {
  test('tells parents first, with data, ACL and kind', async () => {
    const rig = new InspectRig();
    rig.create('/a', 'one', { acl: [readers, digest] });
    rig.create('/a/<i>', Buffer.from([0, 255]), { kind: 'ttl', ttl: 7000 });
    rig.create('/a/<i>/c', null);
    rig.create('/b', 'not below');

    const open = [{ perms: 'cdrwa', scheme: 'world', id: 'anyone' }];
    expect(await rig.ask(all('/a'))).toEqual([
      {
        ...{ path: '/a', data: 'b25l', kind: 'persistent', ttlMs: null },
        acl: [
          { perms: 'r', scheme: 'world', id: 'anyone' },
          { perms: 'cdrwa', scheme: 'digest', id: 'me:aGFzaA==' },
        ],
      },
      { path: '/a/<i>', data: 'AP8=', acl: open, kind: 'ttl', ttlMs: 7000 },
      { path: '/a/<i>/c', data: '', acl: open, kind: 'persistent', ttlMs: null },
    ]);
  });

  test('leaves out what the world may not read, with all that is below', async () => {
    const rig = new InspectRig();
    for (const path of ['/a', '/a/open', '/a/open/b']) rig.create(path);
    rig.create('/a/shut', 'secret', { acl: [digest] });
    rig.create('/a/shut/below');

    const list = await rig.ask({ ...all('/a'), viewer: 'world' });
    expect(list.map(({ path }) => path)).toEqual(['/a', '/a/open', '/a/open/b']);
    const refused = rig.ask({ ...all('/a/shut'), viewer: 'world' });
    await expect(refused).rejects.toThrow('/a/shut may not be read');
    await expect(rig.ask(all('/nobody'))).rejects.toThrow('there is no znode /nobody');
  });

  test('of more than 16 MB is refused', async () => {
    const rig = new InspectRig();
    for (let made = 0; made < 17; made++) rig.create(`/big-${made}`, Buffer.alloc(1024 * 1024));

    await expect(rig.ask(all('/'))).rejects.toThrow('/ is too large to export: at most 16 MB and');
    expect(await rig.ask(all('/big-0'))).toHaveLength(1);
    expect(rig.turns).toBeLessThan(4);
  });

  test('of more than so many znodes is refused', async () => {
    const rig = new InspectRig();
    for (const path of ['/a', '/a/1', '/a/2']) rig.create(path);
    const limited = (znodes: number) => {
      const limits = { bytes: 1024 * 1024, znodes };
      const slices = new Slices(rig.clock);
      const rights = new InspectRights(rig.view);
      return rig.run(new InspectExport(rig.view.state, rights, slices, limits).list(all('/a')));
    };

    await expect(limited(2)).rejects.toThrow('at most 1 MB and 2 znodes');
    expect(await limited(3)).toHaveLength(3);
  });

  test('goes on in slices, and what goes meanwhile is not in it, or whole', async () => {
    const rig = new InspectRig();
    rig.create('/a');
    const count = 10_000;
    for (let made = 0; made < count; made++) rig.create(`/a/${made}`, `${made}`);
    let gone = 0;
    rig.onTurn = () => {
      for (let taken = 0; taken < 100; taken++) rig.delete(`/a/${count - ++gone}`);
      rig.create(`/a/new-${gone}`, 'new');
    };

    const list = await rig.ask(all('/a'));
    expect(rig.turns).toBeGreaterThan(5);
    const paths = new Set(list.map(({ path }) => path));
    expect(paths.size).toBe(list.length);
    for (let left = 0; left < count - gone; left++) expect(paths.has(`/a/${left}`)).toBe(true);
    for (const { path, data } of list.slice(1)) {
      const value = Buffer.from(data, 'base64').toString();
      expect(path.startsWith(value === 'new' ? '/a/new-' : `/a/${value}`)).toBe(true);
    }
  });

  test('one is made at a time', async () => {
    const rig = new InspectRig();
    rig.create('/a');
    for (let made = 0; made < 5000; made++) rig.create(`/a/${made}`);

    await expect(rig.askAll([all('/a'), all('/a')])).rejects.toThrow('another export is under way');
    expect(await rig.ask(all('/a'))).toHaveLength(5001);
  });
});
