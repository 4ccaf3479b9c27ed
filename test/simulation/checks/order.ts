/**
 * Order as clients see it, from the journal alone: writes in real time (C1), replies and zxids of
 * one connection (C2), a session over its connections (C3), reads behind a sync (C4).
 */

import { ErrorCode } from '../../../protocol/error-code.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import { type ConnectionRecord, type Journal, never, type Operation } from '../tap-journal.ts';
import { hex, type Report } from './finding.ts';
import type { TxnRecord } from './log-txns.ts';
import { isWrite } from './requests-of-txns.ts';

/** `txnOf`: what each write came to, also where its reply was lost. */
export function checkOrder(
  journal: Journal,
  txnOf: ReadonlyMap<Operation, TxnRecord>,
  report: Report,
): void {
  const returned = journal.operations
    .filter((one) => one.isReturned && txnOf.has(one))
    .sort((a, b) => a.returnedOrder - b.returnedOrder);
  checkRealTime(journal, returned, txnOf, report);
  checkSyncedReads(journal, returned, report);
  for (const connection of journal.connections) checkConnection(connection, report);
  checkHandshakes(journal, report);
  checkSessionOrder(journal, txnOf, report);
  for (const { connection, text } of journal.faults) {
    report.add('wire', `${connection.name}/${connection.index}@${connection.sid}: ${text}`);
  }
}

/** For operations in the order of asking: what had the highest zxid of all that had returned. */
function newestOf(returned: readonly Operation[]): (operation: Operation) => Operation | null {
  let at = 0;
  let newest: Operation | null = null;
  return ({ invokedOrder }) => {
    for (; at < returned.length && returned[at]!.returnedOrder < invokedOrder; at++) {
      const earlier = returned[at]!;
      if (newest === null || earlier.zxid > newest.zxid) newest = earlier;
    }
    return newest;
  };
}

/**
 * A write that was asked for after another had returned comes behind it. One walk in the global
 * order: what had returned by then is known when a request comes up.
 */
function checkRealTime(
  journal: Journal,
  returned: readonly Operation[],
  txnOf: ReadonlyMap<Operation, TxnRecord>,
  report: Report,
): void {
  report.count('writes in real time', txnOf.size);
  const newestBefore = newestOf(returned);
  for (const operation of journal.operations) {
    const newest = newestBefore(operation);
    if (newest === null || !isWrite(operation.op)) continue;
    const txn = txnOf.get(operation);
    if (txn === undefined) continue;
    if (txn.zxid > newest.zxid) continue;
    const text = `a write has ${hex(txn.zxid)}, one that had returned before ${hex(newest.zxid)}`;
    report.add('C1', text, newest, operation);
  }
}

/** A read behind a sync of its session sees all that had returned when the sync was asked for. */
function checkSyncedReads(journal: Journal, returned: readonly Operation[], report: Report): void {
  let count = 0;
  /** What a connection's syncs so far promise. */
  const floors = new Map<ConnectionRecord, { zxid: number; sync: Operation; by: Operation }>();
  const newestBefore = newestOf(returned);
  for (const operation of journal.operations) {
    const newest = newestBefore(operation);
    const { connection, op } = operation;
    if (!operation.isReturned) continue;
    if (op === Opcode.sync && operation.err === ErrorCode.ok && newest !== null) {
      floors.set(connection, { zxid: newest.zxid, sync: operation, by: newest });
    }
    const floor = floors.get(connection);
    if (floor === undefined || op === Opcode.sync || isOutOfTurn(operation)) continue;
    count++;
    if (operation.zxid >= floor.zxid) continue;
    const text = `behind a sync ${hex(operation.zxid)} is seen, not ${hex(floor.zxid)}`;
    report.add('C4', text, floor.by, floor.sync, operation);
  }
  report.count('operations behind a sync', count);
}

/** Answers that are given before their turn, and name no state. */
function isOutOfTurn({ op, zxid }: Operation): boolean {
  return op === Opcode.auth || op === Opcode.sasl || zxid < 0;
}

/** Replies come in the order of the requests, and no zxid goes down. */
function checkConnection(connection: ConnectionRecord, report: Report): void {
  const { arrivals, connect } = connection;
  report.count('replies in order', arrivals.filter(({ kind }) => kind === 'operation').length);
  let last = 0;
  let before: Operation | null = null;
  for (const arrival of arrivals) {
    if (arrival.kind === 'event' || isOutOfTurn(arrival)) continue;
    if (before !== null && arrival.invokedOrder < before.invokedOrder) {
      report.add('C2', 'a reply was overtaken by a later one', before, arrival);
    }
    if (before !== null && arrival.zxid < last) {
      report.add('C2', `the zxid goes back from ${hex(last)}`, before, arrival);
    }
    last = Math.max(last, arrival.zxid);
    before = arrival;
    if (arrival.zxid >= (connect?.lastZxidSeen ?? 0)) continue;
    report.add('C3', `the client has seen ${hex(connect!.lastZxidSeen)} before`, arrival);
  }
}

/** A client tells at each handshake the last zxid that it has seen: no less than came to it. */
function checkHandshakes(journal: Journal, report: Report): void {
  const seen = new Map<string, { order: number; zxid: number }[]>();
  for (const { name, arrivals } of journal.connections) {
    const list = seen.get(name) ?? [];
    seen.set(name, list);
    for (const one of arrivals) {
      const order = one.kind === 'event' ? one.order : one.returnedOrder;
      if (one.zxid > (list.at(-1)?.zxid ?? 0)) list.push({ order, zxid: one.zxid });
    }
  }
  for (const { name, connect, connectOrder, index } of journal.connections) {
    if (connect === null) continue;
    report.count('handshakes');
    const floor = seen.get(name)!.findLast(({ order }) => order < connectOrder)?.zxid ?? 0;
    if (connect.lastZxidSeen >= floor) continue;
    const text = `${name}/${index} says ${hex(connect.lastZxidSeen)} and has seen ${hex(floor)}`;
    report.add('C3', text);
  }
}

/** The writes of a session are done in the order of asking, over all its connections. */
function checkSessionOrder(
  journal: Journal,
  txnOf: ReadonlyMap<Operation, TxnRecord>,
  report: Report,
): void {
  const last = new Map<string, { txn: TxnRecord; operation: Operation }>();
  for (const operation of journal.operations) {
    if (!isWrite(operation.op)) continue;
    const txn = txnOf.get(operation);
    // What comes through a connection that the session has left is refused, whenever; and so is
    // what comes when the session has ended elsewhere.
    const isRefused = txn?.err === ErrorCode.sessionMoved || txn?.err === ErrorCode.sessionExpired;
    if (txn === undefined || isRefused) continue;
    const before = last.get(operation.session);
    const isBehind = before !== undefined && follows(before.operation, operation);
    if (isBehind && txn.zxid <= before.txn.zxid) {
      const text = `a session has ${hex(before.txn.zxid)}, and ${hex(txn.zxid)} for a later write`;
      report.add('C2', text, before.operation, operation);
    }
    if (before === undefined || txn.zxid > before.txn.zxid) {
      last.set(operation.session, { txn, operation });
    }
  }
}

/** Of two connections that a session has at one time, the order is nobody's promise. */
function follows(a: Operation, b: Operation): boolean {
  if (a.connection === b.connection) return true;
  const { connectOrder } = b.connection;
  return a.invokedOrder < connectOrder && connectOrder !== never;
}
