/** An ensemble looked at over its bus, by a replica's own viewer and by one that is none. */

import { expect, test } from 'vitest';
import { systemClock } from '../../actors/clock.ts';
import { EnsembleInspection } from '../../actors/inspect/ensemble-inspection.ts';
import { InspectionSource, wantMs } from '../../actors/inspect/inspection-source.ts';
import { Inspector } from '../../actors/inspect/inspector.ts';
import { LocalHub } from '../../actors/local-bus.ts';
import { silentNotes } from '../../actors/note.ts';
import { systemRandom } from '../../actors/random.ts';
import type { InspectRecord } from '../../protocol/inspection.ts';
import { FakeClock } from '../support/fake-clock.ts';

const filter = { machines: ['message'], sids: null, instance: null };
const frame = { kind: 12, sender: 1, incarnation: 1, link: 0, epoch: 3, seq: 9 };

/** Replicas 1 and 2, a viewer beside them, and time that stands still. */
function rig() {
  const hub = new LocalHub((task) => task());
  const clock = new FakeClock();
  const bus = hub.attach();
  const viewer = new EnsembleInspection({
    ...{ ensemble: 'test', own: null, bus, clock, random: systemRandom },
  });
  const replicas = [1, 2].map((sid) => {
    const inspector = new Inspector(clock, silentNotes, sid, sid);
    const answer = async (question: unknown) => {
      if (question === null) throw new Error('nothing was asked');
      return Array.from({ length: 500 }, (_, at) => [sid, at]);
    };
    const its = hub.attach();
    const source = new InspectionSource({
      ...{ bus: its, ensemble: 'test', sid, clock, inspector, answer },
    });
    return { inspector, source, bus: its };
  });
  const records: InspectRecord[] = [];
  const take = (some: readonly InspectRecord[]) => void records.push(...some);
  return { clock, hub, bus, viewer, replicas, records, take };
}

/** Lets what waits for later turns come to its end. */
async function turns(clock: FakeClock): Promise<void> {
  for (let left = 20; left > 0; left--) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.endTurn();
  }
}

test('records of all replicas reach a viewer while it watches, and then no more', () => {
  const { clock, viewer, replicas, records, take } = rig();
  const subscription = viewer.watch(filter, take);
  for (const { inspector } of replicas) inspector.received(frame, 100);
  clock.advance(50);
  expect(records.map(({ sid }) => sid)).toEqual([1, 2]);
  expect(records[0]).toMatchObject({ name: 'PROPOSAL', from: 1, frameEpoch: 3, frameSeq: 9 });
  expect(viewer.sids()).toEqual([1, 2]);

  subscription.cancel();
  expect(replicas.map(({ inspector }) => inspector.tap.messages)).toEqual([false, false]);
});

test('only the replicas that a filter names make records', () => {
  const { viewer, replicas, take } = rig();
  viewer.watch({ ...filter, sids: [2] }, take);
  expect(replicas.map(({ inspector }) => inspector.tap.messages)).toEqual([false, true]);
});

test('a viewer that is gone without a word costs nothing after six seconds', () => {
  const { clock, hub, bus, viewer, replicas, take } = rig();
  viewer.watch(filter, take);
  clock.advance(10 * wantMs);
  expect(replicas[0]!.inspector.tap.messages).toBe(true);
  hub.cut(bus);
  clock.advance(wantMs + 1000);
  expect(replicas.map(({ inspector }) => inspector.tap.messages)).toEqual([false, false]);
});

test('a replica that says nothing any more is not among those that are there', () => {
  const { clock, viewer, replicas, take } = rig();
  viewer.watch(filter, take);
  for (const { inspector } of replicas) inspector.received(frame, 100);
  clock.advance(50);
  clock.advance(2500);
  replicas[1]!.inspector.received(frame, 100);
  clock.advance(1000);
  expect(viewer.sids()).toEqual([2]);
});

test('questions are answered by the replica that was asked', async () => {
  const { clock, viewer } = rig();
  const answer = viewer.ask(2, { what: 'recent' });
  await turns(clock);
  expect(await answer).toHaveLength(500);
  expect((await answer)[499]).toEqual([2, 499]);
});

test('a replica that is not there is said to be so at once, a silent one after 5 s', async () => {
  const { clock, viewer, replicas } = rig();
  await expect(viewer.ask(9, { what: 'recent' })).rejects.toThrow('replica 9 is not on the bus');
  const [first] = replicas;
  first!.source.close();
  first!.bus.subscribe('natskeeper.test.inspect-ask.1', () => {});
  const silence = viewer.ask(1, { what: 'recent' });
  const told = expect(silence).rejects.toThrow('replica 1 has not answered within 5 s');
  clock.advance(5000);
  await told;
});

test('what a stranger puts on the bus is not acted on', () => {
  const { bus, hub, viewer, replicas, records, take } = rig();
  const stranger = hub.attach();
  const say = (subject: string, text: string) =>
    stranger.publish(`natskeeper.test.${subject}`, Buffer.from(text));
  viewer.watch({ ...filter, machines: [] }, take);
  for (const text of ['', '{', '[]', 'null', '{"viewer":1}', '{"viewer":"x","filter":{}}']) {
    say('inspect-wants', text);
    say('inspect-ask.1', text);
    say('inspect.1.peer', text);
  }
  say('inspect-wants', '{"viewer":"x","filter":{"machines":[5],"sids":null,"instance":null}}');
  expect(records).toEqual([]);
  expect(replicas[0]!.inspector.tap).toMatchObject({ messages: false, hosts: false });
  expect(bus.isConnected).toBe(true);
});

test('more viewers than a replica serves are not heard', () => {
  const { hub, replicas } = rig();
  const stranger = hub.attach();
  for (let at = 0; at < 100; at++) {
    const machines = [at < 64 ? 'peer' : 'session'];
    const want = { viewer: `v${at}`, filter: { machines, sids: null, instance: null } };
    stranger.publish('natskeeper.test.inspect-wants', Buffer.from(JSON.stringify(want)));
  }
  expect(replicas[0]!.inspector.tap).toMatchObject({ hosts: true, sessions: false });
});

test('without a bus there is only the replica itself', async () => {
  const inspector = new Inspector(systemClock, silentNotes, 1, 1);
  const own = { sid: 1, inspector, answer: async () => [] };
  const alone = new EnsembleInspection({
    ...{ ensemble: 'test', own, bus: null, clock: new FakeClock(), random: systemRandom },
  });
  expect(alone.sids()).toEqual([1]);
  expect(await alone.ask(1, { what: 'recent' })).toEqual([]);
  await expect(alone.ask(2, { what: 'recent' })).rejects.toThrow('there is no replica 2');
});
