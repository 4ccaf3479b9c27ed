/**
 * Broken frames and requests over TCP (issue: bad input; spec 1.2, 2.3, 2.4): each gets what Apache
 * ZooKeeper 3.8.0 was seen to give, an error code or a closed connection; a connection that is
 * refused is counted; nobody else notices.
 */

import { afterEach, describe, expect, test } from 'vitest';
import { Opcode } from '../../protocol/opcode.ts';
import * as b from '../support/golden/bytes.ts';
import { exchange, getRoot, Rig, request } from '../support/hostile-rig.ts';
import { RawClient } from '../support/raw-client.ts';

const rig = new Rig();
const frameBytesMax = 0xfffff;

afterEach(() => rig.expectService());

describe('a frame that cannot be one closes the connection without an answer', () => {
  const cases: [name: string, bytes: Buffer][] = [
    ['length -1', b.int(-1)],
    ['length -2^31', b.int(-(2 ** 31))],
    ['length 0', b.int(0)],
    ['length jute.maxbuffer + 1', b.int(frameBytesMax + 1)],
    ['length 2^31 - 1', b.int(2 ** 31 - 1)],
    ['a request of 4 bytes', b.join(b.int(4), b.int(1))],
    ['a request of 7 bytes', b.join(b.int(7), Buffer.alloc(7))],
  ];
  for (const [name, bytes] of cases) {
    test(name, async () => {
      const client = await rig.session();

      expect(await exchange(client, bytes, 1)).toEqual(['closed']);

      expect(rig.refused).toBe(1);
    });
  }

  test('and what was asked before it is answered', async () => {
    const client = await rig.session();
    client.write(request(1, Opcode.exists, getRoot));
    await client.next();

    const bytes = b.join(request(2, Opcode.exists, getRoot), b.int(-1));

    expect((await exchange(client, bytes, 2)).at(-1)).toBe('closed');
  });

  test('the longest frame that may come is taken', async () => {
    const client = await rig.session();
    const head = b.join(b.text('/longest'), b.int(0));
    const size = frameBytesMax - 8 - head.length - b.world.length - 4;
    const data = Buffer.alloc(size, 'x').toString();
    const create = request(1, Opcode.create, b.create('/longest', data));
    expect(create.readInt32BE(0)).toBe(frameBytesMax);

    expect(await exchange(client, create, 1)).toEqual(['1 0 12']);
    expect(
      await exchange(client, request(2, Opcode.delete, b.text('/longest'), b.int(-1)), 1),
    ).toEqual(['2 0 0']);
  });
});

describe('a record that ends early or claims too much is answered by -5', () => {
  const claim = b.int(0x3fffffff);
  const cases: [name: string, op: number, body: Buffer][] = [
    ['getData without its watch flag', Opcode.getData, b.text('/')],
    ['getData without anything', Opcode.getData, Buffer.alloc(0)],
    ['getData of a null path', Opcode.getData, b.join(b.text(null), b.bool(false))],
    ['getData of a path of length -5', Opcode.getData, b.join(b.int(-5), b.bool(false))],
    ['getData of a path of 1 GB', Opcode.getData, b.join(claim, b.bool(false))],
    ['create that ends behind its path', Opcode.create, b.text('/t')],
    ['create with data of 1 GB', Opcode.create, b.join(b.text('/t'), claim)],
    ['create with 2^30 ACL entries', Opcode.create, b.join(b.text('/t'), b.text('x'), claim)],
    ['create of a null path', Opcode.create, b.create(null, 'x')],
    ['setData that ends early', Opcode.setData, b.join(b.text('/'), b.text('x'))],
    ['delete without its version', Opcode.delete, b.text('/t')],
    ['setWatches with 2^30 paths', Opcode.setWatches, b.join(b.long(0n), claim)],
    ['setWatches with -2 paths', Opcode.setWatches, b.join(b.long(0n), b.int(-2))],
    [
      'setWatches with a null path',
      Opcode.setWatches,
      b.join(b.long(0n), b.vector(b.text(null)), b.vector(), b.vector()),
    ],
    [
      'setWatches with a null list',
      Opcode.setWatches,
      b.join(b.long(0n), b.int(-1), b.vector(), b.vector()),
    ],
    ['multi without its end', Opcode.multi, b.op(Opcode.create, b.create('/t', 'x'))],
    ['multi with an operation cut off', Opcode.multi, b.join(b.op(Opcode.create), b.text('/t'))],
    ['multi with a multi in it', Opcode.multi, b.join(b.op(Opcode.multi), b.end)],
    ['multiRead with a write in it', Opcode.multiRead, b.join(b.op(Opcode.create), b.end)],
    ['addWatch with mode 7', Opcode.addWatch, b.join(b.text('/'), b.int(7))],
    ['removeWatches with type 0', Opcode.removeWatches, b.join(b.text('/'), b.int(0))],
  ];
  for (const [name, op, body] of cases) {
    test(name, async () => {
      const client = await rig.session();
      const bytes = b.join(request(1, op, body), request(2, Opcode.exists, getRoot));

      expect(await exchange(client, bytes, 2)).toEqual(['1 -5 0', '2 0 68']);

      expect(rig.refused).toBe(0);
      expect(rig.replica.state.tree.findPath('/t')).toBe(-1);
      client.drop();
    });
  }

  test('bytes behind a whole record are ignored', async () => {
    const client = await rig.session();
    const bytes = request(1, Opcode.exists, getRoot, Buffer.alloc(1000, 0xff));

    expect(await exchange(client, bytes, 1)).toEqual(['1 0 68']);
    client.drop();
  });
});

describe('an operation that clients do not have is answered by -6 and zxid -1, then closed', () => {
  const ops = {
    notification: 0,
    'a gap in the table': 10,
    'check outside a multi': Opcode.check,
    deleteContainer: Opcode.deleteContainer,
    'one above the table': 128,
    '12345678': 12_345_678,
    error: Opcode.error,
    createSession: Opcode.createSession,
    setSecret: Opcode.setSecret,
    '-2^31': -(2 ** 31),
  };
  for (const [name, op] of Object.entries(ops)) {
    test(name, async () => {
      const client = await rig.session();
      const secret = rig.replica.state.secret;
      client.write(request(7, op, b.text('/zookeeper'), b.int(-1)));

      const reply = (await client.next()) as Buffer;

      expect(reply.toString('hex')).toBe(`00000007${'f'.repeat(16)}fffffffa`);
      expect(await client.next()).toBe('closed');
      expect(rig.refused).toBe(1);
      expect(rig.replica.state.secret).toBe(secret);
    });
  }

  test('it waits for its turn behind a write (unknown operation behind a create)', async () => {
    const client = await rig.session();
    const create = request(1, Opcode.create, b.create('/turn', 'x'));

    const answers = await exchange(client, b.join(create, request(2, 99)), 3);

    expect(answers).toEqual(['1 0 9', '2 -6 0', 'closed']);
  });
});

describe('a packet that proves who one is', () => {
  const broken: [name: string, bytes: Buffer][] = [
    ['auth without a body', request(-4, Opcode.auth)],
    ['auth with a scheme of 8 MB', request(-4, Opcode.auth, b.int(0), b.int(0x7fffff))],
    ['sasl with a token of 500 bytes that are not there', request(1, Opcode.sasl, b.int(500))],
  ];
  for (const [name, bytes] of broken) {
    test(`is dropped when it cannot be decoded: ${name}`, async () => {
      const client = await rig.session();
      const failuresBefore = rig.replica.counters.authFailures;

      expect(await exchange(client, bytes, 1)).toEqual(['closed']);

      expect(rig.refused).toBe(1);
      expect(rig.replica.counters.authFailures).toBe(failuresBefore + 1);
    });
  }

  test('with an unknown scheme is answered by -115 and closed', async () => {
    const client = await rig.session();
    const bytes = request(-4, Opcode.auth, b.int(0), b.text('nonsense'), b.text('x'));

    expect(await exchange(client, bytes, 2)).toEqual(['-4 -115 0', 'closed']);
    expect(rig.refused).toBe(1);
  });
});

describe('the end of a session', () => {
  test('closeSession twice and a read behind them: one answer, then closed', async () => {
    const client = await rig.session();
    const close = (xid: number) => request(xid, Opcode.closeSession);
    const bytes = b.join(close(1), close(2), request(3, Opcode.exists, getRoot));

    expect(await exchange(client, bytes, 2)).toEqual(['1 0 0', 'closed']);
  });

  test('a write behind closeSession changes nothing and overtakes nothing', async () => {
    const client = await rig.session();
    const create = (xid: number, path: string) =>
      request(xid, Opcode.create, b.create(path, 'x', 1));
    const bytes = b.join(create(1, '/p'), request(2, Opcode.closeSession), create(3, '/q'));

    expect(await exchange(client, bytes, 3)).toEqual(['1 0 6', '2 0 0', 'closed']);

    expect(rig.replica.state.tree.findPath('/p')).toBe(-1);
    expect(rig.replica.state.tree.findPath('/q')).toBe(-1);
  });

  test('closeSession with junk behind it closes', async () => {
    const client = await rig.session();
    const bytes = request(1, Opcode.closeSession, Buffer.alloc(100, 7));

    expect(await exchange(client, bytes, 2)).toEqual(['1 0 0', 'closed']);
  });

  test('bytes on a connection that was refused do not keep its session alive', async () => {
    const client = await rig.session();
    const session = rig.replica.sessions.get(client.sessionId)!;
    await exchange(client, request(1, 99), 1);
    const heardMs = session.lastHeardMs;

    client.write(request(2, Opcode.ping));
    const probe = await RawClient.session(rig.port);
    await exchange(probe, request(1, Opcode.exists, getRoot), 1);

    expect(session.lastHeardMs).toBe(heardMs);
    client.drop();
    probe.drop();
  });
});
