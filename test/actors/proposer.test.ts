/**
 * The proposer: what is submitted in one turn becomes one batch, one batch is in flight, and what
 * comes meanwhile is gathered into the next. With the applier, from request to reply.
 */

import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BatchApplier } from '../../actors/applier.ts';
import { type Batch, Proposer } from '../../actors/proposer.ts';
import { batchFault, firstZxidOf, txnCountOf } from '../../protocol/batch.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakePort, requestOf } from '../support/fake-port.ts';
import { bodyOf, createBody, Pipeline, sessionA } from '../support/pipeline.ts';

function rig(inFlightMax = 1) {
  const { state, preparer, applier } = new Pipeline();
  const clock = new FakeClock();
  const batches: Batch[] = [];
  const port = new FakePort();
  const ports = { propose: (batch: Batch) => void batches.push(batch) };
  const proposer = new Proposer(preparer, state.lastZxid, clock, ports, inFlightMax);
  const notes: string[] = [];
  const batchApplier = new BatchApplier(state, applier, {
    session: () => undefined,
    sessionCreated: (id) => void notes.push(`created ${id}`),
    sessionClosed: (id) => void notes.push(`closed ${id}`),
    secretAgreed: () => void notes.push('secret'),
    batchApplied: (batch) => {
      preparer.outstanding.applied(state.lastZxid);
      notes.push(`applied ${batch.txnCount}`);
      batch.release();
    },
  });
  let cxid = 0;
  const create = (path: string) =>
    proposer.submit(
      requestOf(sessionA, ++cxid, Opcode.create, { body: createBody(path), port, isWrite: true }),
    );
  const sync = () =>
    proposer.submit(
      requestOf(sessionA, ++cxid, Opcode.sync, {
        body: bodyOf(Opcode.sync, { path: '/' }),
        ...{ port, isWrite: true },
      }),
    );
  const finish = () => {
    const batch = batches.shift()!;
    proposer.logged();
    batchApplier.apply(batch);
  };
  return { state, clock, batches, proposer, create, sync, finish, seen: port.seen, notes };
}

describe('a batch', () => {
  test('is closed at the end of the turn when the log is idle, and not before', () => {
    const { clock, batches, proposer, create } = rig();

    create('/a');
    create('/b');
    expect([batches.length, proposer.isIdle]).toEqual([0, false]);
    clock.endTurn();

    expect(batches).toHaveLength(1);
    const { frame, firstZxid, txnCount } = batches[0]!;
    expect(batchFault(frame!, crc32)).toBeNull();
    expect([firstZxid, txnCount]).toEqual([3, 2]);
    expect([firstZxidOf(frame!), txnCountOf(frame!)]).toEqual([3, 2]);
  });

  test('waits for the one in flight, and takes all that came meanwhile', () => {
    const { clock, batches, proposer, create, finish } = rig();
    create('/a');
    clock.endTurn();
    for (const path of ['/b', '/c', '/d']) {
      create(path);
      clock.endTurn();
    }
    expect(batches).toHaveLength(1);

    finish();

    expect(batches.map(({ firstZxid, txnCount }) => [firstZxid, txnCount])).toEqual([[4, 3]]);
    finish();
    expect([batches.length, proposer.isIdle]).toEqual([0, true]);
  });

  test('goes behind others that are in flight, up to their limit (two)', () => {
    const { clock, batches, create } = rig(2);
    for (const path of ['/a', '/b', '/c']) {
      create(path);
      clock.endTurn();
    }

    expect(batches.map(({ firstZxid }) => firstZxid)).toEqual([3, 4]);
  });

  test('keeps its bytes until it is released (the next one is prepared meanwhile)', () => {
    const { clock, batches, create, finish } = rig();
    create('/a');
    clock.endTurn();
    const before = Buffer.from(batches[0]!.frame!);
    create('/b');
    create(`/${'c'.repeat(1000)}`);

    expect(batches[0]!.frame).toEqual(before);
    finish();
    finish();
  });

  test('of syncs alone has no frame and no txn, but its place', () => {
    const { state, clock, batches, create, sync, finish, seen } = rig();
    sync();
    clock.endTurn();
    expect([batches[0]?.frame, batches[0]?.txnCount]).toEqual([null, 0]);
    create('/a');
    sync();
    create('/b');
    finish();
    finish();

    expect(seen).toEqual([
      ...['reply 1 zxid 2 err 0', 'reply 2 zxid 3 err 0', 'reply 3 zxid 3 err 0'],
      'reply 4 zxid 4 err 0',
    ]);
    expect(state.lastZxid).toBe(4);
  });
});

describe('replies', () => {
  test('carry the zxid of their txn, failed requests too', () => {
    const { clock, create, finish, seen, notes } = rig();
    create('/a');
    create('/a');
    create('/none/a');
    clock.endTurn();
    finish();

    expect(seen).toEqual([
      ...['reply 1 zxid 3 err 0', 'reply 2 zxid 4 err -110', 'reply 3 zxid 5 err -101'],
    ]);
    expect(notes).toEqual(['applied 3']);
  });

  test('to a client that has gone are left out', () => {
    const { state, clock, proposer, finish } = rig();
    const port = new FakePort();
    const body = createBody('/a');
    proposer.submit(requestOf(sessionA, 1, Opcode.create, { body, port, isWrite: true }));
    clock.endTurn();
    port.isOpen = false;

    finish();

    expect(port.seen).toEqual([]);
    expect(state.tree.findPath('/a')).toBeGreaterThan(0);
  });

  test('of a closed session come before its end', () => {
    const { clock, proposer, finish, notes } = rig();
    const port = new FakePort(notes);
    proposer.submit(requestOf(sessionA, 9, Opcode.closeSession, { port }));
    clock.endTurn();

    finish();

    expect(notes).toEqual(['reply 9 zxid 3 err 0', `closed ${sessionA}`, 'applied 1']);
  });
});
