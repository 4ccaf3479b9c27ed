/**
 * Sessions that one replica alone knows: granted, expired and closed without a txn.
 */

import { describe, expect, test } from 'vitest';
import { Clients } from '../../actors/clients.ts';
import type { Door } from '../../actors/connection-ports.ts';
import { Counters } from '../../actors/counters.ts';
import { silentNotes } from '../../actors/note.ts';
import { systemRandom } from '../../actors/random.ts';
import { SessionTracker } from '../../actors/session-tracker.ts';
import { settingsWith } from '../../actors/settings.ts';
import { noTap } from '../../actors/tap.ts';
import { Watches } from '../../actors/watches.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { FakePort } from '../support/fake-port.ts';
import { counts, origin, rig, tickMs } from '../support/local-rig.ts';
import { createBody } from '../support/pipeline.ts';

describe('a local session', () => {
  test('is granted in the next turn, without a txn', () => {
    const made = rig();

    expect([made.port.seen, made.session.stateName]).toEqual([['granted'], 'idle']);
    expect(made.submitted).toEqual([]);
    expect(counts(made)).toEqual({ local: 1, global: 0, known: 1 });
  });

  test('goes on over another connection here; nobody else knows that it is alive', () => {
    const { sessions, session, port, clock } = rig();
    const next = new FakePort();
    clock.advance(1000);

    expect(sessions.isAlive(session.id)).toBe(false);
    expect(sessions.resume(session.id, 20_000, next)).toBe(session);
    expect([session.timeoutMs, session.lastHeardMs]).toEqual([20_000, clock.nowMs]);
    expect([port.seen, next.seen]).toEqual([['granted', 'session.moved'], []]);
  });

  test('is nothing that a leader needs to hear of', () => {
    const { sessions, session, clock } = rig();
    const global = sessions.open(10_000, new FakePort());
    sessions.created(global.id, 10_000);
    session.lastHeardMs = clock.nowMs;

    expect([...sessions.heardSince(0)]).toEqual([global]);
  });
});

describe('its end', () => {
  test('by its client is answered at once, and needs no txn', () => {
    const made = rig();
    made.close();

    expect(made.port.seen).toEqual(['granted', 'reply 1 zxid 0 err 0', 'session.closed']);
    expect([made.submitted, made.session.stateName]).toEqual([[], 'closed']);
    expect(counts(made)).toEqual({ local: 0, global: 0, known: 0 });
    expect(made.sessions.resume(made.session.id, 4000, new FakePort())).toBeNull();
  });

  test('by its client waits for its writes; what comes behind gets no answer', () => {
    const made = rig();
    const { write, close, apply, port, asked } = made;
    write();
    write(Opcode.create, createBody('/z2'));
    close();
    write();
    expect([asked(), port.seen]).toEqual([['create 1', 'create 2'], ['granted']]);
    expect(made.sessions.resume(made.session.id, 4000, new FakePort())).toBeNull();

    apply();
    apply();

    expect(port.seen.slice(1)).toEqual([
      ...['reply 1 zxid 1 err 0', 'reply 2 zxid 2 err 0', 'reply 3 zxid 2 err 0'],
      'session.closed',
    ]);
    expect([counts(made).known, made.sessions.unfinishedBytes]).toEqual([0, 0]);
  });

  test('by clear leaves nothing behind, unfinished writes included', () => {
    const made = rig();
    made.write();
    made.close();

    made.sessions.local.clear();

    expect(made.port.seen).toEqual(['granted', 'session.expired']);
    expect([counts(made).known, made.sessions.unfinishedBytes]).toEqual([0, 0]);
  });
});

describe('its expiry', () => {
  function tracked(options = {}) {
    const made = rig(options);
    const { sessions, clock } = made;
    const tracker = new SessionTracker(sessions.local, clock, { tickMs, stallTicks: 8 }, noTap);
    tracker.start();
    return made;
  }

  test('is decided here, never early and within a tick, and needs no txn', () => {
    const made = tracked();
    made.clock.advance(10_000);
    expect(made.port.seen).toEqual(['granted']);

    made.clock.advance(tickMs);

    expect(made.port.seen).toEqual(['granted', 'session.expired']);
    expect([made.submitted, made.sessions.expiredCount]).toEqual([[], 1]);
    expect(counts(made)).toEqual({ local: 0, global: 0, known: 0 });
    expect(made.sessions.local.expiry.size).toBe(0);
  });

  test('spares who is heard of, and after a stall of the replica everybody', () => {
    const { clock, session, port } = tracked();
    for (let round = 0; round < 5; round++) {
      clock.advance(9000);
      session.lastHeardMs = clock.nowMs;
    }
    clock.stall(60_000);
    clock.advance(10_000);
    expect(port.seen).toEqual(['granted']);

    clock.advance(2 * tickMs);
    expect(port.seen).toEqual(['granted', 'session.expired']);
  });

  test('waits for its writes, and is counted once', () => {
    const { clock, write, apply, port, sessions } = tracked();
    write();
    clock.advance(60_000);
    expect(port.seen).toEqual(['granted']);

    apply();

    expect(port.seen.slice(1)).toEqual(['reply 1 zxid 1 err 0', 'session.expired']);
    expect(sessions.expiredCount).toBe(1);
  });

  test('is no business of a leader: neither decided nor withdrawn by one', () => {
    const { clock, write, sessions, session } = tracked();
    write();
    const other = new SessionTracker(sessions, clock, { tickMs, stallTicks: 8 }, noTap);
    other.start();
    clock.advance(11_000);
    expect([session.stateName, sessions.expiry.size]).toEqual(['closing', 0]);

    other.stop();
    sessions.withdrawExpiries();

    expect(session.stateName).toBe('closing');
  });
});

describe('the client side of a replica', () => {
  test('does not call those silent whom it does not listen to', async () => {
    const { pipeline, state, clock } = rig();
    let door: Door = 'open';
    const settings = settingsWith({ dataDir: 'none', readOnlyModeEnabled: true });
    const clients = new Clients(
      {
        ...{ settings, clock, notes: silentNotes, state, origin, random: systemRandom },
        ...{
          counters: new Counters(),
          access: pipeline.access,
          watches: new Watches(),
          tap: noTap,
        },
        listen: async () => {
          return { address: { host: '', port: 1 }, close: async () => {} };
        },
      },
      {
        submit: () => {},
        revalidate: ({ done }) => done(false),
        door: () => door,
        isOverloaded: () => false,
      },
    );
    await clients.open({ isWord: () => false, answer: () => '' });
    const port = new FakePort();
    clients.sessions.openLocal(10_000, port);
    clock.endTurn();
    clock.advance(9000);

    for (const shut of ['waiting', 'shut'] as const) {
      door = shut;
      clock.advance(60_000);
    }
    door = 'open';
    clock.advance(9000);
    expect(port.seen).toEqual(['granted']);

    clock.advance(2000);
    expect(port.seen).toEqual(['granted', 'session.expired']);
    clients.stop();
    expect(clock.timerCount).toBe(0);
  });
});
