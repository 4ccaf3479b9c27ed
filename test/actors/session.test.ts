/**
 * One session keeps its client's order: reads wait behind its own writes and are answered before or
 * after them as they were sent; once it closes, the rest is refused.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PendingRequest } from '../../actors/pending-request.ts';
import { Session } from '../../actors/session.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { FakePort, requestOf } from '../support/fake-port.ts';

const id = '01000000000000aa';

function rig() {
  const seen: string[] = [];
  const port = new FakePort(seen);
  const submitted: PendingRequest[] = [];
  const session = new Session(id, 4000, 0, {
    submit: (request) => submitted.push(request),
    submitClose: (_session, request) => {
      seen.push(request === null ? 'expire' : `close ${request.cxid}`);
      if (request !== null) submitted.push(request);
    },
    refuse: (request) => seen.push(`refuse ${request.cxid}`),
  });
  session.connection = port;
  const read = (cxid: number) => session.receiveRead(requestOf(id, cxid, Opcode.getData, { port }));
  const write = (cxid: number) =>
    session.receiveWrite(requestOf(id, cxid, Opcode.setData, { port, isWrite: true }));
  const close = (cxid: number) =>
    session.receiveClose(requestOf(id, cxid, Opcode.closeSession, { port, isWrite: true }));
  /** The oldest submitted write is applied. */
  const apply = () => {
    const request = submitted.shift()!;
    session.beforeApply(request);
    seen.push(`apply ${request.cxid}`);
    session.afterApply();
  };
  return { session, seen, submitted, read, write, close, apply };
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
    const { session, submitted, write } = rig();
    session.created();
    write(1);
    write(2);

    expect(() => session.beforeApply(submitted[1]!)).toThrow(/in the order/);
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
