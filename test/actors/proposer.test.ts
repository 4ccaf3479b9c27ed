/**
 * The proposer: what is submitted in one turn becomes one batch, one batch is in flight, and what
 * comes meanwhile is gathered into the next. With the applier, from request to reply.
 */

import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BatchApplier } from '../../actors/applier.ts';
import type { PendingRequest, ReplyPort } from '../../actors/pending-request.ts';
import { type Batch, headroomBytes, Proposer } from '../../actors/proposer.ts';
import { Session } from '../../actors/session.ts';
import { noTap } from '../../actors/tap.ts';
import { batchFault, firstZxidOf, txnCountOf } from '../../protocol/batch.ts';
import { ErrorCode } from '../../protocol/error-code.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakePort, requestOf } from '../support/fake-port.ts';
import { bodyOf, createBody, Pipeline, sessionA, sessionB } from '../support/pipeline.ts';

/** This process, as its txns name it; and another one. */
const ourOrigin = 0x0100_0001;
const otherOrigin = 0x0200_0001;
const mebibyte = 1024 * 1024;

function rig(options: { inFlightMax?: number; lastZxidMax?: number } = {}) {
  const { state, preparer, applier } = new Pipeline();
  const clock = new FakeClock();
  const batches: Batch[] = [];
  const seen: string[] = [];
  const port = new FakePort(seen);
  const notes: string[] = [];
  const ports = {
    propose: (batch: Batch) => void batches.push(batch),
    exhausted: () => void notes.push('exhausted'),
  };
  const proposer = new Proposer(preparer, state.lastZxid, clock, ports, options);
  const weights: number[] = [];
  const sessions = new Map<string, Session>();
  for (const id of [sessionA, sessionB]) {
    const session = new Session(id, 30_000, 0, {
      submit: (request: PendingRequest) => proposer.submit(request),
      endRefused: () => {},
      submitClose: (_session, request) => request !== null && proposer.submit(request),
      maybeUpgrade: () => {},
      settled: () => {},
      refuse: () => {},
      weigh: (bytes) => void weights.push(bytes),
      tap: noTap,
    });
    session.created();
    sessions.set(id, session);
  }
  const batchApplier = new BatchApplier(ourOrigin, applier, {
    session: (id) => sessions.get(id),
    sessionCreated: (id, timeoutMs) => void seen.push(`created ${id} ${timeoutMs}`),
    sessionClosed: (id, byClient) => {
      seen.push(`closed ${id}${byClient ? ' by its client' : ''}`);
      sessions.delete(id);
    },
    sessionMoved: () => {},
    secretAgreed: () => void seen.push('secret'),
    membershipChanged: (zxid) => void seen.push(`membership ${zxid}`),
  });
  let cxid = 0;
  const request = (op: number, body: Buffer, to: ReplyPort, origin = ourOrigin) =>
    requestOf(sessionA, ++cxid, op, { ...{ body, port: to, origin }, isWrite: true });
  const read = () =>
    sessions.get(sessionA)!.receiveRead(requestOf(sessionA, ++cxid, Opcode.getData, { port }));
  /** A write of our session. */
  const write = (op: number, body: Buffer, to: ReplyPort = port) =>
    sessions.get(sessionA)!.receiveWrite(request(op, body, to));
  const create = (path: string, data = '') => write(Opcode.create, createBody(path, 0, data));
  const sync = () => write(Opcode.sync, bodyOf(Opcode.sync, { path: '/' }));
  const finish = () => {
    const { frame, release } = batches.shift()!;
    proposer.logged();
    batchApplier.apply(frame);
    preparer.outstanding.applied(state.lastZxid);
    release();
  };
  const firsts = () => batches.map(({ frame }) => firstZxidOf(frame));
  const counts = () => batches.map(({ frame }) => txnCountOf(frame));
  return {
    ...{ state, clock, batches, proposer, sessions, weights, request, read, write, create },
    ...{ sync, finish, firsts, counts, seen, notes },
  };
}

describe('a batch', () => {
  test('is closed at the end of the turn when the log is idle, and not before', () => {
    const { clock, batches, proposer, create } = rig();

    create('/a');
    create('/b');
    expect([batches.length, proposer.isIdle]).toEqual([0, false]);
    clock.endTurn();

    expect(batches).toHaveLength(1);
    const { frame, lastZxid } = batches[0]!;
    expect(batchFault(frame, crc32)).toBeNull();
    expect([firstZxidOf(frame), txnCountOf(frame), lastZxid]).toEqual([3, 2, 4]);
    expect([proposer.isIdle, proposer.lastZxid]).toEqual([true, 4]);
  });

  test('lies in its packet behind the room for its header', () => {
    const { clock, batches, create } = rig();
    create('/a');
    clock.endTurn();
    const { packet, frame } = batches[0]!;

    expect(packet.subarray(headroomBytes)).toEqual(frame);
    packet.fill(0xff, 0, headroomBytes);
    expect(batchFault(frame, crc32)).toBeNull();
  });

  test('waits for the one in flight, and takes all that came meanwhile', () => {
    const { clock, batches, proposer, create, finish, firsts, counts } = rig();
    create('/a');
    clock.endTurn();
    for (const path of ['/b', '/c', '/d']) {
      create(path);
      clock.endTurn();
    }
    expect(batches).toHaveLength(1);

    finish();

    expect([firsts(), counts()]).toEqual([[4], [3]]);
    finish();
    expect([batches.length, proposer.isIdle]).toEqual([0, true]);
  });

  test('goes behind others that are in flight, up to their limit (two)', () => {
    const { clock, create, firsts } = rig({ inFlightMax: 2 });
    for (const path of ['/a', '/b', '/c']) {
      create(path);
      clock.endTurn();
    }

    expect(firsts()).toEqual([3, 4]);
  });

  test('keeps its bytes until it is released (the next one is prepared meanwhile)', () => {
    const { clock, batches, create, finish } = rig();
    create('/a');
    clock.endTurn();
    const before = Buffer.from(batches[0]!.packet);
    create('/b');
    create(`/${'c'.repeat(1000)}`);

    expect(batches[0]!.packet).toEqual(before);
    finish();
    finish();
  });

  test('that grows above 4 MiB is closed at once, also behind one in flight', () => {
    const { clock, batches, create, counts, finish } = rig();
    create('/small');
    clock.endTurn();
    for (let at = 0; at < 3; at++) create(`/a${at}`, 'x'.repeat(mebibyte));
    expect(counts(), 'up to there it waits').toEqual([1]);
    for (let at = 3; at < 9; at++) create(`/a${at}`, 'x'.repeat(mebibyte));

    expect(counts()).toEqual([1, 4, 4]);
    clock.endTurn();
    for (let left = 3; left > 0; left--) {
      expect(batches, 'the rest waits until nothing is in flight').toHaveLength(left);
      finish();
    }
    expect(counts()).toEqual([1]);
  });

  test('of which too many bytes are not applied holds back what would follow', () => {
    const { clock, batches, proposer, create, finish } = rig();
    for (let at = 0; at < 24; at++) create(`/a${at}`, 'x'.repeat(mebibyte));
    expect(proposer.isOverloaded).toBe(true);
    clock.endTurn();

    while (batches.length > 0) finish();
    clock.endTurn();
    while (batches.length > 0) finish();

    expect([proposer.isOverloaded, proposer.isIdle]).toEqual([false, true]);
  });

  test('of a sync alone is a batch as any other, with a txn and a zxid', () => {
    const { state, clock, create, sync, finish, seen, counts } = rig();
    sync();
    clock.endTurn();
    expect(counts()).toEqual([1]);
    create('/a');
    sync();
    create('/b');
    finish();
    finish();

    expect(seen).toEqual([
      ...['reply 1 zxid 3 err 0', 'reply 2 zxid 4 err 0', 'reply 3 zxid 5 err 0'],
      'reply 4 zxid 6 err 0',
    ]);
    expect(state.lastZxid).toBe(6);
  });

  test('does not go beyond the last zxid: that is told, nothing is prepared', () => {
    const { clock, proposer, create, notes, counts } = rig({ lastZxidMax: 4 });
    for (const path of ['/a', '/b', '/c', '/d']) create(path);
    expect(notes).toEqual(['exhausted', 'exhausted']);
    clock.endTurn();

    expect([counts(), proposer.lastZxid]).toEqual([[2], 4]);
  });
});

describe('replies', () => {
  test('carry the zxid of their txn, failed requests too', () => {
    const { clock, create, finish, seen } = rig();
    create('/a');
    create('/a');
    create('/none/a');
    clock.endTurn();
    finish();

    expect(seen).toEqual([
      ...['reply 1 zxid 3 err 0', 'reply 2 zxid 4 err -110', 'reply 3 zxid 5 err -101'],
    ]);
  });

  test('to a client that has gone are left out', () => {
    const { state, clock, write, finish } = rig();
    const port = new FakePort();
    write(Opcode.create, createBody('/a'), port);
    clock.endTurn();
    port.isOpen = false;

    finish();

    expect(port.seen).toEqual([]);
    expect(state.tree.findPath('/a')).toBeGreaterThan(0);
  });

  test('of a closed session come before its end', () => {
    const { clock, request, sessions, finish, seen } = rig();
    const port = new FakePort(seen);
    sessions.get(sessionA)!.receiveClose(request(Opcode.closeSession, Buffer.alloc(0), port));
    clock.endTurn();

    finish();

    expect(seen).toEqual(['reply 1 zxid 3 err 0', `closed ${sessionA} by its client`]);
  });

  test('come for what this process asked for, not for another one of the same session', () => {
    const { clock, proposer, request, create, finish, seen, sessions } = rig();
    const stranger = new FakePort();
    // The session was connected elsewhere when it asked for that, with whatever number.
    proposer.submit(request(Opcode.create, createBody('/theirs'), stranger, otherOrigin));
    create('/ours');
    proposer.submit(request(Opcode.create, createBody('/again'), stranger, 0));
    clock.endTurn();

    finish();

    expect([seen, stranger.seen]).toEqual([['reply 2 zxid 4 err 0'], []]);
    expect(sessions.get(sessionA)!.stateName).toBe('idle');
  });

  test('that the session has moved end the connection, behind the reply', () => {
    const { clock, request, sessions, finish, seen } = rig();
    const moved = request(Opcode.create, createBody('/a'), new FakePort(seen));
    moved.fault = ErrorCode.sessionMoved;
    sessions.get(sessionA)!.receiveWrite(moved);
    clock.endTurn();

    finish();

    expect(seen).toEqual(['reply 1 zxid 3 err -118', 'session.moved']);
  });

  test('come after reads that were sent before, ahead of those sent behind', () => {
    const { clock, read, create, finish, seen } = rig();
    create('/a');
    read();
    create('/b');
    read();
    clock.endTurn();

    finish();

    expect(seen).toEqual([...['reply 1 zxid 3 err 0', 'read 2', 'reply 3 zxid 4 err 0', 'read 4']]);
  });

  test('release the bytes of their requests', () => {
    const { clock, create, finish, weights } = rig();
    create('/a');
    create('/b');
    expect(weights.every((bytes) => bytes > 0)).toBe(true);
    clock.endTurn();

    finish();

    expect(weights.reduce((sum, bytes) => sum + bytes, 0)).toBe(0);
  });

  test('to writes of a session that ends meanwhile are not waited for', () => {
    const { clock, sessions, proposer, create, finish, seen } = rig();
    create('/a');
    proposer.submit(requestOf(sessionA, 0, Opcode.closeSession));
    create('/late');
    clock.endTurn();

    finish();

    expect(seen).toEqual(['reply 1 zxid 3 err 0', `closed ${sessionA}`]);
    expect(sessions.has(sessionA)).toBe(false);
  });
});
