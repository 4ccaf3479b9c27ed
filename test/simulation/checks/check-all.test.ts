/**
 * The checks find nothing in what passes between the client library and real replicas, and see all
 * of it.
 */

import { expect, onTestFinished, test } from 'vitest';
import { CreateMode, op } from '../../../client/client.ts';
import { TestEnsemble } from '../../support/ensemble.ts';
import { startReplica } from '../../support/replica.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { Tap } from '../tap.ts';
import { type Checked, checkAll, describeFinding } from './check-all.ts';
import { connectTapped, type Ports, prepareLoad, runLoad } from './recording.ts';

function expectSound({ findings, counts }: Checked, ...kinds: string[]): void {
  expect(findings.map(describeFinding)).toEqual([]);
  for (const kind of kinds) expect(counts[kind], kind).toBeGreaterThan(0);
}

test('a standalone replica, four clients whose connections break', async () => {
  const { replica, port, remove } = await startReplica();
  onTestFinished(remove);
  const tap = new Tap();
  const ports: Ports = new Map([[1, port]]);
  const names = ['a', 'b', 'c', 'd'];
  const clients = await Promise.all(names.map((name) => connectTapped(tap, name, ports)));
  await prepareLoad(clients[0]!.client);
  for (let round = 0; round < 4; round++) {
    await Promise.all(
      clients.map((one, at) => runLoad(one, new SeededRandom(round * 4 + at), 150)),
    );
    clients[round]!.sockets.at(-1)!.destroy();
    await clients[round]!.client.connected();
  }
  await Promise.all(clients.map(({ client }) => client.close()));

  const finalTxns = [...replica.stores.log.read(0)];
  const checked = checkAll(tap.journal, { finalTxns, otherLogs: [finalTxns] });

  expectSound(
    checked,
    'reads',
    'multis',
    'events',
    'watches set again',
    'operations behind a sync',
  );
  expectSound(checked, 'ephemerals gone', 'registers', 'writes not answered');
}, 30_000);

test('rights, containers, TTL znodes, requests that fail', async () => {
  const settings = { extendedTypesEnabled: true, containerCheckIntervalMs: 50 };
  const { replica, port, remove } = await startReplica({ settings });
  onTestFinished(remove);
  const tap = new Tap();
  const ports: Ports = new Map([[1, port]]);
  const { client: owner } = await connectTapped(tap, 'owner', ports);
  const { client: other } = await connectTapped(tap, 'other', ports);
  await owner.addAuth('digest', 'bob:secret');
  await owner.create('/open');
  await owner.create('/own', 'x', { acl: [{ perms: 31, id: { scheme: 'auth', id: '' } }] });
  const addresses = { scheme: 'ip', id: '127.0.0.0/8' };
  await owner.create('/near', 'x', { acl: [{ perms: 31, id: addresses }] });
  const isGone = async (path: string) => {
    while ((await other.exists(path)) !== null) await new Promise((done) => setTimeout(done, 20));
  };
  const watched = () => {};
  const asked = [owner, other].flatMap((client) => [
    ...['/own', '/near', '/none'].flatMap((path) => [
      client.getData(path, { watch: watched }),
      client.exists(path, { watch: watched }),
      client.getChildren(path, { watch: watched }),
      client.getAcl(path),
      client.setData(path, 'y', 7),
      client.setData(path, 'y'),
      client.setAcl(path, [], 0),
      client.create(`${path}/child`),
      client.create(`${path}/c-`, null, { mode: CreateMode.ephemeralSequential }),
      client.multi([op.check(path, 0), op.setData('/open', 'z'), op.create('/open/m')]),
      client.multi([op.create('/open/n'), op.delete('/open/n'), op.delete(path, 3)]),
      client.delete(path),
    ]),
    client.delete('/zookeeper'),
    client.multi([]),
    client.multiRead([op.getData('/own'), op.getData('/near'), op.getChildren('/none')]),
    client.setAcl('/open', [{ perms: 1, id: { scheme: 'digest', id: 'none' } }]),
    client.create('/open/ttl-', 'x', { ttl: 100, mode: CreateMode.persistentSequentialWithTtl }),
    client.create('/open', 'x', { ttl: 100 }),
    client.create('/shelf', null, { mode: CreateMode.container }),
    client.create('/shelf/one', null),
    client.whoAmI(),
    client.getAllChildrenNumber('/open'),
  ]);
  await Promise.allSettled(asked);
  await other.delete('/shelf/one');
  await isGone('/shelf');
  for (const child of (await other.getChildren('/open')).children) await isGone(`/open/${child}`);
  await owner.setAcl('/open', [{ perms: 31, id: { scheme: 'auth', id: '' } }]);
  await other.getData('/open').catch(() => {});
  await owner.getData('/open', { watch: watched });
  await owner.setData('/open', 'last');
  await Promise.all([owner.close(), other.close()]);

  const ends = { finalTxns: replica.stores.log.read(0), ...settings };
  expectSound(checkAll(tap.journal, ends), 'containers and TTL znodes gone', 'events', 'multis');
});

test("sessions of one replica alone, some of which become everybody's", async () => {
  const settings = { localSessionsEnabled: true, localSessionsUpgradingEnabled: true };
  const ensemble = await TestEnsemble.start({ settings, observers: 1 });
  const tap = new Tap();
  const ports: Ports = new Map(ensemble.members.map(({ sid, port }) => [sid, port]));
  const clients = await Promise.all(['a', 'b', 'c'].map((name) => connectTapped(tap, name, ports)));
  await prepareLoad(clients[0]!.client);
  await Promise.all(clients.map((one, at) => runLoad(one, new SeededRandom(at), 60)));
  await Promise.all(clients.map(({ client }) => client.close()));
  await ensemble.agreement();
  const [finalTxns, ...otherLogs] = ensemble.up.map(({ replica }) => replica.stores.log.read(0));

  const checked = checkAll(tap.journal, { finalTxns: finalTxns!, otherLogs, ...settings });
  expectSound(checked, 'sessions closed', 'ephemerals gone');
}, 30_000);

test('an ensemble that loses its leader, clients that move, a session that expires', async () => {
  const settings = { tickTimeMs: 200, minSessionTimeoutMs: 1000 };
  const ensemble = await TestEnsemble.start({ settings });
  const tap = new Tap();
  const ports: Ports = new Map(ensemble.members.map(({ sid, port }) => [sid, port]));
  const options = { sessionTimeoutMs: 2000 };
  const names = ['a', 'b', 'c', 'd', 'e'];
  const clients = await Promise.all(names.map((name) => connectTapped(tap, name, ports, options)));
  await prepareLoad(clients[0]!.client);
  const load = (round: number, count: number) =>
    Promise.all(
      clients.map((one, at) => runLoad(one, new SeededRandom(100 + round * 5 + at), count)),
    );

  await load(0, 100);
  const first = load(1, 200);
  for (const { sockets } of clients.slice(2)) sockets.at(-1)!.destroy();
  await first;
  const second = load(2, 200);
  const gone = (await ensemble.serving()).sid;
  await ensemble.kill(gone);
  await second;
  const member = await ensemble.startMember(gone);
  await ensemble.serving();
  await load(3, 100);
  const silent = clients.pop()!;
  const { sessionId } = silent.client;
  const isAlive = () => member.replica.state.sessions.has(sessionId);
  void silent.client.close();
  silent.sockets.at(-1)!.destroy();
  await ensemble.until('the silent session is over', () => !isAlive());
  await Promise.all(clients.map(({ client }) => client.close()));
  await ensemble.agreement();

  const logs = ensemble.up.map(({ replica }) => [...replica.stores.log.read(0)]);
  const txnMs = ({ time }: { readonly time: number }) => time;
  const ends = { finalTxns: logs[0]!, otherLogs: logs.slice(1), contactSlackMs: 500, txnMs };
  const checked = checkAll(tap.journal, ends);

  expectSound(checked, 'logs compared', 'expiries', 'writes not answered', 'watches set again');
}, 60_000);
