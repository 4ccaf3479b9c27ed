/**
 * Replicas that come back: all at once, behind by much, behind what the leader's log still holds,
 * with an empty disk, with half of a history or of a snapshot. What was acknowledged stays.
 */

import { expect, test } from 'vitest';
import { type Client, CreateMode } from '../../client/client.ts';
import { PacketKind } from '../../protocol/packet.ts';
import { TestEnsemble } from '../support/ensemble.ts';
import { checkLoads, Load, prepareLoads } from '../support/ensemble-load.ts';

/** Short logs, so that soon only a snapshot helps. */
const purging = { snapCount: 40, logSegmentBytes: 64 * 1024 };

/** So many batches of so many bytes. */
async function write(client: Client, count: number, bytes: number): Promise<void> {
  const mode = CreateMode.persistentSequential;
  for (let made = 0; made < count; made++) {
    await client.create('/made-', Buffer.alloc(bytes, 'x'), { mode });
  }
}

const isPurged = (ensemble: TestEnsemble, sid: number, zxid: number) => () =>
  ensemble.member(sid).replica.history.log.oldestZxid > zxid;

test('all are killed under load and come back with what was acknowledged', async () => {
  const ensemble = await TestEnsemble.start();
  const clients = await Promise.all([1, 2, 3].map((sid) => ensemble.client(sid)));
  await prepareLoads(clients[0]!);
  const loads = clients.map((client, at) => new Load(client, `client-${at}`));
  for (const { acked } of loads) await ensemble.until('a load', () => acked.size > 100);

  await Promise.all([1, 2, 3].map((sid) => ensemble.kill(sid)));
  for (const sid of [1, 2, 3]) await ensemble.startMember(sid);
  await ensemble.serving();
  for (const { acked } of loads) {
    const before = acked.size;
    await ensemble.until('a load again', () => acked.size > before + 50);
  }

  await Promise.all(loads.map((load) => load.halt()));
  await ensemble.agreement();
  for (const { replica } of ensemble.up) checkLoads(replica.state.tree, loads);
});

test('a follower that is behind by many batches gets them over one link', async () => {
  const ensemble = await TestEnsemble.start();
  const { sid } = ensemble.followers[0]!;
  await ensemble.kill(sid);
  const client = await ensemble.client(ensemble.leader!.sid);
  await write(client, 500, 10_000);
  let frames = 0;
  ensemble.loses = ({ kind, to }) => {
    if (kind === PacketKind.history && to === sid) frames++;
    return false;
  };

  const said = ensemble.lines.length;
  await ensemble.startMember(sid);
  await ensemble.agreement();

  const lost = ensemble.lines.slice(said).filter((line) => line.includes('link to the leader'));
  expect(lost).toEqual([]);
  expect(frames).toBeGreaterThanOrEqual(500);
  expect(frames).toBeLessThan(520);
  expect(ensemble.rebuilds).toBe(0);
});

test('a follower that is behind gets no more than the leader may have on its way', async () => {
  const ensemble = await TestEnsemble.start();
  const { sid } = ensemble.followers[0]!;
  await ensemble.kill(sid);
  const client = await ensemble.client(ensemble.leader!.sid);
  await write(client, 1500, 4000);
  let bytes = 0;
  ensemble.loses = ({ kind, to, from, frame }) => {
    if (kind === PacketKind.history && to === sid) bytes += frame.length;
    return kind === PacketKind.credit && from === sid;
  };

  await ensemble.startMember(sid);
  await ensemble.until('the first of it is there', () => bytes > 0);
  // The leader hears of no credit, however much is stored.
  await ensemble.until('it waits', () => {
    return ensemble.member(sid).replica.history.loggedZxid > 2 ** 32 + 200;
  });

  expect(bytes).toBeLessThan(3 * 1024 * 1024);
});

test('a follower behind what the leader has purged gets a snapshot, and is made anew', async () => {
  const ensemble = await TestEnsemble.start({ settings: purging });
  const { sid } = ensemble.followers[0]!;
  await ensemble.agreement();
  await ensemble.kill(sid);
  const leader = ensemble.leader!.sid;
  const client = await ensemble.client(leader);
  await write(client, 300, 4000);
  await ensemble.until('it is purged', isPurged(ensemble, leader, 2 ** 32 + 100));

  await ensemble.startMember(sid);
  await ensemble.until('it is made anew', () => ensemble.rebuilds === 1);
  await ensemble.agreement();

  await write(await ensemble.client(sid), 5, 10);
  await ensemble.agreement();
  expect(ensemble.rebuilds).toBe(1);
});

test('a snapshot is taken in while writes go on', async () => {
  const ensemble = await TestEnsemble.start({ settings: purging });
  const { sid } = ensemble.followers[0]!;
  await ensemble.kill(sid);
  const leader = ensemble.leader!.sid;
  const client = await ensemble.client(leader);
  await write(client, 300, 4000);
  await prepareLoads(client);
  const load = new Load(client, 'client', { padding: 1000 });

  await ensemble.startMember(sid);
  await ensemble.until('it is made anew', () => ensemble.rebuilds > 0);
  await ensemble.serving();

  await load.halt();
  await ensemble.agreement();
  for (const { replica } of ensemble.up) checkLoads(replica.state.tree, [load]);
});

for (const end of ['follower', 'leader'] as const) {
  test(`the ${end} is killed within a snapshot`, async () => {
    const ensemble = await TestEnsemble.start({ settings: purging });
    const { sid } = ensemble.followers[0]!;
    await ensemble.agreement();
    await ensemble.kill(sid);
    const leader = ensemble.leader!.sid;
    const client = await ensemble.client(leader);
    await write(client, 1000, 4000);
    let isUnderWay = false;
    ensemble.loses = ({ kind, from }) => {
      isUnderWay ||= kind === PacketKind.credit && from === sid;
      return kind === PacketKind.credit && from === sid;
    };

    await ensemble.startMember(sid);
    await ensemble.until('pages come', () => isUnderWay);
    const struck = end === 'leader' ? leader : sid;
    await ensemble.kill(struck);
    ensemble.loses = () => false;
    if (end === 'leader') await ensemble.serving();
    await ensemble.startMember(struck);

    await ensemble.agreement();
    expect(ensemble.rebuilds).toBeGreaterThanOrEqual(1);
    expect(ensemble.up.length).toBe(3);
  });
}

test('a replica that has lost its disk is made anew, and no witness before that', async () => {
  const ensemble = await TestEnsemble.start();
  const leader = ensemble.leader!.sid;
  const [stale, wiped] = ensemble.followers.map(({ sid }) => sid) as [number, number];
  await ensemble.agreement();
  await ensemble.kill(stale);
  await (await ensemble.client(leader)).create('/acknowledged');
  await ensemble.kill(leader);
  await ensemble.kill(wiped);
  ensemble.wipe(wiped);

  await ensemble.startMember(wiped);
  await ensemble.startMember(stale);
  const isServing = ensemble.until('they serve', () => ensemble.leader !== undefined, 1000);
  await expect(isServing).rejects.toThrow('not within 1000 ms');

  await ensemble.startMember(leader);
  await ensemble.agreement();
  expect(await (await ensemble.client(wiped)).exists('/acknowledged')).not.toBe(null);
});

test('a replica that has lost its disk is no witness with a part of its history', async () => {
  const ensemble = await TestEnsemble.start();
  const leader = ensemble.leader!.sid;
  const [other, wiped] = ensemble.followers.map(({ sid }) => sid) as [number, number];
  const client = await ensemble.client(leader);
  await write(client, 400, 8000);
  await client.create('/acknowledged');
  await ensemble.kill(wiped);
  ensemble.wipe(wiped);
  ensemble.loses = ({ kind, to }) => kind === PacketKind.leadership && to === wiped;
  const { history } = (await ensemble.startMember(wiped)).replica;
  await ensemble.until('it holds a part', () => history.loggedZxid > 0);
  await ensemble.kill(leader);
  await ensemble.kill(other);
  ensemble.loses = () => false;

  await ensemble.startMember(other);
  const isServing = ensemble.until('they serve', () => ensemble.leader !== undefined, 1000);
  await expect(isServing).rejects.toThrow('not within 1000 ms');

  await ensemble.startMember(leader);
  await ensemble.agreement();
  expect(await (await ensemble.client(wiped)).exists('/acknowledged')).not.toBe(null);
});

test('a snapshot whose link is over takes the place of nothing', async () => {
  let isStored = false;
  let isAbandoned = false;
  let goOn = () => {};
  const held = new Promise<void>((done) => {
    goOn = done;
  });
  const ensemble = await TestEnsemble.start({
    first: [2, 3],
    settingsOf: (sid) => (sid === 3 ? purging : {}),
    stores: (opened, sid) => {
      const { snapshots } = opened;
      const receive = snapshots.receive.bind(snapshots);
      snapshots.receive = async () => {
        const receiver = await receive();
        const finish = receiver.finish.bind(receiver);
        receiver.finish = async (...args) => {
          await finish(...args);
          isStored = true;
          await held;
        };
        const abandon = receiver.abandon.bind(receiver);
        receiver.abandon = async () => {
          await abandon();
          isAbandoned = true;
        };
        return receiver;
      };
      return sid === 1 ? { ...opened, snapshots } : opened;
    },
  });
  expect(ensemble.leader?.sid).toBe(3);
  await ensemble.agreement();
  await ensemble.kill(1);
  await write(await ensemble.client(3), 200, 4000);
  await ensemble.until('it is purged', isPurged(ensemble, 3, 2 ** 32 + 50));
  await ensemble.startMember(1);
  await ensemble.until('the snapshot is stored', () => isStored);
  await ensemble.kill(3);
  // It gets by batches what the snapshot holds, and more that is acknowledged.
  expect((await ensemble.serving()).sid).toBe(2);
  await (await ensemble.client(2)).create('/acknowledged');
  await ensemble.agreement();

  goOn();
  await ensemble.until('it is put away', () => isAbandoned || ensemble.rebuilds > 0);
  await ensemble.kill(2);
  await ensemble.startMember(3);

  await ensemble.serving();
  expect(await (await ensemble.client([1, 3])).exists('/acknowledged')).not.toBe(null);
});

test('observers follow, serve reads, forward writes, and never vote', async () => {
  const ensemble = await TestEnsemble.start({ voters: 3, observers: 2 });
  const [five, four] = [await ensemble.client(5), await ensemble.client(4)];
  await five.create('/through-an-observer', 'x');
  await four.sync('/');
  expect(`${(await four.getData('/through-an-observer')).data}`).toBe('x');

  const { sid } = ensemble.leader!;
  await ensemble.kill(sid);
  const { sid: next } = await ensemble.serving();

  expect([1, 2, 3]).toContain(next);
  await four.create('/over-a-change', 'x');
  await ensemble.agreement();
  // Two observers and one voter are many, and no quorum.
  await ensemble.kill(next);
  await ensemble.until('nobody serves', () => ensemble.up.every((one) => !one.replica.isServing));
  await expect(four.create('/alone', null, { timeoutMs: 300 })).rejects.toThrow();
  expect(ensemble.leader).toBe(undefined);

  await ensemble.startMember(sid);
  await ensemble.agreement();
});

test('a stop while it is made anew ends it', async () => {
  const ensemble = await TestEnsemble.start({ settings: purging });
  const { sid } = ensemble.followers[0]!;
  await ensemble.kill(sid);
  const leader = ensemble.leader!.sid;
  await write(await ensemble.client(leader), 300, 4000);
  await ensemble.until('it is purged', isPurged(ensemble, leader, 2 ** 32 + 100));
  const { replica } = await ensemble.startMember(sid);
  await ensemble.until('it is made anew', () => ensemble.rebuilds === 1);

  let isStopped = false;
  void replica.stop().then(() => {
    isStopped = true;
  });

  await ensemble.until('it has stopped', () => isStopped, 1000);
});
