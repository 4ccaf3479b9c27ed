/**
 * What the machines decide, where a picture of their states does not show it: counts, ticks, who
 * wins. Those of elections and broadcast have files of their own.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventFrom } from 'xstate';
import { connectionMachine } from '../../machines/connection.ts';
import { peerMachine } from '../../machines/peer.ts';
import { sessionMachine } from '../../machines/session.ts';
import { sessionTrackerMachine } from '../../machines/session-tracker.ts';
import { snapshotterMachine } from '../../machines/snapshotter.ts';
import { watchMachine } from '../../machines/watch.ts';
import { walk } from '../support/walk.ts';

const last = <T>(list: readonly T[]): T => list.at(-1)!;

describe('session tracker', () => {
  const gained = { type: 'authority.gained', tick: 100 } as const;
  const tick = (at: number) => ({ type: 'tick', tick: at }) as const;
  const run = (...events: EventFrom<typeof sessionTrackerMachine>[]) =>
    last(walk(sessionTrackerMachine, events, { stallTicks: 4 }));

  test('renews everybody when it may decide, and expires nobody before', () => {
    expect(run(tick(50)).effects).toEqual([]);
    expect(run(gained).effects).toEqual([{ type: 'renewSessions', tick: 100 }]);
  });

  test('expires with every tick, a slow one too (4 missed)', () => {
    expect(run(gained, tick(101)).effects).toEqual([{ type: 'expireSessions', tick: 101 }]);
    expect(run(gained, tick(104)).effects).toEqual([{ type: 'expireSessions', tick: 104 }]);
  });

  test('forgives after a stall of its own, and decides again after that', () => {
    expect(run(gained, tick(105)).effects).toEqual([{ type: 'renewSessions', tick: 105 }]);
    expect(run(gained, tick(105), tick(106)).effects).toEqual([
      { type: 'expireSessions', tick: 106 },
    ]);
  });

  test('decides nothing once it may not', () => {
    expect(run(gained, { type: 'authority.lost' }, tick(101))).toEqual({
      state: 'observing',
      effects: [],
    });
  });

  test('never expires across a gap of more than stallTicks (random ticks)', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 50 }), (gaps) => {
        let at = 100;
        const ticks = gaps.map((gap) => {
          at += gap;
          return tick(at);
        });
        const steps = walk(sessionTrackerMachine, [gained, ...ticks], { stallTicks: 4 }).slice(1);

        steps.forEach(({ effects }, index) => {
          const type = gaps[index]! > 4 ? 'renewSessions' : 'expireSessions';
          expect(effects).toEqual([{ type, tick: ticks[index]!.tick }]);
        });
      }),
    );
  });
});

describe('snapshotter', () => {
  const limits = { txnsMax: 10, bytesMax: 1000 };
  const batch = (txns: number, bytes = 1) => ({ type: 'batch.applied', txns, bytes }) as const;
  const settle = [{ type: 'pages.settled' }, { type: 'snapshot.finished', zxid: 7 }] as const;
  const run = (...events: EventFrom<typeof snapshotterMachine>[]) =>
    walk(snapshotterMachine, events, limits);
  const begin = ['startPass', 'writeSlice'];

  test('starts a pass after so many txns, or so many bytes', () => {
    expect(run(batch(9), batch(1)).map(({ effects }) => effects)).toEqual([[], begin]);
    expect(run(batch(1, 999), batch(1, 1)).map(({ effects }) => effects)).toEqual([[], begin]);
    expect(last(run({ type: 'snapshot.requested' })).effects).toEqual(begin);
  });

  test('trims the log only behind a finished pass', () => {
    const steps = run(batch(10), { type: 'slice.written' }, ...settle);

    expect(steps.map(({ effects }) => effects)).toEqual([
      ...[begin, ['writeSlice'], ['finishPass']],
      [{ type: 'trimLog', zxid: 7 }],
    ]);
  });

  test('counts what is applied during a pass towards the next one', () => {
    const steps = run(batch(10), batch(6), settle[0], batch(3), settle[1], batch(1));

    expect(steps.map(({ state }) => state).slice(-3)).toEqual(['finishing', 'idle', 'writing']);
  });

  test('begins no pass while the snapshot is read out, and counts on', () => {
    const steps = run(
      ...[{ type: 'reading.begun' } as const, batch(9), { type: 'snapshot.requested' } as const],
      ...[batch(5), { type: 'reading.ended' } as const, batch(1)],
    );

    expect(steps.map(({ state }) => state)).toEqual([...Array(4).fill('held'), 'idle', 'writing']);
    expect(steps.flatMap(({ effects }) => effects)).toEqual(begin);
  });

  test('ends the replica when a pass fails, in its slices or at its end', () => {
    const failed = { type: 'snapshot.failed' } as const;

    expect(last(run(batch(10), failed))).toEqual({ state: 'failed', effects: ['stopReplica'] });
    expect(last(run(batch(10), settle[0], failed)).state).toBe('failed');
  });
});

describe('peer', () => {
  const failed = { type: 'storage.failed', reason: 'disk full' } as const;
  const abort = { state: 'failed', effects: [{ type: 'abortReplica', reason: 'disk full' }] };
  const serving = [
    { type: 'state.recovered', isDistributed: false },
    { type: 'secret.agreed' },
  ] as const;
  const electing = [
    { type: 'state.recovered', isDistributed: true },
    { type: 'log.settled' },
  ] as const;
  const elected = (role: 'leading' | 'following' | 'observing') =>
    ({ type: 'leader.elected', role, leader: 3 }) as const;
  const established = { type: 'role.established' } as const;
  const startLink = { type: 'startLink', leader: 3 };
  const ended = { type: 'role.ended' } as const;
  const stop = { type: 'stop.requested' } as const;

  test('serves only once the secret is agreed upon', () => {
    expect(walk(peerMachine, serving)).toEqual([
      { state: 'agreeing', effects: ['agreeOnSecret'] },
      { state: 'standalone', effects: ['startServing'] },
    ]);
  });

  test('finishes what is in flight before it closes its storage', () => {
    for (const done of ['requests.drained', 'drain.timedOut'] as const) {
      expect(walk(peerMachine, [...serving, stop, { type: done }]).slice(2)).toEqual([
        { state: 'draining', effects: ['stopServing', 'drainRequests'] },
        { state: 'stopped', effects: ['closeStorage'] },
      ]);
    }
  });

  test('that is a member elects only when the end of its log is known', () => {
    expect(walk(peerMachine, electing)).toEqual([
      { state: 'member.looking.settling', effects: ['startMember', 'holdClients', 'settleLog'] },
      { state: 'member.looking.electing', effects: ['startElection'] },
    ]);
  });

  test('lets its clients go on when its role is established, whichever that is', () => {
    const begun = {
      leading: ['startTerm'],
      following: [{ type: 'startLink', leader: 3 }],
      observing: [{ type: 'startLink', leader: 3 }],
    };
    for (const role of ['leading', 'following', 'observing'] as const) {
      expect(walk(peerMachine, [...electing, elected(role), established]).slice(2)).toEqual([
        { state: `member.${role}.joining`, effects: begun[role] },
        { state: `member.${role}.serving`, effects: ['releaseClients'] },
      ]);
    }
  });

  test('holds its clients and elects anew when its role is over, established or not', () => {
    for (const before of [[elected('leading')], [elected('following'), established]]) {
      expect(walk(peerMachine, [...electing, ...before, ended, electing[1]]).slice(-2)).toEqual([
        { state: 'member.looking.settling', effects: ['endRole', 'holdClients', 'settleLog'] },
        { state: 'member.looking.electing', effects: ['startElection'] },
      ]);
    }
  });

  test('without a leader for long lets its clients go, or reads old data if it may', () => {
    const tired = (mayReadOnly: boolean) => ({ type: 'patience.exhausted', mayReadOnly }) as const;

    expect(walk(peerMachine, [...electing, tired(false), tired(false)]).slice(-2)).toEqual([
      { state: 'member.looking.lonely', effects: ['dropClients'] },
      { state: 'member.looking.lonely', effects: [] },
    ]);
    expect(walk(peerMachine, [...electing, tired(true), elected('following')]).slice(-2)).toEqual([
      { state: 'member.looking.readOnly', effects: ['startReadOnly'] },
      { state: 'member.following.joining', effects: ['stopReadOnly', startLink] },
    ]);
    expect(last(walk(peerMachine, [...electing, tired(false), elected('leading')])).state).toBe(
      'member.leading.joining',
    );
  });

  test('is made anew from a snapshot of its leader, at once', () => {
    const received = { type: 'snapshot.received' } as const;
    const steps = walk(peerMachine, [...electing, elected('following'), received, ended, stop]);

    expect(steps.slice(-3)).toEqual([
      { state: 'rebuilding', effects: ['rebuildReplica'] },
      { state: 'rebuilding', effects: [] },
      { state: 'rebuilding', effects: [] },
    ]);
  });

  test('that stops as a member drains, and stops at once when its role is over', () => {
    const steps = walk(peerMachine, [...electing, elected('leading'), established, stop, ended]);

    expect(steps.slice(-2)).toEqual([
      { state: 'draining', effects: ['stopServing', 'drainRequests'] },
      { state: 'stopped', effects: ['closeStorage'] },
    ]);
  });

  test('ends at once when its storage fails, wherever it is', () => {
    const member = [...electing, elected('leading')];
    const lives = [[], serving.slice(0, 1), serving, [...serving, stop], electing, member];
    for (const before of lives) {
      expect(last(walk(peerMachine, [...before, failed]))).toEqual(abort);
    }
  });
});

describe('session', () => {
  const all = (...types: EventFrom<typeof sessionMachine>['type'][]) =>
    walk(
      sessionMachine,
      types.map((type) => ({ type }) as EventFrom<typeof sessionMachine>),
    ).map(({ effects }) => effects[0]);

  test('answers held reads also when the last write is applied after it began to close', () => {
    expect(
      all('session.created', 'request.write', 'request.read', 'timeout.elapsed', 'writes.drained'),
    ).toEqual(['grantConnection', 'submitWrite', 'holdRead', 'submitClose', 'answerHeldReads']);
  });

  test('refuses all that comes after the close', () => {
    expect(
      all('session.created', 'request.close', 'request.read', 'request.write', 'request.close'),
    ).toEqual(['grantConnection', 'submitClose', ...Array(3).fill('refuseRequest')]);
  });
});

describe('session, once its expiry is withdrawn,', () => {
  test('goes on behind what is unfinished', () => {
    const events = ['session.created', 'timeout.elapsed', 'expiry.withdrawn', 'request.read'];
    const steps = walk(
      sessionMachine,
      events.map((type) => ({ type }) as EventFrom<typeof sessionMachine>),
    );

    expect(steps.map(({ state }) => state)).toEqual(['idle', 'closing', 'ordering', 'ordering']);
    expect(last(steps).effects).toEqual(['holdRead']);
  });
});

describe('connection', () => {
  test('that is not paused when its session is granted reads on', () => {
    const steps = walk(connectionMachine, [{ type: 'connect.fresh' }, { type: 'session.granted' }]);

    expect(steps.map(({ effects }) => effects)).toEqual([
      ['pauseInput', 'openSession'],
      ['acceptSession', 'resumeInput'],
    ]);
  });
});

describe('watch', () => {
  test('of all three kinds fires once, and only its standard part is gone', () => {
    const kinds = ['arm.standard', 'arm.persistent', 'arm.recursive', 'fire.znode'] as const;
    const steps = walk(
      watchMachine,
      kinds.map((type) => ({ type })),
    );

    expect(last(steps).effects).toContain('deliverEvent');
    expect(last(steps).state).toBe('{standard.off, persistent.armed, recursive.armed}');
  });
});
