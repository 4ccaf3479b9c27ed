/**
 * What the machines decide, where a picture of their states does not show it: counts, ticks, who
 * wins. Transitions are computed by XState's pure `transition`.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyMachineSnapshot, AnyStateMachine, EventFrom } from 'xstate';
import { initialTransition, transition } from 'xstate';
import { stateName } from '../../actors/host.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { peerMachine } from '../../machines/peer.ts';
import { sessionMachine } from '../../machines/session.ts';
import { sessionTrackerMachine } from '../../machines/session-tracker.ts';
import { snapshotterMachine } from '../../machines/snapshotter.ts';
import { watchMachine } from '../../machines/watch.ts';

/** State and effects (with what they are given) after each event. */
function walk<Machine extends AnyStateMachine>(
  machine: Machine,
  events: readonly EventFrom<Machine>[],
  input?: object,
): { state: string; effects: unknown[] }[] {
  let [snapshot] = initialTransition(machine, input as never) as [AnyMachineSnapshot, unknown];
  return events.map((event) => {
    const [next, actions] = transition(machine, snapshot as never, event);
    snapshot = next as AnyMachineSnapshot;
    const effects = actions.map(({ type, params }) =>
      params === undefined ? type : { type, ...(params as object) },
    );
    return { state: stateName(snapshot.value), effects };
  });
}

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

  test('ends the replica when a pass fails, in its slices or at its end', () => {
    const failed = { type: 'snapshot.failed' } as const;

    expect(last(run(batch(10), failed))).toEqual({ state: 'failed', effects: ['stopReplica'] });
    expect(last(run(batch(10), settle[0], failed)).state).toBe('failed');
  });
});

describe('peer', () => {
  const failed = { type: 'storage.failed', reason: 'disk full' } as const;
  const abort = { state: 'failed', effects: [{ type: 'abortReplica', reason: 'disk full' }] };
  const serving = [{ type: 'state.recovered' }, { type: 'secret.agreed' }] as const;

  test('serves only once the secret is agreed upon', () => {
    expect(walk(peerMachine, serving)).toEqual([
      { state: 'agreeing', effects: ['agreeOnSecret'] },
      { state: 'standalone', effects: ['startServing'] },
    ]);
  });

  test('finishes what is in flight before it closes its storage', () => {
    const stop = [{ type: 'stop.requested' }, { type: 'requests.drained' }] as const;

    expect(walk(peerMachine, [...serving, ...stop]).slice(2)).toEqual([
      { state: 'draining', effects: ['stopServing', 'drainRequests'] },
      { state: 'stopped', effects: ['closeStorage'] },
    ]);
  });

  test('ends at once when its storage fails, wherever it is', () => {
    const stop = { type: 'stop.requested' } as const;
    for (const before of [[], serving.slice(0, 1), serving, [...serving, stop]]) {
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
