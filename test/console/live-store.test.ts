/**
 * The live store against an invented server and clock: going back in time, what is stale, coming
 * back after a loss, and more records than a page can take.
 */

import { describe, expect, test } from 'vitest';
import { LiveStore, type SocketEvents } from '../../console/app/live-store.ts';
import { recordsMax } from '../../console/app/record-ring.ts';
import type { InspectRecord } from '../../protocol/inspection.ts';
import { actorRecord, droppedRecord, statusRecord, stepRecord } from './inspect-records.ts';

class Rig {
  nowMs = 100_000;
  readonly sockets: { events: SocketEvents; sent: string[] }[] = [];
  readonly #timers: { atMs: number; run: () => void }[] = [];
  frames = 0;
  /** What taking one message costs, by this clock. */
  costMs = 0;
  readonly store = new LiveStore({
    connect: (events) => {
      const sent: string[] = [];
      this.sockets.push({ events, sent });
      return { send: (text) => void sent.push(text), close: () => events.closed() };
    },
    wallNow: () => this.nowMs,
    monoNow: () => {
      this.nowMs += this.costMs;
      return this.nowMs;
    },
    after: (ms, run) => {
      const timer = { atMs: this.nowMs + ms, run };
      this.#timers.push(timer);
      return () => void this.#timers.splice(this.#timers.indexOf(timer), 1);
    },
    onFrame: (run) => {
      this.frames++;
      this.#timers.push({ atMs: this.nowMs, run });
    },
  });

  get socket() {
    return this.sockets.at(-1)!;
  }

  open(): this {
    this.store.start();
    this.socket.events.opened();
    return this;
  }

  send(...records: readonly InspectRecord[]): void {
    this.socket.events.received(JSON.stringify(records));
  }

  /** Lets this much time pass, with all timers that end in it. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const due = this.#timers.filter(({ atMs }) => atMs <= endMs);
      const next = due.sort((one, other) => one.atMs - other.atMs)[0];
      if (next === undefined) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    this.nowMs = Math.max(this.nowMs, endMs);
  }
}

const peer = (rig: Rig): unknown => rig.store.actors.get('1:peer')?.snapshot.value;

describe('looking back', () => {
  test('shows actors and figures as they were at that record, while the ring goes on', () => {
    const rig = new Rig().open();
    rig.send(
      actorRecord('peer', 'recovering', { atMs: 1_000 }),
      statusRecord(1, 1_500, { epoch: 4 }),
      stepRecord('peer', 'agreeing', { atMs: 2_000 }),
      stepRecord('peer', 'standalone', { atMs: 3_000 }),
      statusRecord(1, 3_500, { epoch: 5 }),
    );
    expect(peer(rig)).toBe('standalone');

    rig.store.lookBack(2);
    rig.send(stepRecord('peer', 'draining', { atMs: 4_000 }));

    expect(peer(rig)).toBe('agreeing');
    expect(rig.store.statuses.get(1)?.status.epoch).toBe(4);
    expect(rig.store.shown.size).toBe(5);
    expect(rig.store.shownAtMs).toBe(2_000);
    rig.store.lookBack(0);
    expect(peer(rig)).toBe('recovering');
    rig.store.lookBack(3);
    expect(peer(rig)).toBe('standalone');
    rig.store.lookBack(null);
    expect(peer(rig)).toBe('draining');
    expect(rig.store.position).toBeNull();
  });

  test('knows actors of which the ring holds no record any more', () => {
    const rig = new Rig().open();
    rig.send(actorRecord('election', 'idle', { atMs: 1 }));
    for (let part = 0; part < recordsMax / 1_000 + 2; part++) {
      const steps = Array.from({ length: 1_000 }, () => stepRecord('peer', 'member', { atMs: 2 }));
      rig.send(...steps);
      rig.pass(100);
    }
    rig.store.lookBack(0);

    expect(rig.store.shown.size).toBe(recordsMax);
    expect(rig.store.actors.get('1:election')?.snapshot.value).toBe('idle');
  });

  test('an actor that was only asked for has been so since the beginning of the ring', () => {
    const rig = new Rig().open();
    rig.send(stepRecord('peer', 'member', { atMs: 1 }), stepRecord('peer', 'failed', { atMs: 2 }));
    rig.store.meet([
      actorRecord('peer', 'failed', { atMs: 3 }),
      actorRecord('snapshotter', 'idle', { atMs: 3 }),
    ]);
    rig.store.lookBack(0);

    expect(rig.store.actors.get('1:snapshotter')?.snapshot.value).toBe('idle');
    expect(peer(rig)).toBe('member');
  });

  test('a process that came later hides nothing of the one before it', () => {
    const rig = new Rig().open();
    rig.send(stepRecord('peer', 'member', { atMs: 1 }), stepRecord('peer', 'failed', { atMs: 2 }));
    rig.store.meet([{ ...actorRecord('snapshotter', 'idle', { atMs: 3 }), origin: 99 }]);
    rig.store.lookBack(0);

    expect(peer(rig)).toBe('member');
  });
});

describe('what is shown', () => {
  test('is stale when its replica has been silent, and when the connection is gone', () => {
    const rig = new Rig().open();
    const isStale = (sid: number) => rig.store.statuses.get(sid)?.isStale;
    rig.send(statusRecord(1, 1_000), statusRecord(2, 1_000));
    expect([isStale(1), isStale(2)]).toEqual([false, false]);

    rig.pass(2_000);
    rig.send(statusRecord(1, 3_000));
    rig.pass(1_000);
    expect([isStale(1), isStale(2)]).toEqual([false, true]);

    rig.socket.events.closed();
    expect(isStale(1)).toBe(true);
    expect(rig.store.lostAtMs).toBe(rig.nowMs);
  });

  test('of a ring that is sent at first, old figures are as old as they are', () => {
    const rig = new Rig().open();
    rig.send(statusRecord(2, 1_000), statusRecord(1, 60_000));

    expect(rig.store.statuses.get(2)).toMatchObject({ isStale: true, heardMs: 41_000 });
    expect(rig.store.statuses.get(1)).toMatchObject({ isStale: false, heardMs: 100_000 });
  });

  test('is told once per frame, however many records came', () => {
    const rig = new Rig().open();
    rig.pass(1);
    let told = 0;
    rig.store.subscribe(() => told++);
    for (let part = 0; part < 50; part++) rig.send(stepRecord('peer', 'member'));
    rig.pass(1);

    expect(told).toBe(1);
  });
});

describe('the connection', () => {
  test('comes back, each time after a longer pause, and takes no record twice', () => {
    const rig = new Rig().open();
    const records = [actorRecord('peer', 'member'), stepRecord('peer', 'failed')];
    rig.send(...records);
    rig.socket.events.closed();
    rig.pass(499);
    expect(rig.sockets).toHaveLength(1);
    rig.pass(1);
    expect(rig.sockets).toHaveLength(2);
    rig.socket.events.closed();
    rig.pass(999);
    expect(rig.sockets).toHaveLength(2);
    rig.pass(1);
    expect(rig.sockets).toHaveLength(3);

    rig.socket.events.opened();
    rig.send(...records);

    expect(rig.store.connection).toBe('open');
    expect(rig.store.lostAtMs).toBeNull();
    expect(rig.store.records.size).toBe(2);
  });

  test('is sent what is wanted, joined, whenever that changes', () => {
    const rig = new Rig().open();
    const sent = (): unknown => JSON.parse(rig.socket.sent.at(-1)!);
    const release = rig.store.want({ machines: ['peer', 'message'], sids: [2] });
    expect(sent()).toEqual({
      filter: { machines: ['message', 'peer'], sids: [2], instance: null },
    });
    const session = '1:session.0x1';
    const other = rig.store.want({ machines: ['session'], instance: session });
    expect(sent()).toEqual({
      filter: { machines: ['message', 'peer', 'session'], sids: null, instance: session },
    });
    other();
    release();
    expect(sent()).toEqual({ filter: { machines: [], sids: null, instance: null } });
    expect(rig.socket.sent).toHaveLength(5);
  });

  test('may bring what is no record: it is passed over', () => {
    const rig = new Rig().open();
    rig.socket.events.received('{not json');
    rig.socket.events.received('[null, 3, {"type":"@xstate.snapshot"}, {"type":"toString"}]');
    rig.send(actorRecord('peer', 'member'));

    expect(rig.store.records.size).toBe(1);
  });
});

describe('more than a page can take', () => {
  test('waits for the next turn, and is thrown away beyond a bound, counted', () => {
    const rig = new Rig().open();
    rig.costMs = 4;
    const many = Array.from({ length: 2_000 }, () => stepRecord('peer', 'member'));
    const chars = JSON.stringify(many).length;
    const batches = Math.ceil(20_000_000 / chars);
    for (let part = 0; part < batches; part++) {
      rig.send(...many.map((record, at) => ({ ...record, seq: part * 2_000 + at + 1 })));
    }
    rig.costMs = 0;
    const { dropped } = rig.store;
    rig.pass(60_000);

    // How many were in what nobody read can only be guessed, by the size of others.
    const { first, size } = rig.store.records;
    expect(dropped).toBeGreaterThan(2_000);
    expect(Math.abs(first + size + dropped - batches * 2_000)).toBeLessThan(batches * 20);
    expect(size).toBeLessThanOrEqual(recordsMax);
    expect(rig.store.records.at(size - 1)?.seq).toBe(batches * 2_000);
  });

  test('what the replicas left out is counted with it', () => {
    const rig = new Rig().open();
    rig.send(droppedRecord('message', 40), droppedRecord('peer', 2));

    expect(rig.store.dropped).toBe(42);
  });
});
