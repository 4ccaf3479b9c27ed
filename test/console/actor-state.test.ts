/** The state of a session or watch, as its replica names it when it is asked. */

import { expect, test } from 'vitest';
import {
  actorRecordOf,
  armedText,
  stateNow,
  stateValueOf,
} from '../../console/app/logic/actor-state.ts';
import type { Ask } from '../../console/app/logic/session-load.ts';
import { Replay } from '../../console/app/replay.ts';
import type { Question } from '../../protocol/inspection.ts';
import { stepRecord } from './inspect-records.ts';

const armed = '{standard.armed, persistent.off, recursive.off}';
const armedValue = { standard: 'armed', persistent: 'off', recursive: 'off' };

test('names of states are the values that they came from', () => {
  expect(stateValueOf('idle')).toBe('idle');
  expect(stateValueOf('serving.flowing')).toEqual({ serving: 'flowing' });
  expect(stateValueOf('a.b.c')).toEqual({ a: { b: 'c' } });
  expect(stateValueOf(armed)).toEqual(armedValue);
});

test('of a watch the kinds that are armed are told', () => {
  expect(armedText(armed)).toBe('standard');
  expect(armedText('{standard.off, persistent.armed, recursive.armed}')).toBe(
    'persistent, recursive',
  );
  expect(armedText('{standard.off, persistent.off, recursive.off}')).toBe('off');
});

test('a watch is found by its path among longer ones, a session by its id', async () => {
  const asked: [number, Question][] = [];
  const entry = (path: string, state: string) => {
    return { path, table: 'data', state, session: null, actor: `2:watch.data.7.${path}` };
  };
  const group = (path: string, state: string) => ({
    key: path,
    count: 1,
    entries: [entry(path, state)],
  });
  const answers: { readonly [what: string]: unknown } = {
    watches: { total: 2, groups: [group('/a/b', 'other'), group('/a', armed)] },
    session: { state: 'idle' },
  };
  const ask = (async (sid: number, question: Question) => {
    asked.push([sid, question]);
    return answers[question.what];
  }) as Ask;

  expect(await stateNow(ask, '2:watch.data.7./a')).toBe(armed);
  expect(await stateNow(ask, '2:watch.data.8./a')).toBeNull();
  expect(await stateNow(ask, '1:session.0x12')).toBe('idle');
  expect(await stateNow(ask, '1:connection.4')).toBeNull();
  expect(asked.map(([sid, { what }]) => `${sid} ${what}`)).toEqual([
    '2 watches',
    '2 watches',
    '1 session',
  ]);
});

test('what was told is there until a step says more', () => {
  const replay = new Replay();
  replay.apply(actorRecordOf('1:watch.data.7./a', armed, { origin: 1, atMs: 5 }));
  expect(replay.actors.get('1:watch.data.7./a')).toMatchObject({
    machine: 'watch',
    isGone: false,
    snapshot: { value: armedValue },
  });

  const off = { ...armedValue, standard: 'off' };
  replay.apply(stepRecord('watch.data.7./a', off, { atMs: 4 }));
  expect(replay.actors.get('1:watch.data.7./a')).toMatchObject({ snapshot: { value: off } });
});
