/**
 * Each check can fail: the traffic of a real replica passes, and does not once one thing in it is
 * changed. What is changed is put back afterwards.
 */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { JuteReader } from '../../../protocol/jute.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import { EventType } from '../../../protocol/replies.ts';
import { startReplica } from '../../support/replica.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { Tap } from '../tap.ts';
import type { EventRecord, Journal, Operation } from '../tap-journal.ts';
import { checkAll } from './check-all.ts';
import { Report } from './finding.ts';
import { type TxnRecord, txnsOf } from './log-txns.ts';
import { connectTapped, prepareLoad, runLoad } from './recording.ts';
import { checkRegisters } from './registers.ts';
import { logOf } from './scripted.ts';

let journal: Journal;
let frames: Buffer[];
let txns: TxnRecord[];

beforeAll(async () => {
  const { replica, port, remove } = await startReplica();
  const tap = new Tap();
  const names = ['a', 'b', 'c'];
  const ports = new Map([[1, port]]);
  const clients = await Promise.all(names.map((name) => connectTapped(tap, name, ports)));
  await prepareLoad(clients[0]!.client);
  await Promise.all(clients.map((one, at) => runLoad(one, new SeededRandom(at), 300)));
  clients[1]!.sockets.at(-1)!.destroy();
  await Promise.all(clients.map((one, at) => runLoad(one, new SeededRandom(at + 9), 150)));
  await Promise.all(clients.map(({ client }) => client.close()));
  ({ journal } = tap);
  frames = [...replica.stores.log.read(0)].map((frame) => Buffer.from(frame));
  txns = txnsOf(frames);
  await remove();
});

const undo: (() => void)[] = [];

/** Changes fields of something recorded. */
function patch<T extends object>(target: T, change: { -readonly [K in keyof T]?: T[K] }): void {
  const before = Object.fromEntries(
    Object.keys(change).map((key) => [key, target[key as keyof T]]),
  ) as Partial<T>;
  undo.push(() => Object.assign(target, before));
  Object.assign(target, change);
}

/** Puts other things in the place of an array's. */
function refill<T>(list: T[], items: readonly T[]): void {
  const before = [...list];
  undo.push(() => void list.splice(0, list.length, ...before));
  list.splice(0, list.length, ...items);
}

function invariants(ends: { finalTxns?: Buffer[]; otherLogs?: Buffer[][] } = {}): string[] {
  const { findings } = checkAll(journal, { finalTxns: frames, ...ends });
  for (const step of undo.splice(0).reverse()) step();
  return [...new Set(findings.map(({ invariant }) => invariant))];
}

afterAll(() => expect(invariants()).toEqual([]));

const find = (is: (operation: Operation) => boolean): Operation => journal.operations.find(is)!;
const doneOf = (op: number) => journal.operations.filter((one) => one.op === op && one.isDone);

/** The place of an event in its connection's arrivals, and the replies around it. */
function around(event: EventRecord): { at: number; before: number; behind: number } {
  const { arrivals } = event.connection;
  const at = arrivals.indexOf(event);
  const isReply = (one: Operation | EventRecord) => one.kind === 'operation' && one.zxid > 0;
  const before = arrivals.slice(0, at).findLastIndex(isReply);
  return { at, before, behind: arrivals.findIndex((one, place) => place > at && isReply(one)) };
}

/** An event by a change, with replies on both sides of it. */
function someEvent(): EventRecord {
  return journal.events.find((event) => {
    const { before, behind } = around(event);
    return before >= 0 && behind >= 0 && event.type === EventType.nodeDataChanged;
  })!;
}

test('what was recorded passes', () => {
  expect(invariants({ otherLogs: [frames] })).toEqual([]);
});

test('two writes of different clients, their zxids swapped', () => {
  const first = doneOf(Opcode.setData)[3]!;
  const second = doneOf(Opcode.setData).find(
    ({ connection, invokedOrder }) =>
      connection !== first.connection && invokedOrder > first.returnedOrder,
  )!;
  const { zxid } = first;
  patch(first, { zxid: second.zxid });
  patch(second, { zxid });

  expect(invariants()).toContain('C1');
});

test('an answered write that is not in the log', () => {
  const { zxid } = doneOf(Opcode.setData)[5]!;

  expect(invariants({ finalTxns: logOf(txns, (txn) => txn.zxid !== zxid) })).toContain('C1');
});

test('a write that is in the log twice', () => {
  const { zxid, bytes } = txns.find(({ type }) => type === Opcode.create)!;
  const again = logOf(txns, () => true, [{ zxid: txns.at(-1)!.zxid + 1, bytes }]);

  expect(zxid).toBeGreaterThan(0);
  expect(invariants({ finalTxns: again })).toEqual(['C1']);
});

test('an event that was never sent', () => {
  const event = someEvent();
  refill(
    event.connection.arrivals,
    event.connection.arrivals.filter((one) => one !== event),
  );

  expect(invariants()).toEqual(['C12']);
});

test('an event that was sent twice', () => {
  const event = someEvent();
  const { at } = around(event);
  refill(event.connection.arrivals, event.connection.arrivals.toSpliced(at, 0, event));

  expect(invariants()).toEqual(['C11']);
});

test('an event behind the reply that shows its change', () => {
  const event = someEvent();
  const { at, behind } = around(event);
  const { arrivals } = event.connection;
  refill(arrivals, arrivals.toSpliced(behind + 1, 0, event).toSpliced(at, 1));

  expect(invariants()).toContain('C10');
});

test('an event ahead of a reply from before its change', () => {
  const event = someEvent();
  const { at, before } = around(event);
  const { arrivals } = event.connection;
  refill(arrivals, arrivals.toSpliced(at, 1).toSpliced(before, 0, event));

  expect(invariants()).toEqual(['C11']);
});

test('an event of a watch that was never set', () => {
  const armed = find(
    ({ op, body, isDone }) => op === Opcode.getData && isDone && body.at(-1) === 1,
  );
  const event = { ...someEvent(), connection: armed.connection, path: '/zookeeper' };
  const { arrivals } = armed.connection;
  refill(arrivals, arrivals.toSpliced(arrivals.indexOf(armed) + 1, 0, event));

  expect(invariants()).toEqual(['C11']);
});

test('an event whose watches were all left out', () => {
  const { operations } = someEvent().connection;
  for (const operation of operations) {
    const { op } = operation;
    if (op === Opcode.addWatch) patch(operation, { err: -5 });
    if (op !== Opcode.getData && op !== Opcode.exists) continue;
    const body = Buffer.from(operation.body);
    body[body.length - 1] = 0;
    patch(operation, { body });
  }

  expect(invariants()).toContain('C11');
});

test('a read of data as they were before', () => {
  const reads = doneOf(Opcode.getData).filter(({ body }) => body.includes('/r/a'));
  const old = reads[0]!;
  const later = reads.find(({ replyBody }) => !replyBody!.equals(old.replyBody!))!;
  patch(later, { replyBody: old.replyBody });

  expect(invariants()).toContain('C1');
});

test('a child that is not listed', () => {
  const read = doneOf(Opcode.getChildren2).find(({ replyBody }) => replyBody!.readInt32BE(0) > 1)!;
  const reader = new JuteReader(read.replyBody!);
  reader.int();
  reader.string();
  const replyBody = Buffer.from(read.replyBody!.subarray(reader.position - 4));
  replyBody.writeInt32BE(read.replyBody!.readInt32BE(0) - 1, 0);
  patch(read, { replyBody });

  expect(invariants()).toEqual(['C1']);
});

test('a read from a past that its connection has left', () => {
  const reply = doneOf(Opcode.getData)[60]!;
  patch(reply, { zxid: 3, err: -101, replyBody: Buffer.alloc(0) });

  expect(invariants()).toContain('C2');
});

test('a read behind a sync that does not see what was there', () => {
  const { operations } = journal.connections[0]!;
  const at = operations.findIndex(({ op }, place) => op === Opcode.sync && place > 40);
  patch(operations[at + 1]!, { zxid: 4 });

  expect(invariants()).toEqual(expect.arrayContaining(['C2', 'C4']));
});

test('a replica behind what its client has seen', () => {
  const again = journal.connections.find(({ connect }) => connect!.lastZxidSeen > 0)!;
  const first = again.operations.find(({ isReturned }) => isReturned)!;
  patch(again.connect!, { lastZxidSeen: first.zxid + 1 });
  expect(invariants()).toEqual(['C3']);
  patch(again.connect!, { lastZxidSeen: 0 });

  expect(invariants()).toEqual(['C3']);
});

test('a version that rises by two', () => {
  const write = doneOf(Opcode.setData)[7]!;
  const replyBody = Buffer.from(write.replyBody!);
  replyBody.writeInt32BE(replyBody.readInt32BE(32) + 1, 32);
  patch(write, { replyBody });

  expect(invariants()).toEqual(expect.arrayContaining(['C6']));
});

test('two sequence znodes of one name', () => {
  const made = doneOf(Opcode.create).filter(({ body }) => body.includes('/q/n-'));
  patch(made[4]!, { replyBody: made[3]!.replyBody });

  expect(invariants()).toEqual(['C7']);
});

test('a multi of which a part is missing', () => {
  const isBig = ({ type, parts }: TxnRecord) =>
    type === Opcode.multi && parts.length > 2 && parts.every(({ err }) => err === 0);
  const { zxid } = txns.find(isBig)!;
  const less = logOf(
    txns,
    () => true,
    [],
    (txn) => {
      if (txn.zxid !== zxid) return txn.bytes;
      // Behind session, cxid, origin, time and type: the count of parts.
      const bytes = Buffer.from(txn.bytes);
      bytes.writeInt32BE(bytes.readInt32BE(28) - 1, 28);
      return bytes;
    },
  );

  expect(invariants({ finalTxns: less })).toContain('C5');
});

test('a multi that is answered as if it had failed', () => {
  const isDone = (operation: Operation) => operation.multiResults().every(({ op }) => op > 0);
  const multi = doneOf(Opcode.multi).find((one) => isDone(one) && one.multi().length > 0)!;
  const failed = doneOf(Opcode.multi).find((one) => !isDone(one))!;
  patch(multi, { replyBody: failed.replyBody });

  expect(invariants()).toEqual(['C5']);
});

test('an ephemeral that outlives its session', () => {
  const { zxid } = txns.find(({ paths }) => paths.length > 1)!;
  const fewer = logOf(
    txns,
    () => true,
    [],
    (txn) => {
      if (txn.zxid !== zxid) return txn.bytes;
      const bytes = Buffer.from(txn.bytes);
      bytes.writeInt32BE(bytes.readInt32BE(28) - 1, 28);
      return bytes;
    },
  );

  expect(invariants({ finalTxns: fewer })).toEqual(['C9']);
});

test('another txn in another log, or one less', () => {
  const changed = logOf(
    txns,
    () => true,
    [],
    (txn) => {
      if (txn.zxid !== 40) return txn.bytes;
      const bytes = Buffer.from(txn.bytes);
      bytes[bytes.length - 1] = bytes.at(-1)! ^ 1;
      return bytes;
    },
  );

  expect(invariants({ otherLogs: [changed] })).toEqual(['Z7']);
  expect(invariants({ otherLogs: [logOf(txns, ({ zxid }) => zxid !== 40)] })).toEqual(['Z7']);
  expect(invariants({ otherLogs: [logOf(txns, ({ zxid }) => zxid > 10)] })).toEqual([]);
});

test('a register whose reads go back', () => {
  const { operations } = journal.connections[0]!;
  const isSynced = ({ op }: Operation, at: number) =>
    op === Opcode.getData && operations[at - 1]?.op === Opcode.sync;
  const reads = operations.filter(
    (one, at) => isSynced(one, at) && one.isDone && one.body.includes('/r/b'),
  );
  const first = reads[0]!;
  const last = reads.at(-1)!;
  expect(first.replyBody!.equals(last.replyBody!)).toBe(false);
  patch(last, { replyBody: first.replyBody });
  const report = new Report();
  checkRegisters(journal, report);
  invariants();

  expect(report.findings.map(({ invariant }) => invariant)).toEqual(['C1']);
});
