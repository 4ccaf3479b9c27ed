/** Writes through the console: who may, what is refused before it is tried, what is passed on. */

import { describe, expect, test } from 'vitest';
import type { WriteRequest } from '../../console/server/write-request.ts';
import type { WriteResult, ZnodeWriter } from '../../console/server/znode-writer.ts';
import { Permission } from '../../protocol/record.ts';
import { bearer, rightToken, startRig } from './rig.ts';

class FakeWriter implements ZnodeWriter {
  readonly written: WriteRequest[] = [];

  async write(request: WriteRequest): Promise<WriteResult> {
    this.written.push(request);
    return { path: request.path };
  }

  async close(): Promise<void> {}
}

const right = bearer(rightToken);
const set = { op: 'set', path: '/a', data: 'aGk=', version: 3 };

describe('who may write', () => {
  test('whoever has the token', async () => {
    const writer = new FakeWriter();
    const { ask, post } = await startRig({ token: rightToken, writer });
    const answer = await post('/api/write', set, right);

    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ path: '/a' });
    expect(writer.written).toHaveLength(1);
    expect((await ask('/api/about')).json().canWrite).toBe(true);
  });

  test('nobody else, and nobody where there is no token', async () => {
    const writer = new FakeWriter();
    const closed = await startRig({ writer });
    const guarded = await startRig({ token: rightToken, writer });
    const none = await closed.post('/api/write', set);

    expect(none.status).toBe(403);
    expect(none.json().error).toContain('no token is configured');
    expect((await guarded.post('/api/write', set)).status).toBe(401);
    expect((await guarded.post('/api/write', set, bearer('wrong'))).status).toBe(401);
    expect((await guarded.ask('/api/write', { headers: right })).status).toBe(405);
    expect(writer.written).toEqual([]);
  });

  test('no page of another origin, with the token neither', async () => {
    const writer = new FakeWriter();
    const { post } = await startRig({ token: rightToken, writer });
    const headers = { ...right, origin: 'http://evil.example' };

    expect((await post('/api/write', set, headers)).status).toBe(403);
    expect(writer.written).toEqual([]);
  });

  test('nobody where there is no way to write', async () => {
    const { post } = await startRig({ token: rightToken });

    expect((await post('/api/write', set, right)).status).toBe(403);
  });
});

describe('a write', () => {
  test('is passed on with all that it says', async () => {
    const writer = new FakeWriter();
    const { post } = await startRig({ token: rightToken, writer });
    const create = {
      op: 'create',
      path: '/b',
      data: '',
      kind: 'ttl',
      ttlMs: 5_000,
      acl: [{ perms: 'cdrwa', scheme: 'world', id: 'anyone' }],
      auth: { scheme: 'digest', credentials: 'ann:secret' },
    };
    await post('/api/write', create, right);
    await post('/api/write', set, right);
    await post('/api/write', { op: 'delete', path: '/a' }, right);

    const nothing = { data: null, version: -1, kind: 'persistent', ttlMs: null, acl: null };
    expect(writer.written).toEqual([
      {
        op: 'create',
        path: '/b',
        data: Buffer.alloc(0),
        version: -1,
        kind: 'ttl',
        ttlMs: 5_000,
        acl: [{ perms: Permission.all, id: { scheme: 'world', id: 'anyone' } }],
        auth: { scheme: 'digest', credentials: 'ann:secret' },
      },
      { ...nothing, op: 'set', path: '/a', data: Buffer.from('hi'), version: 3, auth: null },
      { ...nothing, op: 'delete', path: '/a', auth: null },
    ]);
  });

  test('may carry as much as a znode takes, and not much more', async () => {
    const writer = new FakeWriter();
    const { post } = await startRig({ token: rightToken, writer });
    const data = Buffer.alloc(2 ** 20, 7).toString('base64');
    const fits = await post('/api/write', { ...set, data }, right);
    const large = await post('/api/write', { ...set, data: data + data }, right);

    expect(fits.status).toBe(200);
    expect(large.status).toBe(413);
    expect(writer.written[0]?.data).toHaveLength(2 ** 20);
  });
});

describe('a bad write is refused with its field', () => {
  const cases: readonly (readonly [body: unknown, part: string])[] = [
    [{}, '"op"'],
    [{ ...set, op: 'multi' }, '"op"'],
    [{ ...set, path: 7 }, '"path"'],
    [{ op: 'set', path: '/a' }, '"data"'],
    [{ ...set, data: 'a' }, 'base64'],
    [{ ...set, data: 'aGk\n' }, 'base64'],
    [{ ...set, data: [1, 2] }, '"data"'],
    [{ ...set, version: '3' }, '"version"'],
    [{ ...set, version: -2 }, '"version"'],
    [{ ...set, version: 2 ** 31 }, '"version"'],
    [{ op: 'create', path: '/a', kind: 'ephemeral' }, 'ephemeral'],
    [{ op: 'create', path: '/a', kind: 'other' }, '"kind"'],
    [{ op: 'create', path: '/a', kind: 'ttl' }, '"ttlMs"'],
    [{ op: 'create', path: '/a', kind: 'ttl', ttlMs: 0 }, '"ttlMs"'],
    [{ op: 'create', path: '/a', acl: 'all' }, '"acl"'],
    [{ op: 'create', path: '/a', acl: [{ perms: 'x', scheme: 'a', id: 'b' }] }, '"perms"'],
    [{ op: 'create', path: '/a', acl: [{ perms: 'r', scheme: 'a' }] }, '"id"'],
    [{ ...set, auth: 'ann:secret' }, '"auth"'],
    [{ ...set, auth: { scheme: 'digest' } }, '"credentials"'],
  ];
  for (const [body, part] of cases) {
    test(JSON.stringify(body), async () => {
      const writer = new FakeWriter();
      const { post } = await startRig({ token: rightToken, writer });
      const answer = await post('/api/write', body, right);

      expect(answer.status).toBe(400);
      expect(answer.json().error).toContain(part);
      expect(writer.written).toEqual([]);
    });
  }
});
