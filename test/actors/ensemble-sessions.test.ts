/**
 * Sessions across replicas: they go on anywhere with id and password, over one connection at a
 * time; only a leader ends them, and a change of leader ends none.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/error-code.ts';
import { getInt } from '../../protocol/jute.ts';
import { Opcode, Xid } from '../../protocol/opcode.ts';
import { PacketKind } from '../../protocol/packet.ts';
import { openAcl } from '../../protocol/record.ts';
import { CreateMode } from '../../protocol/requests.ts';
import { type Member, TestEnsemble } from '../support/ensemble.ts';
import { childrenOf } from '../support/ensemble-load.ts';
import { RawClient } from '../support/raw-client.ts';

/** Sessions that end within a second. */
const quick = { tickTimeMs: 200, minSessionTimeoutMs: 400 };
const expired = { timeOut: 0, sessionId: '0000000000000000' };

function create(client: RawClient, path: string, flags: number = CreateMode.persistent): number {
  return client.send(Opcode.create, { path, data: Buffer.from('x'), acl: openAcl, flags });
}

/** Error code of the next reply. */
async function errOf(client: RawClient): Promise<number | 'closed'> {
  const frame = await client.next();
  return frame === 'closed' ? frame : getInt(frame, 12);
}

/** A new connection for the session of another. */
async function attached(
  member: Member,
  { sessionId, passwd }: Pick<RawClient, 'sessionId' | 'passwd'>,
): Promise<RawClient> {
  const client = await RawClient.open(member.port);
  expect(await client.connect({ sessionId, passwd })).toMatchObject({ sessionId });
  return client;
}

const namesAt = ({ replica }: Member) => [...childrenOf(replica.state.tree, '/').keys()];

test('a session goes on at each replica, and keeps its ephemerals', async () => {
  const ensemble = await TestEnsemble.start();
  let client = await RawClient.session(ensemble.member(1).port);
  create(client, '/own', CreateMode.ephemeral);
  expect(await errOf(client)).toBe(0);

  for (const [at, sid] of [2, 3, 1, 3].entries()) {
    client.drop();
    client = await attached(ensemble.member(sid), client);
    create(client, `/at-${sid}-${at}`);
    expect(await errOf(client)).toBe(0);
  }

  client.send(Opcode.getData, { path: '/own', watch: false });
  expect(await errOf(client)).toBe(0);
  await ensemble.agreement();
});

test('a connection that was left gets SessionMoved for a write, and is closed', async () => {
  const ensemble = await TestEnsemble.start();
  for (const [from, to] of [
    [1, 2],
    [2, 3],
    [3, 1],
  ] as const) {
    const first = await RawClient.session(ensemble.member(from).port);
    const second = await attached(ensemble.member(to), first);

    create(first, `/late-${from}`);
    expect(await errOf(first)).toBe(ErrorCode.sessionMoved);
    expect(await first.next()).toBe('closed');

    create(second, `/in-time-${from}`);
    expect(await errOf(second)).toBe(0);
  }
  await ensemble.agreement();
  expect(namesAt(ensemble.member(1))).toEqual(['in-time-1', 'in-time-2', 'in-time-3', 'zookeeper']);
});

test('who goes on to read where its session was taken from comes anew, and keeps it', async () => {
  const ensemble = await TestEnsemble.start({ settings: quick });
  const [one, two] = ensemble.followers as [Member, Member];
  const reads = await ensemble.client(one.sid, { sessionTimeoutMs: 400 });
  await reads.create('/own', null, { mode: CreateMode.ephemeral });
  const { sessionId, sessionPassword: passwd } = reads;
  // What it had sent to another replica before it came here arrives there late.
  const late = await RawClient.open(two.port);
  await late.connect({ sessionId, passwd, timeOut: 400 });
  late.drop();

  const startedMs = performance.now();
  // Without a rest in which it would ping.
  while (performance.now() - startedMs < 1600) {
    await reads.exists('/own').catch(() => {});
    await sleep(10);
  }

  expect(reads.sessionId).toBe(sessionId);
  expect(namesAt(one)).toEqual(['own', 'zookeeper']);
});

test('a connection that was left stays so when another leads', async () => {
  const ensemble = await TestEnsemble.start();
  // Left and gone on with in a term of which nobody but the leader remembers it.
  const [next, left] = ensemble.followers.map(({ sid }) => sid) as [number, number];
  const first = await RawClient.session(ensemble.member(left).port);
  const second = await attached(ensemble.member(next), first);
  create(second, '/in-time');
  expect(await errOf(second)).toBe(0);
  await ensemble.agreement();
  await ensemble.kill(ensemble.leader!.sid);
  await ensemble.serving();

  create(first, '/late');
  expect(await errOf(first)).toBe(ErrorCode.sessionMoved);
  expect(await first.next()).toBe('closed');
  create(second, '/on');
  expect(await errOf(second)).toBe(0);
  await ensemble.agreement();
  expect(namesAt(ensemble.member(next))).toEqual(['in-time', 'on', 'zookeeper']);
});

test('a wrong password opens nothing, and costs its owner nothing', async () => {
  const ensemble = await TestEnsemble.start();
  const owner = await RawClient.session(ensemble.member(1).port);
  for (const sid of [1, 2, 3]) {
    const thief = await RawClient.open(ensemble.member(sid).port);
    const passwd = Buffer.from(owner.passwd).reverse();

    const response = await thief.connect({ sessionId: owner.sessionId, passwd });

    expect(response).toMatchObject(expired);
    expect(await thief.next()).toBe('closed');
  }
  create(owner, '/still-there');
  expect(await errOf(owner)).toBe(0);
});

test('a session whose client is silent ends everywhere, with its ephemerals', async () => {
  const ensemble = await TestEnsemble.start({ settings: quick });
  const clients = await Promise.all(
    [1, 2, 3].map((sid) => RawClient.open(ensemble.member(sid).port)),
  );
  for (const [at, client] of clients.entries()) {
    await client.connect({ timeOut: 400 });
    create(client, `/own-${at}`, CreateMode.ephemeral);
    expect(await errOf(client)).toBe(0);
  }

  for (const client of clients) expect(await client.next()).toBe('closed');

  await ensemble.until('all is gone everywhere', () => {
    return ensemble.up.every((member) => namesAt(member).length === 1);
  });
  for (const { replica } of ensemble.up) {
    expect(replica.sessions.size).toBe(0);
    expect(replica.sessions.expiredCount).toBe(replica === ensemble.leader?.replica ? 3 : 0);
  }
  const late = await RawClient.open(ensemble.member(2).port);
  const { sessionId, passwd } = clients[0]!;
  expect(await late.connect({ sessionId, passwd })).toMatchObject(expired);
});

test('pings at any replica keep a session alive at the leader', async () => {
  const ensemble = await TestEnsemble.start({ settings: quick });
  const clients = await Promise.all(
    [1, 2, 3].map((sid) => ensemble.client(sid, { sessionTimeoutMs: 400 })),
  );
  for (const [at, client] of clients.entries()) {
    await client.create(`/own-${at}`, null, { mode: CreateMode.ephemeral });
  }

  const startedMs = performance.now();
  await ensemble.until('four timeouts pass', () => performance.now() - startedMs > 1600);

  expect(clients.map(({ state }) => state)).toEqual(['connected', 'connected', 'connected']);
  expect(namesAt(ensemble.member(1))).toEqual(['own-0', 'own-1', 'own-2', 'zookeeper']);
});

test('a follower that is cut off ends no session, and learns who has ended', async () => {
  const ensemble = await TestEnsemble.start({ settings: quick });
  const one = ensemble.followers[0]!;
  const client = await RawClient.open(one.port);
  await client.connect({ timeOut: 400 });
  create(client, '/own', CreateMode.ephemeral);
  expect(await errOf(client)).toBe(0);
  await ensemble.agreement();

  ensemble.cut(one.sid);
  await ensemble.until('it ends at the leader', () => namesAt(ensemble.leader!).length === 1);
  expect(namesAt(one)).toEqual(['own', 'zookeeper']);
  expect(one.replica.sessions.size).toBe(1);
  ensemble.heal(one.sid);

  await ensemble.agreement();
  expect(namesAt(one)).toEqual(['zookeeper']);
  expect(await client.next()).toBe('closed');
});

test('a longer timeout that was agreed upon later holds under the next leader', async () => {
  const ensemble = await TestEnsemble.start({ settings: quick });
  const one = ensemble.followers[0]!;
  const first = await RawClient.open(one.port);
  await first.connect({ timeOut: 400 });
  create(first, '/own', CreateMode.ephemeral);
  expect(await errOf(first)).toBe(0);
  first.drop();
  const second = await RawClient.open(one.port);
  const { sessionId, passwd } = first;
  expect(await second.connect({ sessionId, passwd, timeOut: 4000 })).toMatchObject({
    timeOut: 4000,
  });
  await ensemble.until('the leader knows', () => {
    return ensemble.leader?.replica.sessions.get(sessionId)?.timeoutMs === 4000;
  });

  const last = await second.poll(200);
  await ensemble.kill(ensemble.leader!.sid);
  await ensemble.serving();
  const startedMs = performance.now();
  await ensemble.until('the first timeout passes', () => performance.now() - startedMs > 1200);

  expect(last).toBe(null);
  expect(namesAt(one)).toEqual(['own', 'zookeeper']);
});

test('a re-attachment that no leader can answer is not told that it expired', async () => {
  const ensemble = await TestEnsemble.start();
  const leader = ensemble.leader!.sid;
  const [one, two] = ensemble.followers as [Member, Member];
  const { sessionId, passwd } = await RawClient.session(one.port);
  let isAsked = false;
  ensemble.loses = ({ kind, from }) => {
    if (kind !== PacketKind.requests || from !== two.sid) return false;
    isAsked = true;
    return true;
  };

  const second = await RawClient.open(two.port);
  const answer = second.connect({ sessionId, passwd });
  await ensemble.until('the leader is asked', () => isAsked);
  ensemble.loses = () => false;
  await ensemble.kill(leader);

  const response = await answer;
  if (response !== 'closed') expect(response).toMatchObject({ sessionId, timeOut: 30_000 });
});

for (const end of ['closed', 'half open'] as const) {
  test(`a write that was left behind is not done later (connection ${end})`, async () => {
    const ensemble = await TestEnsemble.start();
    const leader = ensemble.leader!.sid;
    const [one, two] = ensemble.followers as [Member, Member];
    const first = await RawClient.session(one.port);
    // It stays in the session's queue there.
    ensemble.loses = ({ kind, from }) => kind === PacketKind.requests && from === one.sid;
    create(first, '/left-behind');
    await ensemble.until('it is taken', () => one.replica.sessions.unfinishedBytes > 0);
    ensemble.cut(one.sid);
    if (end === 'closed') first.drop();
    const second = await attached(two, first);
    create(second, '/gone-on');
    expect(await errOf(second)).toBe(0);

    await ensemble.kill(leader);
    ensemble.loses = () => false;
    ensemble.heal(one.sid);
    await ensemble.serving();
    await ensemble.agreement();
    create(second, '/and-on');

    expect(await errOf(second)).toBe(0);
    await ensemble.agreement();
    expect(namesAt(two)).toEqual(['and-on', 'gone-on', 'zookeeper']);
  });
}

test('a ping is answered by whoever has no leader for a moment, once it has one', async () => {
  const ensemble = await TestEnsemble.start();
  const one = ensemble.followers[0]!;
  const client = await RawClient.session(one.port);
  await ensemble.kill(ensemble.leader!.sid);
  client.sendRaw(Opcode.ping, Buffer.alloc(0), Xid.ping);
  await ensemble.serving();

  const frame = await client.next();

  expect(frame === 'closed' ? frame : getInt(frame, 0)).toBe(Xid.ping);
});

test('an end that is asked for over a connection that was left ends nothing', async () => {
  const ensemble = await TestEnsemble.start({ settings: quick });
  const { leader } = ensemble;
  const follower = ensemble.followers[0]!;
  const left = await RawClient.session(leader!.port);
  create(left, '/own', CreateMode.ephemeral);
  expect(await errOf(left)).toBe(0);
  const client = await attached(follower, left);

  left.sendRaw(Opcode.closeSession);
  expect(await errOf(left)).toBe(ErrorCode.sessionMoved);

  // It goes on, also where its end was refused; and ends like any other when it falls silent.
  create(client, '/more');
  expect(await errOf(client)).toBe(0);
  const back = await attached(leader!, left);
  create(back, '/again');
  expect(await errOf(back)).toBe(0);
  back.drop();
  client.drop();
  await ensemble.until('its ephemeral is gone', () => !namesAt(leader!).includes('own'));
});
