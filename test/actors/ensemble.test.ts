/**
 * Three replicas in this process: they elect, agree on what every ensemble begins with, and what is
 * written through one of them is read through each.
 */

import { expect, test } from 'vitest';
import { votersOf } from '../../protocol/membership.ts';
import { PacketKind } from '../../protocol/packet.ts';
import { counterOf, epochOf } from '../../protocol/zxid.ts';
import { serverSpec, TestEnsemble } from '../support/ensemble.ts';
import { fourLetterWord } from '../support/zoo-process.ts';

test('three replicas elect one of them, and say so in srvr', async () => {
  const ensemble = await TestEnsemble.start();

  const modes = await Promise.all(
    ensemble.members.map(async ({ port }) => {
      const answer = await fourLetterWord(port, 'srvr');
      return /^Mode: (.*)$/m.exec(answer)?.[1];
    }),
  );

  expect(modes.sort()).toEqual(['follower', 'follower', 'leader']);
  expect(new Set(ensemble.members.map(({ replica }) => replica.ensemble?.leaderSid)).size).toBe(1);
});

test('an observer follows, and says so in srvr', async () => {
  const ensemble = await TestEnsemble.start({ voters: 1, observers: 2, settings: alone });

  const words = ensemble.members.map(({ port }) => fourLetterWord(port, 'srvr'));

  const modes = (await Promise.all(words)).map((answer) => /^Mode: (.*)$/m.exec(answer)?.[1]);
  expect(modes).toEqual(['leader', 'observer', 'observer']);
});

test('a write through each replica is seen through each after a sync', async () => {
  const ensemble = await TestEnsemble.start();
  const clients = await Promise.all([1, 2, 3].map((sid) => ensemble.client(sid)));

  await Promise.all(clients.map((client, at) => client.create(`/from-${at + 1}`, `${at + 1}`)));

  for (const client of clients) {
    await client.sync('/');
    const { children } = await client.getChildren('/');
    expect(children.sort()).toEqual(['from-1', 'from-2', 'from-3', 'zookeeper']);
    for (const sid of [1, 2, 3]) {
      expect(`${(await client.getData(`/from-${sid}`)).data}`).toBe(`${sid}`);
    }
  }
  await ensemble.agreement();
});

test('secret and config znode are the same everywhere before anybody is served', async () => {
  const ensemble = await TestEnsemble.start();

  const secrets = ensemble.members.map(({ replica }) => replica.state.secret?.toString('hex'));
  const configs = await Promise.all(
    [1, 2, 3].map(async (sid) => {
      const client = await ensemble.client(sid);
      return client.getConfig();
    }),
  );

  expect(secrets[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(secrets).size).toBe(1);
  const lines = [1, 2, 3].map((sid) => `server.${sid}=${serverSpec(sid)}`);
  for (const { data, stat } of configs) {
    expect(`${data}`).toBe([...lines, 'version=0'].join('\n'));
    expect(stat.version).toBe(-1);
  }
});

test('the first leader numbers the members where they may be changed', async () => {
  const ensemble = await TestEnsemble.start({ settings: { reconfigEnabled: true } });
  const client = await ensemble.client(1);

  const { data } = await client.getConfig();

  expect(`${data}`).toMatch(/\nversion=100000000$/);
  for (const { replica } of ensemble.members) {
    expect(replica.members.current.version).toBe(2 ** 32);
    expect(votersOf(replica.members.current)).toEqual([1, 2, 3]);
  }
});

test('each leader begins an epoch, and its first txn has number 1', async () => {
  const ensemble = await TestEnsemble.start();
  const epochs: number[] = [];
  for (let round = 1; round <= 3; round++) {
    const { sid } = await ensemble.serving();
    const client = await ensemble.client(sid);
    const { stat } = await client.createWithStat(`/round-${round}`);
    epochs.push(epochOf(stat.czxid));
    if (round > 1) expect(counterOf(stat.czxid)).toBeLessThan(4);
    await ensemble.agreement();
    const promises = ensemble.up.map(({ replica }) => replica.history.promises);
    for (const { acceptedEpoch, currentEpoch } of promises) {
      expect(currentEpoch).toBe(epochs.at(-1));
      expect(acceptedEpoch).toBe(currentEpoch);
    }
    await client.close();
    await ensemble.kill(sid);
    await ensemble.startMember(sid);
  }

  expect(epochs[1]).toBeGreaterThan(epochs[0]!);
  expect(epochs[2]).toBeGreaterThan(epochs[1]!);
  await ensemble.agreement();
});

test('one replica of three serves nobody', async () => {
  const ensemble = new TestEnsemble();
  try {
    const { replica, port } = await ensemble.startMember(2);
    await ensemble.until('it has no hope', () => replica.stateName === 'member.looking.lonely');

    expect(await fourLetterWord(port, 'srvr')).toMatch(/not currently serving requests/);
  } finally {
    await ensemble.remove();
  }
});

const alone = { standaloneEnabled: false };

test('of three, a follower answers a write before its own ack has come to the leader', async () => {
  const ensemble = await TestEnsemble.start();
  const leader = ensemble.members.find(({ replica }) => replica.ensemble?.isLeading)!;
  const client = await ensemble.client((leader.sid % 3) + 1);

  // A heartbeat would carry it as well.
  ensemble.loses = ({ kind }) => kind === PacketKind.ack || kind === PacketKind.beat;
  await client.create('/early', 'there');

  expect(leader.replica.state.tree.findPath('/early')).toBe(-1);
});
