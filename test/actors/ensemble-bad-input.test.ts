/**
 * What should not be on the bus: a second replica of the same sid, another ensemble, frames that
 * get lost. The ensemble says so and goes on.
 */

import { expect, test } from 'vitest';
import { PacketKind } from '../../protocol/packet.ts';
import { TestEnsemble } from '../support/ensemble.ts';
import { checkLoads, Load, prepareLoads } from '../support/ensemble-load.ts';
import { SeededRandom } from '../support/seeded-random.ts';

/** A link that cannot be made is given up after half a second. */
const impatient = { tickTimeMs: 250, initLimitTicks: 2 };

test('of two replicas with one sid the second ends, and names the first', async () => {
  const ensemble = await TestEnsemble.start();
  const twins = new TestEnsemble({ hub: ensemble.hub });
  try {
    await twins.startMember(2);
    await twins.until('it is refused', () => twins.refused.length > 0);

    expect(twins.refused[0]?.reason).toMatch(
      /another process is replica 2 of ensemble 'test' \(incarnation [0-9a-f]+, since /,
    );
    expect(ensemble.refused).toEqual([]);
    await (await ensemble.client(2)).create('/goes-on');
    await ensemble.agreement();
  } finally {
    twins.member(2).isUp = false;
    await twins.remove();
  }
});

test('two ensembles on one bus do not hear each other', async () => {
  const ensemble = await TestEnsemble.start();
  const other = await TestEnsemble.start({ hub: ensemble.hub, settings: { ensemble: 'other' } });

  await (await ensemble.client(1)).create('/ours');
  await (await other.client(1)).create('/theirs');
  await ensemble.kill(ensemble.leader!.sid);
  await ensemble.serving();

  await ensemble.agreement();
  await other.agreement();
  expect(await (await other.client(2)).exists('/ours')).toBe(null);
  expect(await (await ensemble.client(ensemble.leader!.sid)).exists('/theirs')).toBe(null);
});

for (const kind of [
  'greet',
  'announceEpoch',
  'promise',
  'leadership',
  'ackLeadership',
  'admit',
] as const) {
  test(`a lost ${kind} costs a moment, and not initLimit`, async () => {
    const ensemble = await TestEnsemble.start();
    const { sid } = ensemble.followers[0]!;
    await ensemble.kill(sid);
    let lost = 0;
    ensemble.loses = (passing) =>
      passing.kind === PacketKind[kind] && [passing.from, passing.to].includes(sid) && lost++ === 0;

    await ensemble.startMember(sid);

    await ensemble.serving(2000);
    expect(lost).toBeGreaterThan(0);
  });
}

test('with one frame of a hundred lost, nothing acknowledged is', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = new SeededRandom(seed);
  const ensemble = await TestEnsemble.start({ settings: impatient, observers: 1 });
  ensemble.lines.push(`seed ${seed}`);
  const clients = await Promise.all([1, 2, 3, 4].map((sid) => ensemble.client(sid)));
  await prepareLoads(clients[0]!);
  const loads = clients.map((client, at) => new Load(client, `client-${at}`));
  ensemble.loses = () => random.unit() < 0.01;

  const startedMs = performance.now();
  await ensemble.until('three seconds pass', () => performance.now() - startedMs > 3000);
  ensemble.loses = () => false;
  await ensemble.serving();

  await Promise.all(loads.map((load) => load.halt()));
  await ensemble.agreement();
  for (const { replica } of ensemble.up) checkLoads(replica.state.tree, loads);
  // A replica that is behind may need several links, each of which may lose a frame.
  const acked = loads.map((load) => load.acked.size);
  expect(acked.reduce((sum, count) => sum + count)).toBeGreaterThan(300);
});
