/** What the pictures of the ensemble are drawn from: rows of frames, flows, lag and rates. */

import { describe, expect, test } from 'vitest';
import { type FrameKind, frameKindOf } from '../../console/app/frame-kinds.ts';
import { freshFlows } from '../../console/app/fresh-flows.ts';
import { lagOf, leaderOf, memberSids, rateAt } from '../../console/app/rates.ts';
import { RecordRing } from '../../console/app/record-ring.ts';
import { rowsInView, SequenceRows } from '../../console/app/sequence-rows.ts';
import { droppedRecord, frameRecord, statusOf, stepRecord } from './inspect-records.ts';

const broadcast = new Set<FrameKind>(['broadcast']);
const told = (rows: SequenceRows): (string | number)[] =>
  rows.list.map((row) => ('frame' in row ? row.name : row.leftOut));

describe('rows of the sequence diagram', () => {
  test('are the frames of the kinds that are wanted, and what was left out between them', () => {
    const ring = new RecordRing(100);
    ring.take([
      frameRecord('PROPOSAL', 1, 2),
      frameRecord('PING', 1, 2),
      droppedRecord('message', 7),
      stepRecord('peer', 'member'),
      droppedRecord('peer', 100),
      droppedRecord('message', 5),
      frameRecord('ACK', 2, 1),
    ]);
    const rows = new SequenceRows(broadcast);
    rows.update(ring);

    expect(told(rows)).toEqual(['PROPOSAL', 12, 'ACK']);
  });

  test('show a status of one who looks as a vote, and count what was left out by kind', () => {
    const ring = new RecordRing(100);
    ring.take([
      frameRecord('STATUS', 2, 1),
      stepRecord('peer', { member: { looking: 'electing' } }, { sid: 2 }),
      frameRecord('STATUS', 2, 1),
      frameRecord('STATUS', 3, 1),
      stepRecord('peer', { member: { leading: 'joining' } }, { sid: 2 }),
      frameRecord('STATUS', 2, 1),
      droppedRecord('STATUS of 2', 40),
      droppedRecord('REFUSE of 3', 2),
      droppedRecord('viewer', 9),
    ]);
    const rows = new SequenceRows(new Set<FrameKind>(['election']));
    rows.update(ring);

    expect(told(rows)).toEqual(['VOTE', 2]);
  });

  test('follow the ring: new ones come, those that fell out go, none twice', () => {
    const ring = new RecordRing(3);
    const rows = new SequenceRows(broadcast);
    ring.take([frameRecord('PROPOSAL', 1, 2), frameRecord('ACK', 2, 1)]);
    rows.update(ring);
    rows.update(ring);
    ring.take([frameRecord('COMMIT', 1, 2), frameRecord('PROPOSAL', 1, 3)]);
    rows.update(ring);

    expect(told(rows)).toEqual(['ACK', 'COMMIT', 'PROPOSAL']);
    expect(rows.list.map(({ position }) => position)).toEqual([1, 2, 3]);
  });

  test('catch up when more came than the ring holds', () => {
    const ring = new RecordRing(2);
    const rows = new SequenceRows(broadcast);
    rows.update(ring);
    ring.take(Array.from({ length: 9 }, (_, at) => frameRecord(at > 6 ? 'ACK' : 'COMMIT', 1, 2)));
    rows.update(ring);

    expect(told(rows)).toEqual(['ACK', 'ACK']);
  });

  test('are made anew for another ring, and when one goes back in it', () => {
    const ring = new RecordRing(9);
    ring.take([frameRecord('PROPOSAL', 1, 2), frameRecord('ACK', 2, 1)]);
    const rows = new SequenceRows(broadcast);
    rows.update(ring);
    rows.update(ring, 0);
    expect(told(rows)).toEqual(['PROPOSAL']);
    rows.update(ring.copy());
    expect(told(rows)).toEqual(['PROPOSAL', 'ACK']);
  });

  test('stand in the order of their times, although each replica tells its own at once', () => {
    const ring = new RecordRing(100);
    ring.take([
      frameRecord('PROPOSAL', 1, 2, { atMs: 1_010 }),
      frameRecord('COMMIT', 1, 2, { atMs: 1_030 }),
      droppedRecord('message', 3, { atMs: 1_050, sid: 2 }),
      frameRecord('ACK', 2, 1, { atMs: 1_020 }),
      droppedRecord('message', 4, { atMs: 1_050, sid: 1 }),
    ]);
    const rows = new SequenceRows(broadcast);
    rows.update(ring);
    expect(told(rows)).toEqual(['PROPOSAL', 'ACK', 'COMMIT', 7]);

    ring.take([frameRecord('ACK', 3, 1, { atMs: 10, sid: 1 })]);
    rows.update(ring);
    expect(told(rows).at(-1)).toBe('ACK');
  });

  test('only those in view are drawn, and a few beyond', () => {
    expect(rowsInView(2_200, 440, 22, 10_000)).toEqual({ first: 94, end: 126 });
    expect(rowsInView(0, 440, 22, 5)).toEqual({ first: 0, end: 5 });
    expect(rowsInView(9_000, 440, 22, 5)).toEqual({ first: 0, end: 5 });
    expect(rowsInView(9_000, 440, 22, 50)).toEqual({ first: 24, end: 50 });
  });
});

test('frames are told apart by their names', () => {
  const names = ['VOTE', 'CEPOCH', 'ACKEPOCH', 'SYNC', 'NEWLEADER', 'ACKLD', 'UPTODATE', 'ACK'];
  const sync = 'synchronization';

  expect(names.map(frameKindOf)).toEqual([
    'election',
    'discovery',
    'discovery',
    sync,
    sync,
    sync,
    sync,
    'broadcast',
  ]);
});

test('a flow is the last frame of its direction, a heartbeat only where nothing else was', () => {
  const ring = new RecordRing(100);
  ring.take([
    frameRecord('VOTE', 3, 1, { atMs: 100 }),
    frameRecord('PROPOSAL', 1, 2, { atMs: 1_500 }),
    frameRecord('COMMIT', 1, 2, { atMs: 1_600 }),
    frameRecord('PING', 1, 2, { atMs: 1_700 }),
    frameRecord('PING', 1, 3, { atMs: 1_700 }),
    frameRecord('PING', 2, 2, { atMs: 1_700 }),
  ]);
  const flows = freshFlows(ring, ring.size - 1, 2_000);

  expect(flows.map(({ from, to, name }) => `${from} ${to} ${name}`).sort()).toEqual([
    '1 2 COMMIT',
    '1 3 PING',
  ]);
});

describe('figures', () => {
  test('lag is counted in txns within an epoch, and in epochs beyond', () => {
    expect(lagOf('0x500000010', '0x500000015')).toEqual({ txns: 5, epochs: 0 });
    expect(lagOf('0x500000016', '0x500000015')).toEqual({ txns: 0, epochs: 0 });
    expect(lagOf('0x4ffffffff', '0x600000000')).toEqual({ txns: 0, epochs: 2 });
    expect(lagOf('<b>', '0x1')).toBeNull();
  });

  test('of two that say they lead, the newer epoch does', () => {
    const old = statusOf(1, { mode: 'leader', epoch: 3 });
    const young = statusOf(2, { mode: 'leader', epoch: 4 });

    expect(leaderOf([young, old, statusOf(3)])).toBe(young);
    expect(leaderOf([statusOf(3)])).toBeNull();
  });

  test('rates are differences of counters, and none across a restart', () => {
    const sample = (atMs: number, sent: number, uptimeMs = atMs) => ({
      atMs,
      status: statusOf(1, { sent, uptimeMs }),
    });
    const samples = [sample(1_000, 0), sample(1_500, 50), sample(3_000, 200), sample(3_500, 300)];

    expect(rateAt(samples, 'sent')).toBe(125);
    expect(rateAt(samples, 'sent', 1_600)).toBe(100);
    expect(rateAt(samples.slice(0, 1), 'sent')).toBeNull();
    expect(rateAt([...samples, sample(4_000, 500, 100)], 'sent')).toBeNull();
  });

  test('members are those that are named and those that speak', () => {
    const members = ['server.1=a:1:2', 'server.12=b:1:2:observer;2181', 'version=1'];

    expect(memberSids([statusOf(3, { members })])).toEqual([1, 3, 12]);
  });
});
