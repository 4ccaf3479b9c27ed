/**
 * The console's server over the bus of an ensemble: two replicas' inspectors answer and record, the
 * console is no member. Time is the test's own, sockets are real.
 */

import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { EnsembleInspection } from '../../actors/inspect/ensemble-inspection.ts';
import { InspectionSource } from '../../actors/inspect/inspection-source.ts';
import { Inspector } from '../../actors/inspect/inspector.ts';
import { LocalHub } from '../../actors/local-bus.ts';
import { silentNotes } from '../../actors/note.ts';
import { systemRandom } from '../../actors/random.ts';
import type { InspectRecord } from '../../protocol/inspection.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { statusOf } from './fake-inspection.ts';
import { startRig } from './rig.ts';

const frame = { kind: 12, sender: 1, incarnation: 1, link: 0, epoch: 3, seq: 9 };
const sids = [1, 2];

async function stage() {
  const hub = new LocalHub((task) => task());
  const clock = new FakeClock();
  const inspectors = sids.map((sid) => {
    const inspector = new Inspector(clock, silentNotes, sid, 100 + sid);
    const speak = () =>
      inspector.add({ type: '@natskeeper.status', status: statusOf(sid, { sid }) });
    clock.every(500, speak);
    const answer = async (question: unknown) => {
      if ((question as { what: string }).what === 'recent') return inspector.recent();
      if ((question as { what: string }).what === 'status') return statusOf(sid);
      throw new Error('this is too much');
    };
    new InspectionSource({
      ...{ bus: hub.attach(), ensemble: 'test', sid, clock, inspector, answer },
    });
    return inspector;
  });
  const bus = hub.attach();
  const parts = { ensemble: 'test', own: null, bus, clock, random: systemRandom };
  const inspection = new EnsembleInspection(parts);
  const rig = await startRig({ inspection, clock });
  onTestFinished(() => inspection.close());
  return { ...rig, clock, inspectors };
}

/** Lets time pass until the promise is settled. */
async function passing<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let isOver = false;
  void promise.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10);
    clock.endTurn();
  }
  return promise;
}

async function turnsUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

test('a replica is asked over the bus, and what it says no to is quoted', async () => {
  const { post, clock } = await stage();
  const status = await passing(clock, post('/api/ask/2', { what: 'status' }));
  const refused = await passing(clock, post('/api/ask/1', { what: 'export', root: '/' }));
  const missing = await passing(clock, post('/api/ask/7', { what: 'status' }));

  expect(status.json()).toEqual(statusOf(2));
  expect([refused.status, refused.json().error]).toEqual([502, 'this is too much']);
  expect([missing.status, missing.json().error]).toEqual([502, 'replica 7 is not on the bus']);
});

test('the first viewer gets what all replicas have kept, then what happens', async () => {
  const { console: running, clock, inspectors } = await stage();
  // Somebody who looked before, so that there is something to be kept.
  for (const inspector of inspectors) {
    const machines = ['message'];
    const early = inspector.watch({ machines, sids: null, instance: null }, () => {});
    inspector.received(frame, 40);
    early.cancel();
  }
  const socket = new WebSocket(`ws://127.0.0.1:${running.port}/api/inspect?batch=1`);
  onTestFinished(() => socket.terminate());
  const got: InspectRecord[] = [];
  const messagesOf = (sid: number) =>
    got.filter((record) => record.sid === sid && record.type === '@natskeeper.message');
  socket.on('message', (data) => got.push(...(JSON.parse(String(data)) as InspectRecord[])));
  const both = (count: number) =>
    turnsUntil(() => sids.every((sid) => messagesOf(sid).length === count));
  await passing(clock, both(1));
  const opened = got.length;
  socket.send('{"filter": {"machines": ["message"], "sids": null, "instance": null}}');
  await passing(
    clock,
    turnsUntil(() => inspectors.every(({ tap }) => tap.messages)),
  );
  for (const inspector of inspectors) inspector.received({ ...frame, seq: 10 }, 40);
  await passing(clock, both(2));

  expect(opened).toBeGreaterThanOrEqual(2);
  for (const sid of sids) {
    expect(messagesOf(sid)).toMatchObject([{ frameSeq: 9 }, { frameSeq: 10 }]);
  }
});
