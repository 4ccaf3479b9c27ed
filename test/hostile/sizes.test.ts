/**
 * Requests that are allowed and huge (issue: bad input; spec 2.2, 4.1): long and deep paths,
 * watches by the hundred thousand, long multis, wide znodes; and those that ask for more than
 * anybody can take. Each gets what ZooKeeper gives, or ends its own connection.
 */

import { afterEach, describe, expect, test } from 'vitest';
import { JuteReader } from '../../protocol/jute.ts';
import type { MultiRequest } from '../../protocol/multi.ts';
import { readMultiReply } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { type Acl, openAcl } from '../../protocol/record.ts';
import { readReply } from '../../protocol/replies.ts';
import * as b from '../support/golden/bytes.ts';
import { answer, exchange, getRoot, Rig, request } from '../support/hostile-rig.ts';
import type { RawClient } from '../support/raw-client.ts';

const rig = new Rig();
const megabyte = 1024 * 1024;
const empty = Buffer.alloc(0);

afterEach(() => rig.expectService());

const makes = (path: string, data = empty, acl: readonly Acl[] = openAcl) => ({
  ...{ path, data, acl },
  flags: 0,
});
const part = (path: string): MultiRequest => ({ op: Opcode.create, body: makes(path) });

async function replyTo(client: RawClient): Promise<JuteReader> {
  const frame = await client.next();
  expect(answer(frame)).toMatch(/^-?\d+ 0 \d+$/);
  const reader = new JuteReader(frame as Buffer);
  reader.position = 16;
  return reader;
}

describe('paths', () => {
  const bad = ['', 'a', '/a/', '/zookeeper/', '//', '/a//b', '/.', '/..', '/a/./b', '/a/..'];
  const control = [
    '/\u0001',
    '/a\u0000b',
    '/\u007f',
    '/\u009f',
    '/\u{1f600}',
    '/\uf8ff',
    '/\ufffe',
  ];
  for (const path of [...bad, ...control]) {
    test(`setData of ${JSON.stringify(path)} is answered by -8`, async () => {
      const client = await rig.session();
      const bytes = request(1, Opcode.setData, b.text(path), b.text('x'), b.int(-1));

      expect(await exchange(client, bytes, 1)).toEqual(['1 -8 0']);
      expect(rig.refused).toBe(0);
      client.drop();
    });
  }

  test('bytes that are no UTF-8 make no znode', async () => {
    const client = await rig.session();
    const count = rig.replica.state.tree.count;
    for (const hex of ['2fff', '2fc0af', '2fe282', '2feda080', '2f80', '2ff8888080']) {
      const path = Buffer.from(hex, 'hex');
      const body = [b.int(path.length), path, b.text('x'), b.world, b.int(0)];

      expect(await exchange(client, request(1, Opcode.create, ...body), 1)).toEqual(['1 -8 0']);
    }
    expect(rig.replica.state.tree.count).toBe(count);
    client.drop();
  });

  test('a name of a megabyte makes a znode, is watched, listed and removed', async () => {
    const client = await rig.session();
    const path = `/${'x'.repeat(megabyte - 100)}`;
    client.send(Opcode.exists, { path, watch: true });
    expect(answer(await client.next())).toBe('1 -101 0');

    client.send(Opcode.create, makes(path));
    const event = (await client.next()) as Buffer;
    expect(event.readInt32BE(0)).toBe(-1);
    expect(answer(await client.next())).toBe(`2 0 ${4 + path.length}`);
    client.send(Opcode.getChildren, { path: '/', watch: false });
    expect(readReply(Opcode.getChildren, await replyTo(client)).children).toContain(path.slice(1));
    client.send(Opcode.delete, { path, version: -1 });

    expect(answer(await client.next())).toBe('4 0 0');
    client.drop();
  });

  test('half a million empty or one-letter components end nowhere', async () => {
    const client = await rig.session();
    const deep = '/a'.repeat(megabyte / 2 - 50);
    const slashes = '/'.repeat(megabyte - 100);
    client.send(Opcode.create, makes(deep));
    client.send(Opcode.create, makes(slashes));
    client.send(Opcode.getData, { path: deep, watch: true });
    client.send(Opcode.delete, { path: deep, version: -1 });
    client.send(Opcode.addWatch, { path: slashes, mode: 1 });

    const answers = [];
    for (let left = 5; left > 0; left--) answers.push(answer(await client.next()));

    expect(answers).toEqual(['1 -101 0', '2 -101 0', '3 -101 0', '4 -101 0', '5 0 4']);
    client.drop();
  });

  test('a tree 2,000 deep under a recursive watch is made, changed and removed', async () => {
    const client = await rig.session();
    const depth = 2000;
    client.send(Opcode.addWatch, { path: '/', mode: 1 });
    for (let level = 1; level <= depth; level++)
      client.send(Opcode.create, makes('/d'.repeat(level)));
    const bottom = client.send(Opcode.getAllChildrenNumber, { path: '/d' });
    let events = 0;
    for (let xid = 0; xid !== bottom; ) {
      const frame = (await client.next()) as Buffer;
      xid = frame.readInt32BE(0);
      if (xid === -1) events++;
      else if (xid === bottom) expect(frame.readInt32BE(16)).toBe(depth - 1);
      else expect(frame.readInt32BE(12)).toBe(0);
    }
    expect(events).toBe(depth);

    for (let level = depth; level > 0; level--) {
      client.send(Opcode.delete, { path: '/d'.repeat(level), version: -1 });
    }
    for (let left = 2 * depth; left > 0; left--) expect(await client.next()).not.toBe('closed');
    expect(rig.replica.state.tree.findPath('/d')).toBe(-1);
    client.drop();
  });
});

describe('watches', () => {
  test('100,000 of a setWatches are set, and leave with their connection', async () => {
    const client = await rig.session();
    const { index } = rig.replica.clients.watches;
    const existWatches = Array.from({ length: 100_000 }, (_, at) => `/${at}`);
    const lists = { dataWatches: [], existWatches, childWatches: [] };
    client.send(Opcode.setWatches, { relativeZxid: 0, ...lists }, -8);

    expect(answer(await client.next())).toBe('-8 0 0');
    expect(index.watchCount).toBe(100_000);

    client.drop();
    const other = await rig.session();
    await expect.poll(() => index.watchCount).toBe(0);
    expect(index.pathCount).toBe(0);
    other.drop();
  });

  test('100,000 paths that are gone are told one by one, ahead of the answer', async () => {
    const client = await rig.session();
    const dataWatches = Array.from({ length: 100_000 }, (_, at) => `/${at}`);
    const lists = { dataWatches, existWatches: [], childWatches: [] };
    client.send(Opcode.setWatches, { relativeZxid: 0, ...lists }, -8);

    for (let at = 0; at < 100_000; at++) {
      const event = (await client.next()) as Buffer;
      if (event.readInt32BE(0) !== -1) expect.fail(`answer before event ${at}`);
    }
    expect(answer(await client.next())).toBe('-8 0 0');
    expect(rig.replica.clients.watches.index.watchCount).toBe(0);
    client.drop();
  });
});

describe('multi', () => {
  test('10,000 creates are one txn', async () => {
    const client = await rig.session();
    const before = rig.replica.state.lastZxid;
    client.send(Opcode.create, makes('/m'));
    await client.next();
    client.sendMulti(Array.from({ length: 10_000 }, (_, at) => part(`/m/${at}`)));

    const results = readMultiReply(await replyTo(client));

    expect(results).toHaveLength(10_000);
    expect(results.every(({ op }) => op === Opcode.create)).toBe(true);
    expect(rig.replica.state.lastZxid).toBe(before + 2);
    client.drop();
  });

  test('10,000 operations of which the last fails change nothing', async () => {
    const client = await rig.session();
    const { tree } = rig.replica.state;
    const { count } = tree;
    const { value } = tree.digest;
    const parts = Array.from({ length: 9999 }, (_, at) => part(`/n${at}`));
    client.sendMulti([...parts, part('/n0')]);

    const results = readMultiReply(await replyTo(client));

    const errors = results.map((result) => (result.op === Opcode.error ? result.err : 'none'));
    expect(errors).toEqual([...Array(9999).fill(0), -110]);
    expect([tree.count, tree.digest.value]).toEqual([count, value]);
    client.send(Opcode.exists, { path: '/n5000', watch: false });
    expect(answer(await client.next())).toBe('2 -101 0');
    client.drop();
  });

  test('a null in an ACL fails one part, and the znodes before it are no ghosts', async () => {
    const client = await rig.session();
    const nulls = b.vector(b.join(b.int(31), b.int(-1), b.int(-1)));
    const parts = b.join(
      b.op(Opcode.create, b.create('/ghost', 'x')),
      b.op(Opcode.create, b.create('/second', 'x', 0, nulls)),
      b.end,
    );
    const child = request(2, Opcode.create, b.create('/ghost/child', 'x'));
    const answers = await exchange(client, b.join(request(1, Opcode.multi, parts), child), 2);

    expect(answers).toEqual(['1 0 35', '2 -101 0']);
    client.drop();
  });
});

describe('replies', () => {
  test('the names of 100,000 children come in one, and nobody waits long', async () => {
    const client = await rig.session();
    client.send(Opcode.create, makes('/wide'));
    await client.next();
    for (let from = 0; from < 100_000; from += 10_000) {
      client.sendMulti(Array.from({ length: 10_000 }, (_, at) => part(`/wide/${from + at}`)));
      await replyTo(client);
    }
    client.send(Opcode.getChildren2, { path: '/wide', watch: false });

    const { children, stat } = readReply(Opcode.getChildren2, await replyTo(client));

    expect(new Set(children).size).toBe(100_000);
    expect(stat.numChildren).toBe(100_000);
    client.drop();
  });

  test('a multiRead that asks for 30 GB ends its connection', async () => {
    const client = await rig.session();
    client.send(Opcode.create, makes('/big', Buffer.alloc(megabyte - 200)));
    await client.next();
    const read: MultiRequest = { op: Opcode.getData, body: { path: '/big', watch: false } };
    client.sendMulti(Array(30_000).fill(read), Opcode.multiRead);

    expect(await client.next()).toBe('closed');

    expect(rig.refused).toBe(1);
  });
});

describe('identities', () => {
  const auth = (xid: number, text: string) =>
    request(xid, Opcode.auth, b.int(0), b.text('digest'), b.text(text));

  test('a connection that collects them is ended', async () => {
    const client = await rig.session();
    client.write(
      b.join(...Array.from({ length: 10_000 }, (_, at) => auth(-4, `user${at}:secret`))),
    );

    let last = answer(await client.next());
    let accepted = 0;
    for (; last === '-4 0 0'; last = answer(await client.next())) accepted++;

    expect(last).toBe('-4 -115 0');
    expect(accepted).toBeGreaterThan(100);
    expect(accepted).toBeLessThan(1000);
    expect(await client.next()).toBe('closed');
    expect(rig.refused).toBe(1);
  });

  test('a long list of auth entries does not multiply with them: -114', async () => {
    const client = await rig.session();
    const users = Array.from({ length: 100 }, (_, at) => auth(-4, `user${at}:secret`));
    await exchange(client, b.join(...users), users.length);
    const entries: Acl[] = Array.from({ length: 40_000 }, (_, at) => ({
      perms: at,
      id: { scheme: 'auth', id: '' },
    }));
    client.send(Opcode.create, makes('/many', empty, entries));
    client.write(request(2, Opcode.exists, getRoot));

    expect(answer(await client.next())).toBe('1 -114 0');
    expect(answer(await client.next())).toBe('2 0 68');
    client.drop();
  });
});
