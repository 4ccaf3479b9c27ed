/** The ensemble after so many records: what an actor is, when it is gone, what a restart does. */

import { describe, expect, test } from 'vitest';
import { Replay } from '../../console/app/replay.ts';
import type { InspectRecord } from '../../protocol/inspection.ts';
import { actorRecord, statusRecord, stepRecord } from './inspect-records.ts';

function after(...records: readonly InspectRecord[]): Replay {
  const replay = new Replay();
  for (const record of records) replay.apply(record);
  return replay;
}

describe('a replay', () => {
  test('has an actor as its last step left it, and what it was before', () => {
    const first = stepRecord('leader', 'promising', { context: { epoch: 1 } });
    const last = stepRecord('leader', { ruling: 'gathering' }, { context: { epoch: 2 } });
    const actor = after(actorRecord('leader', 'discovering'), first, last).actors.get('1:leader')!;

    expect(actor.snapshot.value).toEqual({ ruling: 'gathering' });
    expect(actor.before?.context).toEqual({ epoch: 1 });
    expect(actor.step).toBe(last);
    expect(actor.steps).toBe(2);
    expect(actor.isGone).toBe(false);
  });

  test('knows an actor by its steps alone', () => {
    const replay = after(stepRecord('learnerHandler.3', 'serving', { sid: 2 }));
    const actor = replay.actors.get('2:learnerHandler.3');

    expect(actor).toMatchObject({ name: 'learnerHandler.3', machine: 'learnerHandler', sid: 2 });
    expect(actor?.before).toBeNull();
  });

  test('keeps the last step of an actor that is told of again', () => {
    const step = stepRecord('peer', 'standalone', { atMs: 5 });
    const again = actorRecord('peer', 'standalone', { atMs: 6 });
    const older = actorRecord('peer', 'recovering', { atMs: 4 });

    const actor = after(step, again, older).actors.get('1:peer');

    expect(actor?.step).toBe(step);
    expect(actor?.snapshot.value).toBe('standalone');
  });

  test('an actor that is done is gone, and one of its name begins anew', () => {
    const gone = after(stepRecord('leader', 'ended', { isDone: true }));
    expect(gone.actors.get('1:leader')?.isGone).toBe(true);

    gone.apply(actorRecord('leader', 'discovering'));
    expect(gone.actors.get('1:leader')).toMatchObject({ isGone: false, step: null, steps: 0 });
  });

  test('with the process of a replica all its actors go, and none of another replica', () => {
    const replay = after(
      actorRecord('peer', 'standalone', { sid: 1, origin: 10, atMs: 1 }),
      actorRecord('leader', 'ended', { sid: 1, origin: 10, atMs: 1 }),
      actorRecord('peer', 'standalone', { sid: 2, origin: 20, atMs: 1 }),
      actorRecord('peer', 'recovering', { sid: 1, origin: 11, atMs: 2 }),
    );
    const isGone = [...replay.actors.values()].map(({ sessionId, isGone }) => [sessionId, isGone]);

    expect(Object.fromEntries(isGone)).toEqual({
      '1:peer': false,
      '1:leader': true,
      '2:peer': false,
    });
  });

  test('what a process said late is not taken for news of the one after it', () => {
    const replay = after(
      actorRecord('peer', 'standalone', { origin: 11, atMs: 20 }),
      stepRecord('peer', 'stopped', { origin: 10, atMs: 10 }),
    );

    expect(replay.actors.get('1:peer')?.snapshot.value).toBe('standalone');
  });

  test('a replay of a replay goes its own way', () => {
    const base = after(actorRecord('peer', 'recovering'), statusRecord(1, 5));
    const copy = new Replay(base);
    copy.apply(stepRecord('peer', 'standalone', { atMs: 2_000 }));

    expect(base.actors.get('1:peer')?.snapshot.value).toBe('recovering');
    expect(copy.actors.get('1:peer')?.snapshot.value).toBe('standalone');
    expect(copy.statuses.get(1)?.atMs).toBe(5);
  });
});
