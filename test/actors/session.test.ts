/**
 * One session keeps its client's order: reads wait behind its own writes and are answered before or
 * after them as they were sent; once it closes, the rest is refused.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PendingRequest } from '../../actors/pending-request.ts';
import { Session } from '../../actors/session.ts';
import { noTap } from '../../actors/tap.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { FakePort, requestOf } from '../support/fake-port.ts';

const id = '01000000000000aa';

function rig() {
  const seen: string[] = [];
  const port = new FakePort(seen);
  const submitted: PendingRequest[] = [];
  const weight = { bytes: 0 };
  const session = new Session(id, 4000, 0, {
    submit: (request) => submitted.push(request),
    endRefused: () => void seen.push('end refused'),
    submitClose: (_session, request) => {
      seen.push(request === null ? 'expire' : `close ${request.cxid}`);
      if (request !== null) submitted.push(request);
    },
    maybeUpgrade: (_session, { cxid }) => void seen.push(`consider ${cxid}`),
    settled: () => void seen.push('settled'),
    refuse: ({ cxid }, err) => seen.push(`refuse ${cxid}${err === undefined ? '' : ` ${err}`}`),
    tap: noTap,
    weigh: (bytes) => {
      weight.bytes += bytes;
    },
  });
  session.connection = port;
  const read = (cxid: number) => session.receiveRead(requestOf(id, cxid, Opcode.getData, { port }));
  const body = Buffer.alloc(100);
  const write = (cxid: number) =>
    session.receiveWrite(requestOf(id, cxid, Opcode.setData, { body, port, isWrite: true }));
  const close = (cxid: number) =>
    session.receiveClose(requestOf(id, cxid, Opcode.closeSession, { port, isWrite: true }));
  /** The oldest submitted write is applied. */
  const apply = () => {
    const { cxid } = submitted.shift()!;
    const request = session.beforeApply(cxid);
    seen.push(`apply ${request.cxid}`);
    session.afterApply();
  };
  return { session, seen, submitted, weight, read, write, close, apply };
}

describe('a session', () => {
  test('tells its connection when it is created', () => {
    const { session, seen } = rig();

    session.created();

    expect([seen, session.stateName]).toEqual([['granted'], 'idle']);
  });

  test('answers reads at once while none of its writes is unfinished', () => {
    const { session, seen, read } = rig();
    session.created();

    expect(session.readsAtOnce()).toBe(true);
    read(1);

    expect(seen.slice(1)).toEqual(['read 1']);
  });

  // As in seed 12731: its client read all the time, and so never had to ping.
  test.each([
    ['pings', Opcode.ping],
    ['reads', Opcode.getData],
  ])('lets a client come anew that %s where it was agreed not to be', (_does, op) => {
    const { session, seen } = rig();
    session.created();
    session.isElsewhere = true;

    expect(session.readsAtOnce()).toBe(false);
    session.receiveRead(requestOf(id, 1, op, { port: session.connection }));

    expect(seen.slice(1)).toEqual(['read 1', 'session.moved']);
  });

  test('lets it come anew also when what it reads has to wait', () => {
    const { session, seen, read, write } = rig();
    session.created();
    write(1);
    session.isElsewhere = true;

    read(2);

    expect(seen.slice(1)).toEqual(['session.moved']);
  });

  test('does nothing that comes over a connection it was agreed to have left', () => {
    for (const ask of ['write', 'close'] as const) {
      const one = rig();
      one.session.created();
      one.session.isElsewhere = true;

      one[ask](1);

      // A new leader would not know that it has gone on elsewhere, and do it.
      expect(one.submitted).toEqual([]);
      expect(one.seen.slice(1)).toEqual(['refuse 1 -118', 'session.moved']);
      expect([one.session.stateName, one.session.queueLength]).toEqual(['idle', 0]);
    }
  });

  test('hands writes on at once, also behind reads that wait', () => {
    const { session, submitted, read, write } = rig();
    session.created();

    write(1);
    read(2);
    write(3);

    expect(session.readsAtOnce()).toBe(false);
    expect(submitted.map(({ cxid }) => cxid)).toEqual([1, 3]);
    expect(session.queueLength).toBe(3);
  });

  test('answers a read that waits between two writes before the second is applied', () => {
    const { session, seen, read, write, apply } = rig();
    session.created();
    write(1);
    read(2);
    read(3);
    write(4);
    read(5);

    apply();
    apply();

    expect(seen.slice(1)).toEqual(['apply 1', 'read 2', 'read 3', 'apply 4', 'read 5']);
    expect([session.stateName, session.queueLength]).toEqual(['idle', 0]);
  });

  test('refuses what comes behind its close when nothing waits any more', () => {
    const { session, seen, read, write, close, submitted } = rig();
    session.created();
    session.receiveClose(null);

    read(1);
    write(2);
    close(3);

    expect(seen.slice(1)).toEqual(['expire', 'refuse 1', 'refuse 2', 'refuse 3']);
    expect(submitted).toEqual([]);
  });

  test('does not let a refusal overtake the answers that wait', () => {
    const { session, seen, read, write, close, apply } = rig();
    session.created();
    write(1);
    close(2);
    read(3);

    apply();

    expect(seen.slice(1)).toEqual(['close 2', 'apply 1']);
    expect(session.stateName).toBe('closing');
  });

  test('answers reads that wait although its timeout elapsed meanwhile', () => {
    const { session, seen, read, write, apply } = rig();
    session.created();
    write(1);
    read(2);
    session.receiveClose(null);

    apply();
    session.closed();

    expect(seen.slice(1)).toEqual(['expire', 'apply 1', 'read 2']);
    expect(session.stateName).toBe('closed');
  });

  test('asserts that writes are applied in the order in which they were sent', () => {
    const { session, write } = rig();
    session.created();
    write(1);
    write(2);

    expect(() => session.beforeApply(2)).toThrow(/in the order/);
  });

  test('asserts that what is applied for it was asked for', () => {
    const { session, read, write, apply } = rig();
    session.created();
    write(1);
    read(2);
    apply();

    expect(() => session.beforeApply(1)).toThrow(/is in the queue/);
  });

  test('weighs what its writes hold until they are applied, or it ends', () => {
    const { session, weight, read, write, close, apply } = rig();
    session.created();
    read(1);
    for (const cxid of [2, 3, 4]) write(cxid);
    read(5);
    close(6);
    expect(weight.bytes).toBe(300);
    apply();
    expect(weight.bytes).toBe(200);

    session.closed();
    expect(weight.bytes).toBe(0);
  });

  test('is seen by its client in the order of its requests (random requests and delays)', () => {
    const step = fc.constantFrom('read', 'write', 'write', 'apply', 'apply');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { session, seen, submitted, read, write, apply } = rig();
        session.created();
        let cxid = 0;
        for (const one of steps) {
          if (one === 'apply') submitted.length > 0 && apply();
          else if (one === 'read') read(++cxid);
          else write(++cxid);
        }
        while (submitted.length > 0) apply();

        const order = seen.slice(1).map((text) => Number(text.split(' ')[1]));
        expect(order).toEqual(Array.from({ length: cxid }, (_, at) => at + 1));
        expect([session.stateName, session.queueLength]).toEqual(['idle', 0]);
      }),
    );
  });
});

describe('for a new leader', () => {
  test('a session asks anew for its writes, in their order, but for those known to it', () => {
    for (const known of [0, 1, 2, 3]) {
      const { session, submitted, seen, weight, read, write, close, apply } = rig();
      session.created();
      write(1);
      read(2);
      write(3);
      close(4);
      const proposed = submitted.splice(0).slice(0, known);

      session.resubmit(known);
      expect(submitted.map(({ cxid }) => cxid)).toEqual([1, 3, 4].slice(known));
      expect([session.queueLength, weight.bytes], 'nothing is queued again').toEqual([4, 200]);

      submitted.unshift(...proposed);
      while (submitted.length > 0) apply();
      expect(seen.slice(1)).toEqual(['close 4', 'apply 1', 'read 2', 'apply 3', 'apply 4']);
    }
  });

  test('a session that went on elsewhere is not ended by what it left, and may expire', () => {
    const { session, submitted, seen, write, close } = rig();
    session.created();
    write(1);
    close(2);
    submitted.length = 0;
    session.isElsewhere = true;

    session.resubmit(0);

    expect(submitted).toEqual([]);
    expect([session.stateName, session.queueLength]).toEqual(['idle', 0]);
    expect(seen.at(-1)).toBe('end refused');
  });

  test('asserts that no more was proposed than it has asked for', () => {
    const { session, write } = rig();
    session.created();
    write(1);

    expect(() => session.resubmit(2)).toThrow(/is in the queue/);
  });
});

describe('an expiry that is withdrawn', () => {
  test('leaves an idle session as it was', () => {
    const { session, seen, read, write, apply } = rig();
    session.created();
    session.receiveClose(null);
    expect(session.stateName).toBe('closing');

    session.withdrawExpiry();
    expect(session.stateName).toBe('idle');
    read(1);
    write(2);
    apply();

    expect(seen.slice(1)).toEqual(['expire', 'read 1', 'apply 2']);
  });

  test('leaves one with unfinished writes in its order', () => {
    const { session, seen, read, write, apply } = rig();
    session.created();
    write(1);
    read(2);
    session.receiveClose(null);

    session.withdrawExpiry();
    expect(session.stateName).toBe('ordering');
    read(3);
    write(4);
    apply();
    apply();

    expect(seen.slice(1)).toEqual(['expire', 'apply 1', 'read 2', 'read 3', 'apply 4']);
    expect(session.stateName).toBe('idle');
  });

  test('does not keep a session open whose client closes it', () => {
    const { session, close, write, apply, seen } = rig();
    session.created();
    write(1);
    close(2);

    session.withdrawExpiry();
    expect(session.stateName).toBe('closing');
    apply();
    apply();

    expect(seen.slice(1)).toEqual(['close 2', 'apply 1', 'apply 2']);
  });

  test('may come true nevertheless: another leader found it in its history', () => {
    const { session } = rig();
    session.created();
    session.receiveClose(null);
    session.withdrawExpiry();

    session.closed();

    expect(session.stateName).toBe('closed');
  });

  test('ends the connection if a request came meanwhile that has no answer', () => {
    const { session, seen, read, write } = rig();
    session.created();
    write(1);
    session.receiveClose(null);
    read(2);

    session.withdrawExpiry();

    // Else the answer to what the client sends next would come in the place of that to 2.
    expect(seen.slice(1)).toEqual(['expire', 'session.moved']);
  });

  test('leaves the connection alone if there was no such request', () => {
    const { session, seen, read, write, apply } = rig();
    session.created();
    write(1);
    session.receiveClose(null);
    apply();
    session.withdrawExpiry();
    read(2);

    expect(seen.slice(1)).toEqual(['expire', 'apply 1', 'read 2']);
  });
});
