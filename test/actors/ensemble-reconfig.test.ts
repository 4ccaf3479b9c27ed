/**
 * Dynamic reconfiguration (spec 6.9): who is a member, votes, and leads changes while all goes on;
 * and quorums by groups and weights (spec 6.10).
 */

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  BadVersionError,
  type Client,
  NewConfigNoQuorumError,
  NoAuthError,
  ReconfigDisabledError,
} from '../../client/client.ts';
import { votersOf } from '../../protocol/membership.ts';
import { PacketKind } from '../../protocol/packet.ts';
import { serverSpec, TestEnsemble } from '../support/ensemble.ts';

const settings = { reconfigEnabled: true, skipAcl: true };
const clientAt = (sid: number) => `127.0.0.1:${18_000 + sid}`;
const observer = (sid: number) => `server.${sid}=${serverSpec(sid, 'observer')};${clientAt(sid)}`;
const voter = (sid: number) => `server.${sid}=${serverSpec(sid)};${clientAt(sid)}`;
const first = (sid: number) => `server.${sid}=${serverSpec(sid)}`;

async function textOf(client: Client): Promise<string[]> {
  await client.sync('/');
  return `${(await client.getConfig()).data}`.split('\n');
}

async function allGoBy(ensemble: TestEnsemble, voters: readonly number[]): Promise<void> {
  await ensemble.until(`all go by the voters ${voters}`, () =>
    ensemble.up.every(({ replica }) => `${votersOf(replica.members.current)}` === `${voters}`),
  );
  await ensemble.agreement();
}

test('an observer joins, becomes a voter, and its vote counts', async () => {
  const ensemble = await TestEnsemble.start({ settings });
  const client = await ensemble.client(1, { operationTimeoutMs: 5000 });
  await ensemble.startMember(4);
  await ensemble.serving();

  const joined = await client.reconfig({ joining: observer(4) });
  const lines = `${joined.data}`.split('\n');
  expect(lines).toEqual([first(1), first(2), first(3), observer(4), lines.at(-1)]);
  expect(lines.at(-1)).toBe(`version=${joined.stat.mzxid.toString(16)}`);
  expect(joined.stat.version).toBe(-1);
  await allGoBy(ensemble, [1, 2, 3]);

  await client.reconfig({ joining: voter(4) });
  await allGoBy(ensemble, [1, 2, 3, 4]);
  await ensemble.until('it votes', () => ensemble.member(4).replica.mode === 'follower');

  // Three of four are needed now.
  await ensemble.kill(2);
  await ensemble.serving();
  await client.create('/with-three-of-four');
  await ensemble.kill(3);
  await ensemble.until('two of four are too few', () => ensemble.leader === undefined);
  await ensemble.startMember(2);
  await ensemble.agreement();
});

test('voters that are not there cannot be most of a list', async () => {
  const ensemble = await TestEnsemble.start({ settings });
  const client = await ensemble.client(1, { operationTimeoutMs: 5000 });
  const before = await textOf(client);

  const joining = [4, 5, 6, 7].map(voter).join();
  await expect(client.reconfig({ joining })).rejects.toThrow(NewConfigNoQuorumError);

  expect(await textOf(client)).toEqual(before);
  await client.create('/all-goes-on');
});

test('a follower is removed: it goes on learning, and its vote counts no more', async () => {
  const ensemble = await TestEnsemble.start({ settings });
  const leader = ensemble.leader!.sid;
  const gone = ensemble.followers[0]!.sid;
  const stays = [1, 2, 3].filter((sid) => sid !== gone);
  const client = await ensemble.client(leader, { operationTimeoutMs: 5000 });

  await client.reconfig({ leaving: `${gone}` });
  await allGoBy(ensemble, stays);
  await ensemble.until('it only learns', () => {
    return ensemble.member(gone).replica.mode === 'observer';
  });
  await client.create('/after');
  await ensemble.agreement();

  await ensemble.kill(leader);
  await ensemble.until('one of two is too few', () =>
    ensemble.up.every(({ replica }) => !replica.isServing),
  );
  const untilMs = performance.now() + 700;
  await ensemble.until('time passes', () => performance.now() > untilMs);
  expect(ensemble.leader).toBe(undefined);
});

test('the leader is removed: another leads, and clients go on', async () => {
  const ensemble = await TestEnsemble.start({ settings });
  const gone = ensemble.leader!.sid;
  const stays = [1, 2, 3].filter((sid) => sid !== gone);
  const client = await ensemble.client(stays[0]!, { operationTimeoutMs: 5000 });

  const { data } = await client.reconfig({ leaving: `${gone}` });

  expect(`${data}`.split('\n').slice(0, -1)).toEqual(stays.map(first));
  await ensemble.until('another leads', () => {
    return ensemble.leader !== undefined && ensemble.leader.sid !== gone;
  });
  await allGoBy(ensemble, stays);
  await ensemble.until('it only learns', () => {
    return ensemble.member(gone).replica.mode === 'observer';
  });
  await client.create('/after');
  await ensemble.agreement();
});

test('a whole list takes the place of another, at the version that was named', async () => {
  const ensemble = await TestEnsemble.start({ settings, observers: 1 });
  const client = await ensemble.client(1, { operationTimeoutMs: 5000 });
  const version = Number.parseInt((await textOf(client)).at(-1)!.replace('version=', ''), 16);

  const newMembers = [voter(1), voter(2), voter(3), voter(4)].join();
  const old = client.reconfig({ newMembers, fromConfig: version - 1 });
  await expect(old).rejects.toThrow(BadVersionError);
  const { data } = await client.reconfig({ newMembers, fromConfig: version });

  expect(`${data}`.split('\n').slice(0, -1)).toEqual([voter(1), voter(2), voter(3), voter(4)]);
  await allGoBy(ensemble, [1, 2, 3, 4]);
  const again = client.reconfig({ leaving: '4', fromConfig: version });
  await expect(again).rejects.toThrow(BadVersionError);
});

test('members may be changed by the superuser, and only where that is enabled', async () => {
  const hash = createHash('sha1').update('super:secret').digest('base64');
  const guarded = { reconfigEnabled: true, superDigest: `super:${hash}` };
  const ensemble = await TestEnsemble.start({ settings: guarded });
  const client = await ensemble.client(1, { operationTimeoutMs: 5000 });
  await expect(client.reconfig({ leaving: '3' })).rejects.toThrow(NoAuthError);
  await client.addAuth('digest', 'super:secret');
  await client.reconfig({ leaving: '3' });

  const fixed = await TestEnsemble.start({ settings: { skipAcl: true } });
  const other = await fixed.client(1);
  await expect(other.reconfig({ leaving: '3' })).rejects.toThrow(ReconfigDisabledError);
});

test('a replica that has missed a reconfig follows one that it does not know', async () => {
  const ensemble = await TestEnsemble.start({ settings, observers: 1 });
  const leader = ensemble.leader!.sid;
  const [one, two] = ensemble.followers.map(({ sid }) => sid) as [number, number];
  const client = await ensemble.client(one, { operationTimeoutMs: 5000 });
  await ensemble.kill(two);
  await client.reconfig({ joining: voter(4) });
  await allGoBy(ensemble, [1, 2, 3, 4]);

  // Of the three of four that are left, the new one is the best candidate.
  await ensemble.kill(leader);
  await ensemble.startMember(two);

  await ensemble.serving();
  await allGoBy(ensemble, [1, 2, 3, 4]);
});

test('a reconfig that a follower has logged is carried through when the leader dies', async () => {
  const ensemble = await TestEnsemble.start({ settings, observers: 1 });
  const leader = ensemble.leader!.sid;
  const client = await ensemble.client(leader, { operationTimeoutMs: 2000 });
  // It is logged by all, and nobody hears of that.
  ensemble.loses = ({ kind, to }) =>
    to === leader && (kind === PacketKind.ack || kind === PacketKind.beat);
  const asked = client.reconfig({ joining: voter(4) }).catch(() => null);
  await ensemble.until('all have logged it', () => {
    const { lastZxid } = ensemble.member(leader).replica.history;
    const { committedZxid } = ensemble.member(leader).replica.history;
    const isAhead = lastZxid > committedZxid;
    return isAhead && ensemble.up.every(({ replica }) => replica.history.loggedZxid === lastZxid);
  });
  await ensemble.kill(leader);
  ensemble.loses = () => false;
  await client.close();
  await asked;

  await allGoBy(ensemble, [1, 2, 3, 4]);
});

test('a reconfig that nobody else has seen binds nobody', async () => {
  const ensemble = await TestEnsemble.start({ settings, observers: 2 });
  const old = ensemble.leader!.sid;
  const [one, two] = ensemble.followers.map(({ sid }) => sid) as [number, number];
  const client = await ensemble.client(one, { closeTimeoutMs: 1 });
  ensemble.loses = ({ kind, from }) => kind === PacketKind.propose && from === old;
  void client.reconfig({ joining: [4, 5].map(voter).join() }).catch(() => null);
  await ensemble.until('it is proposed', () => {
    return ensemble.member(old).replica.members.pending !== null;
  });
  ensemble.cut(old);
  await client.close();
  await ensemble.kill(one);
  ensemble.loses = () => false;
  await ensemble.startMember(one);
  await ensemble.until('another leads', () => {
    return ensemble.leader !== undefined && ensemble.leader.sid !== old;
  });
  ensemble.heal(old);
  await allGoBy(ensemble, [1, 2, 3]);

  // Two of three are enough, without those who were to join.
  for (const sid of [4, 5, ensemble.leader!.sid]) await ensemble.kill(sid);
  await ensemble.serving();
  expect([one, two]).toContain(ensemble.up.find(({ sid }) => sid !== old)!.sid);
});

test('a replica without weight never leads', async () => {
  const groups = new Map([[1, [1, 2, 3]]]);
  const weights = new Map([
    [2, 1],
    [3, 0],
  ]);
  const ensemble = await TestEnsemble.start({ settings: { groups, weights } });
  const text = await textOf(await ensemble.client(3));
  expect(text.slice(3)).toEqual([
    'group.1=1:2:3',
    'weight.1=1',
    'weight.2=1',
    'weight.3=0',
    'version=0',
  ]);

  for (let round = 0; round < 3; round++) {
    const { sid } = await ensemble.serving();
    expect(sid).not.toBe(3);
    await ensemble.kill(sid);
    // One of weight 1 and one of none are no quorum of two.
    await ensemble.until('nobody serves', () => ensemble.up.every((one) => !one.replica.isServing));
    await ensemble.startMember(sid);
  }
  await ensemble.agreement();
});

test('most of most groups are a quorum', async () => {
  const groups = new Map([
    [1, [1, 2, 3]],
    [2, [4, 5, 6]],
    [3, [7, 8, 9]],
  ]);
  const ensemble = await TestEnsemble.start({ voters: 9, settings: { groups } });

  for (const sid of [9, 8, 7, 6, 3]) await ensemble.kill(sid);
  await ensemble.serving();
  await (await ensemble.client(1)).create('/with-four-of-nine');
  await ensemble.kill(5);

  await ensemble.until('three are too few', () => ensemble.leader === undefined);
});
