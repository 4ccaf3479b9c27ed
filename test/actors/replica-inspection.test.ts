/** A whole replica that is looked at: its figures, and sessions and watches as what they are. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../actors/clock.ts';
import { ReplicaInspection } from '../../actors/inspect/replica-inspection.ts';
import { systemRandom } from '../../actors/random.ts';
import { type Client, connect } from '../../client/client.ts';
import type { InspectRecord, StepRecord } from '../../protocol/inspection.ts';
import { startReplica, type TestReplica } from '../support/replica.ts';

let server: TestReplica;
let client: Client;
let inspection: ReplicaInspection;

beforeEach(async () => {
  server = await startReplica();
  client = await connect(`127.0.0.1:${server.port}`);
  const seams = { links: null, clock: systemClock, random: systemRandom, version: '1' };
  inspection = new ReplicaInspection(server.replica, seams);
});

afterEach(async () => {
  inspection.close();
  await client.close();
  await server.remove();
});

function look(machines: readonly string[], instance: string | null = null) {
  const records: InspectRecord[] = [];
  const filter = { machines, sids: null, instance };
  inspection.ensemble.watch(filter, (some) => void records.push(...some));
  return records;
}

const isStep = (record: InspectRecord): record is StepRecord => record.type === '@xstate.snapshot';

test('a watch goes from armed to triggered, and is first shown as it stands', async () => {
  await client.create('/a', 'one');
  await client.getData('/a', { watch: () => {} });
  const { groups } = await inspection.ensemble.ask(1, {
    ...{ what: 'watches', by: 'path', text: '', offset: 0, limit: 10 },
  });
  const [entry] = groups[0]!.entries;
  expect(entry).toMatchObject({ path: '/a', table: 'data' });
  const records = look(['watch'], entry!.actor);
  await client.setData('/a', 'two');

  await vi.waitUntil(() => records.some(isStep));
  const [first, step] = records.filter(({ type }) => type.startsWith('@xstate'));
  expect(first).toMatchObject({ type: '@xstate.actor', sessionId: entry!.actor });
  expect(step).toMatchObject({ sessionId: entry!.actor, event: { type: 'fire.znode' } });
  const { from, to } = step as StepRecord;
  expect((first as { snapshot?: unknown }).snapshot).not.toEqual((step as StepRecord).snapshot);
  expect(from).not.toBe(to);
});

test('a session is shown while its writes are under way, and others are not', async () => {
  const other = await connect(`127.0.0.1:${server.port}`);
  const { rows } = await inspection.ensemble.ask(1, {
    ...{ what: 'sessions', text: '', offset: 0, limit: 10 },
  });
  const id = rows.find((row) => row.id === rows[0]!.id)!.id;
  const actor = `1:session.${id}`;
  const records = look(['session'], actor);
  await Promise.all([client.create('/a', ''), other.create('/b', '')]);
  await other.close();

  await vi.waitUntil(() => records.some(isStep));
  const seen = records.filter(({ type }) => type.startsWith('@xstate'));
  expect(seen[0]).toMatchObject({ type: '@xstate.actor', machine: 'session' });
  expect(new Set(seen.map((record) => 'sessionId' in record && record.sessionId))).toEqual(
    new Set([actor]),
  );
});

test('figures come each half second, with how long requests and syncs took', async () => {
  const records = look([]);
  await client.create('/a', 'x'.repeat(100));
  const statuses = () =>
    records.flatMap((record) => (record.type === '@natskeeper.status' ? [record.status] : []));
  await vi.waitUntil(() => statuses().some(({ syncMs }) => syncMs !== null));

  const status = statuses().find(({ syncMs }) => syncMs !== null)!;
  expect(status).toMatchObject({ sid: 1, mode: 'standalone', phase: 'standalone', sessions: 1 });
  expect(status.latencyMs!.count).toBeGreaterThan(0);
  expect(status.latencyMs!.max).toBeGreaterThanOrEqual(status.latencyMs!.p50);
  expect(status.committed).toBeGreaterThan(0);
});

test('what is asked in no form that is known is refused in a sentence', async () => {
  const ask = inspection.ensemble.ask(1, JSON.parse('{"what":"secrets"}'));
  await expect(ask).rejects.toThrow(/what/);
});

test('once nobody looks nothing is measured any more', () => {
  const { counters } = server.replica;
  const subscription = inspection.ensemble.watch(
    { machines: ['peer'], sids: null, instance: null },
    () => {},
  );
  expect(counters.latency.durations).not.toBeNull();
  subscription.cancel();
  expect([counters.latency.durations, counters.flush.durations]).toEqual([null, null]);
});
