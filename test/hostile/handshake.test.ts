/**
 * Handshakes that are none (issue: bad input; spec 1.2, 1.3): what Apache ZooKeeper 3.8.0 was seen
 * to do, over TCP. A connection that is refused is counted; nobody else notices.
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Opcode } from '../../protocol/opcode.ts';
import { noSession } from '../../protocol/session-id.ts';
import * as b from '../support/golden/bytes.ts';
import { exchange, getRoot, Rig, request } from '../support/hostile-rig.ts';
import { framed } from '../support/raw-client.ts';

const words = { isWord: (word: string) => word === 'ruok', answer: () => 'imok' };
const rig = new Rig({ settings: { sessionlessTimeoutMs: 300 }, makeWords: () => words });
const maxbuffer = 0xfffff;

afterEach(() => rig.expectService());

const hello = (timeOut: number, passwd: Buffer = b.text('0123456789abcdef')): Buffer =>
  framed(b.join(b.int(0), b.long(0n), b.int(timeOut), b.long(0n), passwd, b.bool(false)));

describe('what is no handshake is closed without an answer and counted', () => {
  const cases: [name: string, bytes: Buffer][] = [
    ['a read', request(1, Opcode.getData, getRoot)],
    ['a create', request(1, Opcode.create, b.create('/early', 'x'))],
    ['a closeSession', request(1, Opcode.closeSession)],
    ['an auth packet', request(-4, Opcode.auth, b.int(0), b.text('digest'), b.text('a:b'))],
    ['a request in HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a hello of TLS', Buffer.from('16030100f1010000ed0303', 'hex')],
    ['zeros', Buffer.alloc(64)],
    ['ones', Buffer.alloc(64, 0xff)],
    ['length -1', b.int(-1)],
    ['length 0', b.int(0)],
    ['length jute.maxbuffer + 1', b.int(maxbuffer + 1)],
    ['27 bytes', framed(Buffer.alloc(27))],
    ['a password longer than its frame', hello(10_000, b.int(17))],
    ['a password of length -7', hello(10_000, b.int(-7))],
    ['a word that is not known', Buffer.from('kill')],
  ];
  for (const [name, bytes] of cases) {
    test(name, async () => {
      const client = await rig.open();
      const sessionsBefore = rig.replica.sessions.size;

      expect(await exchange(client, bytes, 1)).toEqual(['closed']);

      expect(rig.refused).toBe(1);
      expect(rig.replica.sessions.size).toBe(sessionsBefore);
    });
  }
});

test('what is half of something is dropped after a while and counted', async () => {
  const halves: Record<string, Buffer> = {
    'nothing at all': Buffer.alloc(0),
    'one byte': Buffer.from([0]),
    'half a word': Buffer.from('ru'),
    'a length and no frame': b.int(45),
    'a handshake without its last byte': hello(10_000).subarray(0, -1),
    'a megabyte that is not all there': b.join(b.int(maxbuffer), Buffer.alloc(500_000)),
  };
  const refusedBefore = rig.replica.counters.refusedConnections;

  const answers = Object.entries(halves).map(async ([name, bytes]) => {
    const client = await rig.open();
    return [name, await exchange(client, bytes, 1)];
  });

  const closed = Object.keys(halves).map((name) => [name, ['closed']]);
  expect(await Promise.all(answers)).toEqual(closed);
  expect(rig.replica.counters.refusedConnections - refusedBefore).toBe(closed.length);
});

describe('a second handshake', () => {
  test('is a request with operation 0: -6, then closed', async () => {
    const client = await rig.session();
    const sessionsBefore = rig.replica.sessions.size;

    expect(await exchange(client, hello(10_000), 2)).toEqual(['0 -6 0', 'closed']);

    expect(rig.refused).toBe(1);
    expect(rig.replica.sessions.size).toBe(sessionsBefore);
  });

  test('right behind the first one fares no better', async () => {
    const client = await rig.open();
    client.write(b.join(hello(10_000), hello(10_000)));

    expect((await client.next()).length).toBe(37);
    expect(await exchange(client, Buffer.alloc(0), 2)).toEqual(['0 -6 0', 'closed']);
  });
});

describe('a handshake with odd values', () => {
  test('lastZxidSeen ahead of us: closed without an answer, session or not', async () => {
    const client = await rig.open();
    expect(await client.connect({ lastZxidSeen: rig.replica.state.lastZxid + 1_000_000 })).toBe(
      'closed',
    );
    expect(rig.refused).toBe(1);

    const holder = await rig.session();
    const other = await rig.open();
    const { sessionId, passwd } = holder;
    expect(await other.connect({ lastZxidSeen: 2 ** 50, sessionId, passwd })).toBe('closed');
    expect(await exchange(holder, request(1, Opcode.exists, getRoot), 1)).toEqual(['1 0 68']);
    holder.drop();
  });

  test('lastZxidSeen below zero is taken', async () => {
    const client = await rig.open();

    expect(await client.connect({ lastZxidSeen: -5 })).toMatchObject({ timeOut: 30_000 });
    client.drop();
  });

  const timeouts = [
    [-1, 4000],
    [-(2 ** 31), 4000],
    [0, 4000],
    [1, 4000],
    [4001, 4001],
    [2 ** 31 - 1, 40_000],
  ] as const;
  for (const [asked, given] of timeouts) {
    test(`a session timeout of ${asked} ms becomes ${given}`, async () => {
      const client = await rig.open();

      expect(await client.connect({ timeOut: asked })).toMatchObject({ timeOut: given });
      client.drop();
    });
  }

  const denied = {
    timeOut: 0,
    sessionId: noSession,
    passwd: Buffer.alloc(16),
  };
  test('a wrong password is told that the session is gone, and its holder keeps it', async () => {
    const holder = await rig.session();
    for (const passwd of [Buffer.alloc(16), null, Buffer.alloc(0), Buffer.alloc(100_000)]) {
      const client = await rig.open();

      expect(await client.connect({ sessionId: holder.sessionId, passwd })).toMatchObject(denied);
      expect(await client.next()).toBe('closed');
    }
    expect(await exchange(holder, request(1, Opcode.exists, getRoot), 1)).toEqual(['1 0 68']);
    holder.drop();
  });

  test('a session that never was is told to be gone', async () => {
    const client = await rig.open();

    expect(await client.connect({ sessionId: 'ffffffffffffffff' })).toMatchObject(denied);
    expect(await client.next()).toBe('closed');
  });

  test('a session that was closed is told to be gone, also with its own password', async () => {
    const holder = await rig.session();
    const { sessionId, passwd } = holder;
    await exchange(holder, request(1, Opcode.closeSession), 2);
    const client = await rig.open();

    expect(await client.connect({ sessionId, passwd })).toMatchObject(denied);
    expect(await client.next()).toBe('closed');
  });

  test('a new session takes any password: null, none, a megabyte', async () => {
    for (const passwd of [null, Buffer.alloc(0), Buffer.alloc(maxbuffer - 29)]) {
      const client = await rig.open();

      expect(await client.connect({ passwd })).toMatchObject({ timeOut: 30_000 });
      client.drop();
    }
  });
});

test('a word in four pieces is a word, and its connection is not refused', async () => {
  const refusedBefore = rig.replica.counters.refusedConnections;
  const socket = connect(rig.port, '127.0.0.1').setNoDelay(true);
  let text = '';
  socket.on('data', (part: Buffer) => {
    text += part;
  });
  for (const letter of 'ruok') await new Promise((sent) => socket.write(letter, sent));

  await once(socket, 'close');

  expect(text).toBe('imok');
  expect(rig.replica.counters.refusedConnections).toBe(refusedBefore);
});
