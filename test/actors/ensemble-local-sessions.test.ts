/**
 * Local sessions in an ensemble, as its clients see them: where they may go on, what they may
 * write, what becomes of them when one creates an ephemeral, when the leader changes and while
 * there is none. Codes are those that Apache ZooKeeper 3.8.0 gave to the same requests.
 */

import { describe, expect, test } from 'vitest';
import { JuteReader } from '../../protocol/jute.ts';
import { type MultiRequest, readMultiReply } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { PacketKind } from '../../protocol/packet.ts';
import { openAcl } from '../../protocol/record.ts';
import { readReply, replyHeaderBytes } from '../../protocol/replies.ts';
import { CreateMode, type RequestBody, type RequestOp } from '../../protocol/requests.ts';
import { formatSessionId } from '../../protocol/session-id.ts';
import { type Member, TestEnsemble } from '../support/ensemble.ts';
import { RawClient } from '../support/raw-client.ts';
import { startReplica } from '../support/replica.ts';
import { fourLetterWord } from '../support/zoo-process.ts';

const local = { localSessionsEnabled: true, fourLetterWords: 'all' } as const;
const upgrading = { ...local, localSessionsUpgradingEnabled: true };

const znode = (path: string, flags = 0) => ({ path, data: null, acl: openAcl, flags });
const part = (path: string, flags = 0): MultiRequest => {
  return { op: Opcode.create, body: znode(path, flags) };
};

/** xid, zxid and error of the next reply, and what follows them. */
async function replyTo(client: RawClient) {
  const frame = await client.next();
  if (frame === 'closed') throw new Error('the connection has ended');
  const reader = new JuteReader(frame);
  const [xid, zxid, err] = [reader.int(), reader.long(), reader.int()];
  return { xid, zxid, err, body: new JuteReader(frame.subarray(replyHeaderBytes)) };
}

function ask<Op extends RequestOp>(client: RawClient, op: Op, body: RequestBody<Op>) {
  client.send(op, body);
  return replyTo(client);
}

const create = async (client: RawClient, path: string, flags = 0) =>
  (await ask(client, Opcode.create, znode(path, flags))).err;

/** Session of an ephemeral; null when there is no such znode. */
async function ownerOf(client: RawClient, path: string): Promise<string | null> {
  await ask(client, Opcode.sync, { path: '/' });
  const { err, body } = await ask(client, Opcode.exists, { path, watch: false });
  return err === 0 ? readReply(Opcode.exists, body).stat.ephemeralOwner : null;
}

/** Comes back with the session of `before`. */
async function comeBack({ port }: { port: number }, before: RawClient, readOnly = false) {
  const { sessionId, passwd } = before;
  before.drop();
  const client = await RawClient.open(port);
  const response = await client.connect({ sessionId, passwd, readOnly });
  return { client, timeOut: response === 'closed' ? response : response.timeOut };
}

/** As mntr tells: local and global sessions. */
async function counts({ port }: { port: number }): Promise<number[]> {
  const text = await fourLetterWord(port, 'mntr');
  return [/local_sessions\t(\d+)/, /global_sessions\t(\d+)/].map((key) =>
    Number(key.exec(text)![1]),
  );
}

interface Place {
  readonly ensemble: TestEnsemble;
  readonly here: Member;
  readonly other: Member;
}

function atEach(name: string, settings: object, check: (place: Place) => Promise<void>): void {
  for (const role of ['leader', 'follower']) {
    test(`${name} (at a ${role})`, async () => {
      const ensemble = await TestEnsemble.start({ settings });
      const pair = [ensemble.leader!, ensemble.followers[0]!] as const;
      const [here, other] = role === 'leader' ? pair : [pair[1], pair[0]];
      await check({ ensemble, here, other });
    });
  }
}

describe('a local session', () => {
  atEach('costs no txn, and only its replica counts it', local, async ({ here, other }) => {
    const { state } = here.replica;
    const before = state.lastZxid;
    const client = await RawClient.session(here.port);
    expect([await counts(here), await counts(other)]).toEqual([
      [1, 0],
      [0, 0],
    ]);

    client.sendRaw(Opcode.closeSession);

    expect(await replyTo(client)).toMatchObject({ err: 0, zxid: before });
    expect(await client.next()).toBe('closed');
    expect([await counts(here), state.lastZxid]).toEqual([[0, 0], before]);
    expect((await comeBack(here, client)).timeOut).toBe(0);
  });

  atEach('writes, and goes on here and nowhere else', local, async ({ here, other }) => {
    const client = await RawClient.session(here.port);
    expect(await create(client, '/one')).toBe(0);
    const { sessionId } = client;

    expect((await comeBack(other, client)).timeOut).toBe(0);
    const { client: back, timeOut } = await comeBack(here, client);

    expect([timeOut, back.sessionId]).toEqual([30_000, sessionId]);
    expect(await create(back, '/two')).toBe(0);
    expect(await ownerOf(back, '/two')).toBe('0000000000000000');
  });

  atEach('is expired by its replica', { ...local, ...quick() }, async ({ ensemble, here }) => {
    const client = await RawClient.open(here.port);
    await client.connect({ timeOut: 100 });
    const before = here.replica.state.lastZxid;

    await ensemble.until('it is over', () => here.replica.sessions.local.size === 0);

    expect(await client.next()).toBe('closed');
    expect(here.replica.state.lastZxid).toBe(before);
    expect((await comeBack(here, client)).timeOut).toBe(0);
  });

  atEach('is told by dump', local, async ({ here, other }) => {
    const { sessionId } = await RawClient.session(here.port);
    const sets = (at: Member) => fourLetterWord(at.port, 'dump');
    const global = (at: Member) =>
      at.replica.mode === 'leader' ? 'Global Session Sets (0)/(0):' : 'Global Sessions(0):';

    expect(await sets(here)).toMatch(/^SessionTracker dump:\nLocal Session Sets \(1\)\/\(1\):\n1 /);
    expect(await sets(here)).toContain(`:\n\t${formatSessionId(sessionId)}\n${global(here)}\n`);
    expect(await sets(other)).toContain(`\nLocal Session Sets (0)/(0):\n${global(other)}\n`);
  });
});

describe('its ephemeral', () => {
  atEach('is refused where it stays local', local, async ({ here }) => {
    const client = await RawClient.session(here.port);

    expect(await create(client, '/e', CreateMode.ephemeral)).toBe(-120);
    expect(await create(client, 'no-path', CreateMode.ephemeralSequential)).toBe(-120);
    client.sendMulti([part('/a'), part('/e', CreateMode.ephemeral), part('/b')]);
    const { err, body } = await replyTo(client);

    expect(err).toBe(0);
    const results = readMultiReply(body).map((result) => 'err' in result && result.err);
    expect(results).toEqual([0, -120, -2]);
    expect(await create(client, '/a')).toBe(0);
    expect(await counts(here)).toEqual([1, 0]);
  });

  atEach('makes it global: it goes on anywhere', upgrading, async ({ ensemble, here, other }) => {
    const client = await RawClient.session(here.port);
    const { sessionId } = client;
    const before = here.replica.state.lastZxid;

    client.send(Opcode.create, znode('/e', CreateMode.ephemeral));
    client.send(Opcode.create, znode('/f', CreateMode.ephemeral));
    const zxids = [await replyTo(client), await replyTo(client)].map(({ zxid }) => zxid - before);

    expect(zxids, 'one createSession is ahead of them').toEqual([2, 3]);
    expect(await counts(here)).toEqual([0, 1]);
    const { client: moved, timeOut } = await comeBack(other, client);
    expect([timeOut, moved.sessionId]).toEqual([30_000, sessionId]);
    expect(await ownerOf(moved, '/e')).toBe(sessionId);
    moved.sendRaw(Opcode.closeSession);
    await replyTo(moved);
    const later = await RawClient.session(here.port);
    expect([await ownerOf(later, '/e'), await ownerOf(later, '/f')]).toEqual([null, null]);
    await ensemble.agreement();
  });

  atEach('does not outlive a close right behind it', upgrading, async ({ ensemble, here }) => {
    const later = await RawClient.session(here.port);
    for (let round = 0; round < 20; round++) {
      const client = await RawClient.session(here.port);
      client.send(Opcode.create, znode('/e', CreateMode.ephemeral));
      client.sendRaw(Opcode.closeSession);
      // Every second one hears nothing of it any more.
      if (round % 2 === 0) expect([await replyTo(client), await replyTo(client)]).toHaveLength(2);
      else client.drop();
    }
    const { state } = here.replica;
    await ensemble.until('all are closed', () => state.sessions.size === 0);

    expect(await ownerOf(later, '/e')).toBeNull();
    await ensemble.agreement();
  });
});

describe('another leader', () => {
  test('gets what a local session has asked of the one before; the session goes on', async () => {
    const ensemble = await TestEnsemble.start({ settings: upgrading });
    const leader = ensemble.leader!.sid;
    const here = ensemble.followers[0]!;
    const [client, other] = [
      await RawClient.session(here.port),
      await RawClient.session(here.port),
    ];
    ensemble.loses = ({ kind }) => kind === PacketKind.requests;
    client.send(Opcode.create, znode('/left'));
    other.send(Opcode.create, znode('/e', CreateMode.ephemeral));
    other.send(Opcode.create, znode('/behind'));
    const queued = () => [...here.replica.sessions.all()].map(({ queueLength }) => queueLength);
    await ensemble.until('all is taken', () => queued().join() === '1,2');

    await ensemble.kill(leader);
    ensemble.loses = () => false;
    await ensemble.serving();

    expect((await replyTo(client)).err).toBe(0);
    expect([(await replyTo(other)).err, (await replyTo(other)).err]).toEqual([0, 0]);
    expect(await ownerOf(other, '/e')).toBe(other.sessionId);
    expect(await counts(here)).toEqual([1, 1]);
    expect((await comeBack(here, client)).timeOut).toBe(30_000);
  });
});

describe('while there is no leader', () => {
  async function lonely(settings: object): Promise<{ ensemble: TestEnsemble; here: Member }> {
    const ensemble = await TestEnsemble.start({
      settings: { readOnlyModeEnabled: true, fourLetterWords: 'all', ...settings },
    });
    for (const sid of [1, 2]) await ensemble.stopMember(sid);
    const here = ensemble.member(3);
    await ensemble.until('it serves reads', () => here.replica.isReadOnly);
    return { ensemble, here };
  }

  async function readOnlySession({ port }: Member, timeOut = 30_000): Promise<RawClient> {
    const client = await RawClient.open(port);
    expect(await client.connect({ readOnly: true, timeOut })).toMatchObject({ readOnly: true });
    return client;
  }

  test('every session is local, may close and expire, and ends with that time', async () => {
    const { ensemble, here } = await lonely(quick());
    const stays = await readOnlySession(here, 60_000);
    const [closes, silent] = [
      await readOnlySession(here, 60_000),
      await readOnlySession(here, 100),
    ];
    expect(await counts(here)).toEqual([3, 0]);
    expect(await create(stays, '/x')).toBe(-119);
    closes.sendRaw(Opcode.closeSession);
    expect([(await replyTo(closes)).err, await closes.next()]).toEqual([0, 'closed']);
    expect(await silent.next()).toBe('closed');
    expect(await counts(here)).toEqual([1, 0]);
    const { client, timeOut } = await comeBack(here, stays, true);
    expect(timeOut).toBeGreaterThan(0);

    await ensemble.startMember(1);
    await ensemble.serving();

    expect(await client.next()).toBe('closed');
    expect(await counts(here)).toEqual([0, 0]);
    expect((await comeBack(here, client)).timeOut).toBe(0);
  });

  test('local sessions are what they are otherwise, and go on', async () => {
    const { ensemble, here } = await lonely(upgrading);
    const client = await readOnlySession(here);

    await ensemble.startMember(1);
    await ensemble.serving();

    const { client: back, timeOut } = await comeBack(here, client);
    expect(timeOut).toBe(30_000);
    expect(await create(back, '/e', CreateMode.ephemeral)).toBe(0);
    expect(await counts(here)).toEqual([0, 1]);
  });
});

test('a replica that runs alone has none, whatever its settings say', async () => {
  const { replica, port, remove } = await startReplica({ settings: local });
  const client = await RawClient.session(port);

  expect([replica.state.sessions.size, replica.sessions.local.size]).toEqual([1, 0]);
  expect(await create(client, '/e', CreateMode.ephemeral)).toBe(0);
  await remove();
});

/** Time in small portions. */
function quick() {
  return { tickTimeMs: 100, minSessionTimeoutMs: 100, maxSessionTimeoutMs: 60_000 };
}
