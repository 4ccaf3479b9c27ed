/**
 * All sessions of a replica: negotiation, ids, passwords, moving to another connection, expiry, and
 * what of them outlives a leader.
 */

import { describe, expect, test } from 'vitest';
import type { PendingRequest } from '../../actors/pending-request.ts';
import type { Session } from '../../actors/session.ts';
import { SessionTracker } from '../../actors/session-tracker.ts';
import { Sessions } from '../../actors/sessions.ts';
import { noTap } from '../../actors/tap.ts';
import { JuteReader } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakePort, requestOf } from '../support/fake-port.ts';
import { createBody, frameOf, Pipeline, type PreparedTxn } from '../support/pipeline.ts';

const tickMs = 500;
const origin = 0x0100_0001;

const opName = (op: number) => Object.entries(Opcode).find(([, code]) => code === op)![0];

function rig(sid = 1) {
  const pipeline = new Pipeline({ sessions: [] });
  const { state } = pipeline;
  state.secret = Buffer.alloc(32, 7);
  const clock = new FakeClock();
  const submitted: PendingRequest[] = [];
  const notes: string[] = [];
  const sessions = new Sessions(
    state,
    clock,
    { sid, origin, minTimeoutMs: 4000, maxTimeoutMs: 40_000, mayUpgrade: false, tickMs },
    {
      submit: (request) => void submitted.push(request),
      refuse: () => {},
      note: (message) => void notes.push(message),
      tap: noTap,
    },
  );
  const port = new FakePort();
  /** Opens a session and has its txn applied. */
  const open = (timeoutMs = 10_000, to = port) => {
    const session = sessions.open(timeoutMs, to);
    state.sessions.set(session.id, session.timeoutMs);
    sessions.created(session.id, session.timeoutMs);
    return session;
  };
  let cxid = 0;
  /** The client of a session writes. */
  const write = (session: Session) => {
    const body = createBody(`/z${++cxid}`);
    session.receiveWrite(
      requestOf(session.id, cxid, Opcode.create, { ...{ body, port, origin }, isWrite: true }),
    );
  };
  const asked = () => submitted.map((one) => `${opName(one.op)} ${one.session} ${one.cxid}`);
  return { ...{ pipeline, state, clock, submitted, notes, sessions, port, open }, write, asked };
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

    sessions.created(session.id, session.timeoutMs);

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
      { sid: 1, origin, minTimeoutMs: 1, maxTimeoutMs: 2, mayUpgrade: false, tickMs },
      { submit: () => {}, refuse: () => {}, note: () => {}, tap: noTap },
    ).open(1, early.port).id;

    expect(late > id).toBe(true);
  });
});

describe('passwords', () => {
  test('are derived alike by every replica with the secret, and only those are right', () => {
    const { sessions, open } = rig();
    const { id } = open();
    const password = sessions.passwordOf(id);
    const wrong = Buffer.from(password);
    wrong[15]! ^= 1;

    expect(rig(9).sessions.passwordOf(id)).toEqual(password);
    expect(password).toHaveLength(16);
    for (const bad of [wrong, null, Buffer.alloc(16), Buffer.alloc(0), Buffer.alloc(17)]) {
      expect(sessions.isPassword(id, bad)).toBe(false);
    }
    expect(sessions.isPassword(id, password)).toBe(true);
    expect(sessions.isPassword(open().id, password)).toBe(false);
  });
});

describe('resuming', () => {
  test('moves the session: the connection before ends, the timeout is agreed anew', () => {
    const { clock, sessions, open, port } = rig();
    const session = open();
    const next = new FakePort();
    clock.advance(1234);

    expect(sessions.resume(session.id, 99_000, next)).toBe(session);

    expect(port.seen).toEqual(['granted', 'session.moved']);
    expect([session.connection, session.timeoutMs]).toEqual([next, 40_000]);
    expect(session.lastHeardMs).toBe(clock.nowMs);
  });

  test('finds no session that is unknown, not created yet, or closing', () => {
    const { sessions, open, port } = rig();
    const created = open();
    const pending = sessions.open(5000, port);
    created.receiveClose(null);

    for (const id of ['00000000000000ff', pending.id, created.id]) {
      expect(sessions.isAlive(id)).toBe(false);
      expect(sessions.resume(id, 5000, new FakePort())).toBeNull();
    }
    expect(port.seen, 'nobody is disturbed by that').toEqual(['granted']);
  });

  test('goes on with a session that was made elsewhere', () => {
    const { state, clock, sessions } = rig();
    const id = '0200000000000042';
    const port = new FakePort();
    state.sessions.set(id, 6000);
    sessions.created(id, 6000);
    expect([sessions.isAlive(id), sessions.get(id)?.timeoutMs]).toEqual([true, 6000]);
    expect(sessions.get(id)?.lastHeardMs).toBe(clock.nowMs);

    expect(sessions.resume(id, 7000, port)?.connection).toBe(port);
    expect(port.seen, 'it was granted long ago').toEqual([]);
  });
});

describe('expiry', () => {
  function tracked() {
    const made = rig();
    const options = { tickMs, stallTicks: 8 };
    const tracker = new SessionTracker(made.sessions, made.clock, options, noTap);
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

  test('spares a session that was heard of, here or with a request over another replica', () => {
    const { clock, open, closes, sessions } = tracked();
    const session = open(10_000);
    for (let round = 0; round < 10; round++) {
      clock.advance(9000);
      if (round % 2 === 0) session.lastHeardMs = clock.nowMs;
      else sessions.asked(session.id);
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
    new SessionTracker(sessions, clock, { tickMs, stallTicks: 8 }, noTap).start();

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

describe('who waits for a session', () => {
  test('goes on when its createSession is applied here, or at once if it was', () => {
    const { state, sessions } = rig();
    const id = '0200000000000042';
    const seen: string[] = [];
    for (const name of ['one', 'other']) sessions.whenCreated(id, () => void seen.push(name));
    expect(seen).toEqual([]);
    state.sessions.set(id, 6000);
    sessions.created(id, 6000);
    expect(seen).toEqual(['one', 'other']);

    sessions.whenCreated(id, () => void seen.push('late'));
    expect(seen).toEqual(['one', 'other', 'late']);
  });
});

describe('a session that was heard of elsewhere', () => {
  test('lives on from that moment, with the timeout that was agreed there', () => {
    const { clock, sessions, submitted, open } = rig();
    new SessionTracker(sessions, clock, { tickMs, stallTicks: 8 }, noTap).start();
    const session = open(10_000);
    submitted.length = 0;
    clock.advance(9000);
    sessions.touch(session, 4000);
    clock.advance(4000);
    expect(submitted).toEqual([]);
    clock.advance(tickMs);
    expect(submitted).toHaveLength(1);
  });

  test('is not told of again: only who is connected here and spoke since then', () => {
    const { clock, sessions, open } = rig();
    const [silent, gone, heard] = [open(), open(), open()];
    clock.advance(100);
    for (const session of [gone, heard]) sessions.touch(session, session.timeoutMs);
    gone.connection = null;

    expect([...sessions.heardSince(clock.nowMs)]).toEqual([heard]);
    expect([...sessions.heardSince(clock.nowMs - 100)]).toEqual([silent, heard]);
    expect([...sessions.heardSince(clock.nowMs + 1)]).toEqual([]);
  });

  test('is told of once more when its connection breaks right after it spoke', () => {
    const { clock, sessions, open } = rig();
    const session = open();
    const toldMs = clock.nowMs;
    clock.advance(100);
    session.heard(clock.nowMs);
    session.connection = null;

    expect([...sessions.heardSince(toldMs)]).toEqual([session]);
    expect([...sessions.heardSince(clock.nowMs + 1)]).toEqual([]);
  });
});

describe('a new leader', () => {
  /** The batch that a leader made of these requests. */
  function proposed({ pipeline }: ReturnType<typeof rig>, requests: readonly PendingRequest[]) {
    const txns: PreparedTxn[] = requests.map((request) => {
      const body = request.buffer.subarray(request.start, request.end);
      return pipeline.prepare(request.op, body, request);
    });
    return frameOf(txns);
  }

  test('is asked for all that is unfinished, sessions first that do not exist yet', () => {
    const made = rig();
    const { sessions, submitted, port, open, write, asked } = made;
    const session = open();
    const pending = sessions.open(5000, port);
    write(session);
    write(session);
    submitted.length = 0;

    sessions.resubmit([]);

    expect(asked().sort()).toEqual([
      ...[`create ${session.id} 1`, `create ${session.id} 2`, `createSession ${pending.id} 0`],
    ]);
    expect(asked().filter((line) => line.includes(session.id))).toEqual([
      ...[`create ${session.id} 1`, `create ${session.id} 2`],
    ]);
  });

  test('is not asked for what is in its history already', () => {
    const made = rig();
    const { sessions, submitted, port, open, write, asked } = made;
    const session = open();
    const known = sessions.open(5000, port);
    const unknown = sessions.open(5000, port);
    for (let left = 3; left > 0; left--) write(session);
    const creation = submitted.find((one) => one.session === known.id)!;
    const [first, second] = submitted.filter((one) => one.op === Opcode.create);
    const frames = [proposed(made, [creation, first!]), proposed(made, [second!])];
    submitted.length = 0;

    sessions.resubmit(frames);

    expect(asked().sort()).toEqual([
      ...[`create ${session.id} 3`, `createSession ${unknown.id} 0`],
    ]);
  });

  test('takes the expiries back that were not agreed upon, and decides anew', () => {
    const { clock, sessions, submitted, notes, open } = rig();
    const tracker = new SessionTracker(sessions, clock, { tickMs, stallTicks: 8 }, noTap);
    tracker.start();
    const [silent, closing] = [open(4000), open(40_000)];
    closing.receiveClose(requestOf(closing.id, 9, Opcode.closeSession, { origin, isWrite: true }));
    submitted.length = 0;
    clock.advance(5000);
    expect([silent.stateName, closing.stateName]).toEqual(['closing', 'closing']);
    expect([submitted.length, notes.length]).toEqual([1, 1]);

    tracker.stop();
    sessions.withdrawExpiries();
    expect([silent.stateName, closing.stateName]).toEqual(['idle', 'closing']);
    expect([sessions.isAlive(silent.id), sessions.isAlive(closing.id)]).toEqual([true, false]);
    tracker.start();
    clock.advance(4000);
    expect(submitted).toHaveLength(1);
    clock.advance(2 * tickMs);
    expect(submitted.map(({ session }) => session)).toEqual([silent.id, silent.id]);
  });

  test('does not count a session as expired that its client is closing', () => {
    const { clock, sessions, submitted, open } = rig();
    const closing = open(4000);
    closing.receiveClose(requestOf(closing.id, 9, Opcode.closeSession, { origin, isWrite: true }));
    submitted.length = 0;
    new SessionTracker(sessions, clock, { tickMs, stallTicks: 8 }, noTap).start();

    clock.advance(60_000);

    expect([submitted, sessions.expiredCount]).toEqual([[], 0]);
  });
});

describe('bytes of unfinished writes', () => {
  test('are counted over all sessions, until they are applied or their session ends', () => {
    const { sessions, submitted, open, write } = rig();
    const [one, other] = [open(), open()];
    write(one);
    write(other);
    write(other);
    const bytes = submitted.filter(({ op }) => op === Opcode.create).map((r) => r.end - r.start);
    expect(sessions.unfinishedBytes).toBe(bytes[0]! + bytes[1]! + bytes[2]!);

    one.beforeApply(1);
    one.afterApply();
    expect(sessions.unfinishedBytes).toBe(bytes[1]! + bytes[2]!);

    sessions.closed(other.id, false);
    expect(sessions.unfinishedBytes).toBe(0);
  });
});
