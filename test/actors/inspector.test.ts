/** Records of what machines do: made while somebody looks, bounded, with no data of znodes. */

import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { MachineHost } from '../../actors/host.ts';
import { Inspector, ringRecordsMax } from '../../actors/inspect/inspector.ts';
import { shownValue } from '../../actors/inspect/shown-value.ts';
import { silentNotes } from '../../actors/note.ts';
import type { InspectRecord, StepRecord } from '../../protocol/inspection.ts';
import { FakeClock } from '../support/fake-clock.ts';

const lamp = setup({
  types: { events: {} as { type: 'toggle' } | { type: 'look' } },
}).createMachine({
  id: 'lamp',
  initial: 'dark',
  on: { look: {} },
  states: { dark: { on: { toggle: 'lit' } }, lit: { on: { toggle: 'dark' } } },
});

const all = { machines: ['lamp'], sids: null, instance: null };

function rig() {
  const clock = new FakeClock();
  const inspector = new Inspector(clock, silentNotes, 2, 77);
  const host = new MachineHost(lamp, {}, { tap: inspector.tap });
  const taken: InspectRecord[][] = [];
  const take = (records: readonly InspectRecord[]) => void taken.push([...records]);
  return { clock, inspector, host, taken, take };
}

const steps = (records: readonly InspectRecord[]): StepRecord[] =>
  records.filter((record) => record.type === '@xstate.snapshot');

test('a change of state is kept when nobody looks, an event that changes none is not', () => {
  const { inspector, host } = rig();
  host.send({ type: 'look' });
  host.send({ type: 'toggle' });

  const [began, step, ...rest] = inspector.recent();
  expect(rest).toEqual([]);
  expect(began).toMatchObject({ type: '@xstate.actor', sessionId: '2:lamp', parentId: '2:peer' });
  expect(step).toMatchObject({
    ...{ type: '@xstate.snapshot', sessionId: '2:lamp', event: { type: 'toggle' } },
    ...{ from: 'dark', to: 'lit', fired: ['lamp.dark|toggle|0|lamp.lit'], sid: 2, origin: 77 },
    snapshot: { status: 'active', value: 'lit' },
  });
});

test('who looks gets every step in batches, and none after leaving', () => {
  const { clock, inspector, host, taken, take } = rig();
  const subscription = inspector.watch(all, take);
  host.send({ type: 'look' });
  host.send({ type: 'toggle' });
  expect(taken).toEqual([]);
  clock.advance(50);
  expect(steps(taken[0]!).map(({ event }) => event.type)).toEqual(['look', 'toggle']);

  subscription.cancel();
  expect(inspector.tap.hosts).toBe(false);
  host.send({ type: 'toggle' });
  clock.advance(1000);
  expect(taken.length).toBe(1);
});

test('is asked for nothing that nobody wants: the fields of the tap are the union', () => {
  const { inspector, take } = rig();
  const wanted: boolean[] = [];
  inspector.onWanted = (isWanted) => wanted.push(isWanted);
  const { tap } = inspector;
  const one = inspector.watch({ machines: ['session'], sids: null, instance: null }, take);
  const other = inspector.watch(
    { machines: ['message', 'watch'], sids: [2], instance: null },
    take,
  );
  expect(tap).toMatchObject({ sessions: true, messages: true, watches: true, hosts: false });
  one.cancel();
  expect(tap).toMatchObject({ sessions: false, messages: true, connections: false });
  other.cancel();
  expect(tap).toMatchObject({ messages: false, watches: false });
  expect(wanted).toEqual([true, false]);
});

test('a thousand steps in a millisecond: some are shown, the others are counted', () => {
  const { clock, inspector, host, taken, take } = rig();
  inspector.watch(all, take);
  for (let left = 1000; left > 0; left--) host.send({ type: 'look' });
  clock.advance(50);

  expect(steps(taken[0]!).length).toBe(10);
  expect(taken[0]!.at(-1)).toMatchObject({ type: '@natskeeper.dropped', of: 'lamp', count: 990 });
});

test('frames that are left out are counted as messages, whoever sent them', () => {
  const { clock, inspector, taken, take } = rig();
  inspector.watch({ ...all, machines: ['message'] }, take);
  const frame = { kind: 12, sender: 1, incarnation: 1, link: 0, epoch: 1, seq: 1 };
  for (let left = 20; left > 0; left--) {
    inspector.received(frame, 10);
    inspector.received({ ...frame, sender: 2 }, 10);
  }
  clock.advance(50);

  const dropped = taken[0]!.filter(({ type }) => type === '@natskeeper.dropped');
  expect(dropped).toMatchObject([{ of: 'message', count: 20 }]);
});

test('changes of state are never left out', () => {
  const { clock, inspector, host, taken, take } = rig();
  inspector.watch(all, take);
  for (let left = 150; left > 0; left--) host.send({ type: 'look' });
  host.send({ type: 'toggle' });
  clock.advance(50);
  expect(steps(taken[0]!).at(-1)).toMatchObject({ from: 'dark', to: 'lit' });
});

test('keeps ten thousand, oldest first; a flood of frames drives out no change of state', () => {
  const { clock, inspector, host, take } = rig();
  inspector.watch({ ...all, machines: ['message'] }, take);
  const frame = { kind: 12, sender: 1, incarnation: 1, link: 0, epoch: 1, seq: 1 };
  for (let left = 5000; left > 0; left--) host.send({ type: 'toggle' });
  for (let left = 1000; left > 0; left--) {
    for (let at = 0; at < 10; at++) inspector.received(frame, 10);
    clock.advance(100);
  }
  const recent = inspector.recent();
  expect(recent.length).toBe(ringRecordsMax);
  expect(steps(recent).length).toBe(4000);
  expect(recent.every(({ seq }, at) => at === 0 || seq > recent[at - 1]!.seq)).toBe(true);
});

test('the actors that are there, with what they are made of', () => {
  const { inspector, host } = rig();
  host.send({ type: 'toggle' });
  const [actor, ...others] = inspector.actors();
  expect(others).toEqual([]);
  expect(actor).toMatchObject({ name: 'lamp', machine: 'lamp', snapshot: { value: 'lit' } });
  expect(JSON.parse(actor!.definition)).toMatchObject({ id: 'lamp', initial: 'dark' });
  expect(inspector.stateOf('lamp')).toBe('lit');
  expect(inspector.stateOf('candle')).toBeNull();
});

test('bytes are told by their length, long and deep values are cut', () => {
  const shown = shownValue({
    data: Buffer.from('secret'),
    path: 'x'.repeat(300),
    list: Array.from({ length: 60 }, (_, at) => at),
    map: new Map([[1, new Set(['a'])]]),
    deep: { a: { b: { c: { d: { e: { f: 1 } } } } } },
    big: 5n,
  }) as { [field: string]: unknown };
  expect(shown['data']).toBe('<6 bytes>');
  expect(shown['path']).toBe(`${'x'.repeat(200)}… (300)`);
  expect((shown['list'] as unknown[]).at(-1)).toBe('… 10 more');
  expect(shown['map']).toEqual({ 1: ['a'] });
  expect(shown['deep']).toEqual({ a: { b: { c: { d: { e: '…' } } } } });
  expect(shown['big']).toBe('5');
});
