/** What the page of the state charts is made from: states that are lit, lists, changes, steps. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { byReplica, partsOf } from '../../console/app/actor-list.ts';
import { stepsAround } from '../../console/app/actor-steps.ts';
import { isSame, shortText } from '../../console/app/changed-keys.ts';
import { drawingOf, litStates, stateText } from '../../console/app/lit-states.ts';
import { RecordRing } from '../../console/app/record-ring.ts';
import { Replay } from '../../console/app/replay.ts';
import { machines } from '../../machines/index.ts';
import { treeTop } from '../support/tidy-source.ts';
import { actorRecord, stepRecord } from './inspect-records.ts';

describe('lit states', () => {
  test('are the machine and all states on the way, in all regions', () => {
    expect(litStates('leader', { ruling: 'broadcasting' })).toEqual([
      'leader',
      'leader.ruling',
      'leader.ruling.broadcasting',
    ]);
    expect(litStates('watch', { standard: 'armed', persistent: 'off' })).toEqual([
      'watch',
      'watch.standard',
      'watch.standard.armed',
      'watch.persistent',
      'watch.persistent.off',
    ]);
    expect(stateText({ member: { looking: 'electing' } })).toBe('member.looking.electing');
    expect(stateText({ standard: 'armed', persistent: 'off' })).toBe(
      'standard.armed · persistent.off',
    );
  });

  test('stand in the drawing of their machine, for the initial state of each', () => {
    for (const [name, machine] of Object.entries(machines)) {
      const file = join(treeTop, 'console/drawings', `${drawingOf(name)}.svg`);
      expect(existsSync(file), file).toBe(true);
      const drawing = readFileSync(file, 'utf8');
      const ids = Object.keys(machine.states).map((state) => `${machine.id}.${state}`);
      for (const id of [machine.id, ...ids]) expect(drawing).toContain(`data-state="${id}"`);
    }
  });
});

test('actors are listed by replica and machine, the gone ones last and few', () => {
  const replay = new Replay();
  for (const name of ['learnerHandler.10', 'learnerHandler.2', 'leader', 'peer']) {
    replay.apply(actorRecord(name, 'x', { sid: 2 }));
  }
  replay.apply(actorRecord('peer', 'x', { sid: 1 }));
  for (let at = 1; at <= 6; at++) {
    replay.apply(stepRecord(`channel.${at}`, 'x', { sid: 1, atMs: at, isDone: true }));
  }
  const told = byReplica(replay.actors.values(), 2).map(({ sid, actors }) => [
    sid,
    ...actors.map(({ name }) => name),
  ]);

  expect(told).toEqual([
    [1, 'peer', 'channel.6', 'channel.5'],
    [2, 'peer', 'leader', 'learnerHandler.2', 'learnerHandler.10'],
  ]);
});

test('an id tells its replica, name and machine', () => {
  expect(partsOf('2:session.0x1f')).toEqual({ sid: 2, name: 'session.0x1f', machine: 'session' });
  expect(partsOf('1:watch./a b|data')).toMatchObject({ machine: 'watch' });
  expect(partsOf('<img>')).toBeNull();
});

test('steps of an actor are found around a record, newest first', () => {
  const ring = new RecordRing(100);
  for (let at = 0; at < 10; at++) {
    ring.take([stepRecord(at % 2 === 0 ? 'peer' : 'leader', 'x', { atMs: at })]);
  }

  expect(stepsAround(ring, '1:peer', 5, 3).map(({ index }) => index)).toEqual([6, 4, 2, 0]);
});

test('values are compared all the way down, and told in short', () => {
  expect(isSame({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
  expect(isSame({ a: [1, { b: null }] }, { a: [1, { b: 0 }] })).toBe(false);
  expect(isSame([], {})).toBe(false);
  expect(isSame({ a: undefined }, { b: undefined })).toBe(false);
  expect(shortText({ a: 'x'.repeat(100) }, 10)).toBe('{"a":"xxx…');
});
