/**
 * All sessions of a replica: negotiation, ids, passwords, moving to another connection, expiry; and
 * the containers and TTL znodes that a replica removes by itself.
 */

import { describe, expect, test } from 'vitest';
import { ContainerChecker } from '../../actors/container-checker.ts';
import type { PendingRequest } from '../../actors/pending-request.ts';
import { SessionTracker } from '../../actors/session-tracker.ts';
import { Sessions } from '../../actors/sessions.ts';
import { JuteReader } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakePort } from '../support/fake-port.ts';
import { bodyOf, createBody, deleteBody, Pipeline, setDataBody } from '../support/pipeline.ts';

const tickMs = 500;

function rig(sid = 1) {
  const { state } = new Pipeline({ sessions: [] });
  state.secret = Buffer.alloc(32, 7);
  const clock = new FakeClock();
  const submitted: PendingRequest[] = [];
  const sessions = new Sessions(
    state,
    clock,
    { sid, minTimeoutMs: 4000, maxTimeoutMs: 40_000, tickMs },
    { submit: (request) => void submitted.push(request), refuse: () => {}, note: () => {} },
  );
  const port = new FakePort();
  /** Opens a session and has its txn applied. */
  const open = (timeoutMs = 10_000, to = port) => {
    const session = sessions.open(timeoutMs, to);
    state.sessions.set(session.id, session.timeoutMs);
    sessions.created(session.id);
    return session;
  };
  return { state, clock, submitted, sessions, port, open };
}

describe('opening', () => {
  test('clamps the timeout between the bounds, and proposes what was agreed', () => {
    const { sessions, submitted, port } = rig();
    const asked = [-1, 0, 3999, 4000, 30_000, 40_001, 2 ** 31 - 1];

    const agreed = asked.map((timeoutMs) => sessions.open(timeoutMs, port).timeoutMs);

    expect(agreed).toEqual([4000, 4000, 4000, 4000, 30_000, 40_000, 40_000]);
    expect(submitted.map(({ op }) => op)).toEqual(Array(7).fill(Opcode.createSession));
    expect(submitted.map(({ buffer }) => new JuteReader(buffer).int())).toEqual(agreed);
  });

  test('grants the connection only when the txn has been applied', () => {
    const { sessions, port } = rig();
    const session = sessions.open(5000, port);
    expect([port.seen, session.stateName]).toEqual([[], 'creating']);

    sessions.created(session.id);

    expect([port.seen, session.stateName]).toEqual([['granted'], 'idle']);
  });

  test('numbers sessions below the id of the replica, without repeats', () => {
    for (const sid of [1, 255]) {
      const { state, sessions, port, open } = rig(sid);
      const first = sessions.open(5000, port);
      const next = (BigInt(`0x${first.id}`) + 1n).toString(16).padStart(16, '0');
      state.sessions.set(next, 5000);
      const ids = [first.id, open().id, open().id];

      expect(new Set([...ids, next]).size).toBe(4);
      expect(ids.map((id) => Number.parseInt(id.slice(0, 2), 16))).toEqual([sid, sid, sid]);
    }
  });

  test('a replica that starts later numbers higher', () => {
    const early = rig();
    const id = early.open().id;
    early.clock.advance(1);
    const late = new Sessions(
      early.state,
      early.clock,
      { sid: 1, minTimeoutMs: 1, maxTimeoutMs: 2, tickMs },
      { submit: () => {}, refuse: () => {}, note: () => {} },
    ).open(1, early.port).id;

    expect(late > id).toBe(true);
  });
});

describe('resuming', () => {
  test('needs the password, which every replica with the secret derives alike', () => {
    const { sessions, open, port } = rig();
    const session = open();
    const password = sessions.passwordOf(session.id);
    const wrong = Buffer.from(password);
    wrong[15]! ^= 1;

    expect(rig(9).sessions.passwordOf(session.id)).toEqual(password);
    expect(password).toHaveLength(16);
    for (const bad of [wrong, null, Buffer.alloc(16), Buffer.alloc(0), Buffer.alloc(17)]) {
      expect(sessions.resume(session.id, bad, 5000, new FakePort())).toBeNull();
    }
    expect(port.seen, 'a stranger does not end the connection that holds it').toEqual(['granted']);
    expect(sessions.resume(session.id, password, 5000, new FakePort())).toBe(session);
  });

  test('moves the session: the connection before ends, the timeout is agreed anew', () => {
    const { sessions, open, port } = rig();
    const session = open();
    const next = new FakePort();

    sessions.resume(session.id, sessions.passwordOf(session.id), 99_000, next);

    expect(port.seen).toEqual(['granted', 'session.moved']);
    expect([session.connection, session.timeoutMs]).toEqual([next, 40_000]);
  });

  test('finds no session that is unknown, not created yet, or closing', () => {
    const { sessions, open, port } = rig();
    const created = open();
    const pending = sessions.open(5000, port);
    created.receiveClose(null);

    for (const id of ['00000000000000ff', pending.id, created.id]) {
      expect(sessions.resume(id, sessions.passwordOf(id), 5000, new FakePort())).toBeNull();
    }
  });
});

describe('expiry', () => {
  function tracked() {
    const made = rig();
    const options = { tickMs, stallTicks: 8 };
    const tracker = new SessionTracker(made.sessions, made.clock, options, () => {});
    tracker.start();
    const closes = () => made.submitted.filter(({ op }) => op === Opcode.closeSession);
    return { ...made, tracker, closes };
  }

  test('proposes the end of a silent session, never early and within a tick', () => {
    const { clock, open, closes } = tracked();
    open(10_000);

    clock.advance(10_000);
    expect(closes()).toEqual([]);
    clock.advance(tickMs);
    expect(closes()).toHaveLength(1);
    clock.advance(60_000);
    expect(closes()).toHaveLength(1);
  });

  test('spares a session that was heard of', () => {
    const { clock, open, closes } = tracked();
    const session = open(10_000);
    for (let round = 0; round < 10; round++) {
      clock.advance(9000);
      session.lastHeardMs = clock.nowMs;
    }

    expect(closes()).toEqual([]);
    clock.advance(10_000 + tickMs);
    expect(closes()).toHaveLength(1);
  });

  test('forgives after a stall of the replica itself', () => {
    const { clock, open, closes } = tracked();
    open(10_000);

    clock.stall(60_000);
    clock.advance(10_000);
    expect(closes()).toEqual([]);
    clock.advance(2 * tickMs);
    expect(closes()).toHaveLength(1);
  });

  test('gives recovered sessions a full timeout, and no more', () => {
    const { state, clock, submitted, sessions } = rig();
    state.sessions.set('0100000000000042', 6000);
    clock.advance(100_000);
    sessions.restore();
    new SessionTracker(sessions, clock, { tickMs, stallTicks: 8 }, () => {}).start();

    clock.advance(6000);
    expect(submitted).toEqual([]);
    clock.advance(2 * tickMs);
    expect(submitted.map(({ session }) => session)).toEqual(['0100000000000042']);
  });

  test('ends with the tracker; the end of a session is told to its connection', () => {
    const { clock, open, closes, tracker, sessions, port } = tracked();
    const session = open(4000);
    tracker.stop();
    clock.advance(60_000);
    expect([closes(), clock.timerCount]).toEqual([[], 0]);

    sessions.closed(session.id, false);
    sessions.closed(session.id, false);

    expect(port.seen).toEqual(['granted', 'session.expired']);
    expect([sessions.size, sessions.expiry.size]).toEqual([0, 0]);
  });
});

describe('the container checker', () => {
  function checked(neverUsedMsMax = 0) {
    const pipeline = new Pipeline();
    const clock = new FakeClock();
    pipeline.nowMs = clock.wallMs();
    const removed: string[] = [];
    const options = { intervalMs: 60_000, deletesPerMinuteMax: 3, neverUsedMsMax };
    const checker = new ContainerChecker(pipeline.state.tree, clock, options, ({ buffer, op }) => {
      expect(op).toBe(Opcode.deleteContainer);
      removed.push(new JuteReader(buffer).string()!);
    });
    checker.start();
    const znode = (path: string, flags: number) => ({ path, data: null, acl: openAcl, flags });
    const container = (path: string) =>
      pipeline.run(Opcode.createContainer, bodyOf(Opcode.createContainer, znode(path, 4)));
    const ttl = (path: string, ttlMs: number) =>
      pipeline.run(Opcode.createTtl, bodyOf(Opcode.createTtl, { ...znode(path, 5), ttl: ttlMs }));
    return { pipeline, clock, removed, checker, container, ttl };
  }

  test('proposes containers that have lost their children, not unused ones', () => {
    const { pipeline, clock, removed, container } = checked();
    for (const path of ['/used', '/unused', '/full']) container(path);
    pipeline.run(Opcode.create, createBody('/full/x'));
    pipeline.run(Opcode.create, createBody('/used/x'));
    pipeline.run(Opcode.delete, deleteBody('/used/x'));

    clock.advance(60_000);

    expect(removed).toEqual(['/used']);
  });

  test('proposes unused containers after a time, if one is set', () => {
    const { clock, removed, container } = checked(100_000);
    container('/unused');

    clock.advance(60_000);
    expect(removed).toEqual([]);
    clock.advance(60_000);
    expect(removed).toEqual(['/unused']);
  });

  test('proposes TTL znodes that outlived their time since they were written', () => {
    const { pipeline, clock, removed, ttl } = checked();
    ttl('/short', 1000);
    ttl('/long', 1_000_000);
    ttl('/parent', 1000);
    ttl('/touched', 61_000);
    pipeline.run(Opcode.create, createBody('/parent/x'));
    clock.advance(59_000);
    pipeline.nowMs = clock.wallMs();
    pipeline.run(Opcode.setData, setDataBody('/touched', 'x'));
    clock.advance(1000);
    expect(removed).toEqual(['/short']);
    removed.length = 0;
    clock.advance(60_000);
    expect(removed).toEqual(['/short']);
    clock.advance(60_000);
    expect(removed.slice(1).sort()).toEqual(['/short', '/touched']);
  });

  test('keeps to its rate, and to its end', () => {
    const { clock, removed, checker, ttl } = checked();
    for (let at = 0; at < 10; at++) ttl(`/t${at}`, 1);

    clock.advance(60_000);
    expect(removed).toHaveLength(3);
    checker.stop();
    clock.advance(600_000);
    expect(removed).toHaveLength(3);
  });
});
