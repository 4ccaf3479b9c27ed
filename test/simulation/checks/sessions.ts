/**
 * Sessions (C8): none is ended before its time, none works after its end, nobody is told of an end
 * that the log does not hold, and who is silent long enough does end.
 *
 * What can be demanded of an expiry: a request counts as heard of when it was answered and the same
 * replica, in the same life, `contactSlackMs` after it was asked for or later, still had a write
 * agreed upon before the session's end: by then it has told its leader of all whom it had heard of.
 * The session then lives a full timeout from the moment of asking. And whatever becomes of that
 * replica, a leader that has prepared a write of the session has heard of it.
 */

import { Opcode } from '../../../protocol/opcode.ts';
import { noSession } from '../../../protocol/session-id.ts';
import { epochOf } from '../../../protocol/zxid.ts';
import { type ConnectionRecord, type Journal, never, type Operation } from '../tap-journal.ts';
import { hex, type Report } from './finding.ts';
import type { TxnRecord } from './log-txns.ts';
import type { Replay } from './witness.ts';

/** How long a request may wait at its leader until it is prepared. */
const preparationSlackMs = 1000;

export interface SessionTimes {
  /**
   * The run's time at which a txn was prepared; its own is the leader's wall clock. Without it no
   * moment of the log is compared with one of the journal.
   */
  readonly txnMs?: (txn: { readonly time: number; readonly zxid: number }) => number;
  /** How long a replica may keep from its leader whom it has heard of. */
  readonly contactSlackMs: number;
  /** Are there sessions without a createSession txn? */
  readonly localSessionsEnabled: boolean;
  /** How much faster than the run's time a leader's clock may run; 1 when not at all. */
  readonly clockRateMax?: number;
  /** Since when nothing is broken any more, and the end of the run. */
  readonly calmSinceMs?: number;
  readonly endMs?: number;
  /** By which a session may outlive its timeout. */
  readonly expirySlackMs?: number;
}

export function checkSessions(
  journal: Journal,
  txns: readonly TxnRecord[],
  replay: Replay,
  times: SessionTimes,
  report: Report,
): void {
  const connections = new Map<string, ConnectionRecord[]>();
  for (const connection of journal.connections) {
    const list = connections.get(connection.session);
    if (list === undefined) connections.set(connection.session, [connection]);
    else list.push(connection);
  }
  const ends = new Map<string, TxnRecord>();
  for (const txn of txns) {
    if (txn.type === Opcode.closeSession && !ends.has(txn.session)) ends.set(txn.session, txn);
  }
  const proofs = proofsOf(replay);
  for (const [session, end] of ends) {
    const own = connections.get(session) ?? [];
    checkSilence(own, end, report);
    // One that nobody asked for is an expiry.
    if (end.origin !== 0) continue;
    checkExpiry(own, end, proofs, times, report);
    checkLastWrite(own, end, txns, times, report);
  }
  checkDenials(journal, ends, times, report);
  checkOverdue(connections, replay, times, report);
}

/** Nothing is done for a session behind its end. */
function checkSilence(own: readonly ConnectionRecord[], end: TxnRecord, report: Report): void {
  for (const { operations } of own) {
    for (const operation of operations) {
      const { zxid, op } = operation;
      if (!operation.isDone || zxid < end.zxid || op === Opcode.closeSession) continue;
      const text = `an operation is done for a session that ended at ${hex(end.zxid)}`;
      report.add('C8', text, operation);
    }
  }
}

function lifeOf({ sid, life }: ConnectionRecord): string {
  return `${sid}/${life}`;
}

/** A leader that ends a session has not prepared a write of it within the timeout. */
function checkLastWrite(
  own: readonly ConnectionRecord[],
  end: TxnRecord,
  txns: readonly TxnRecord[],
  { txnMs, clockRateMax = 1 }: SessionTimes,
  report: Report,
): void {
  const isSame = (txn: TxnRecord) =>
    txn.session === end.session && txn.origin !== 0 && epochOf(txn.zxid) === epochOf(end.zxid);
  const last = txns.findLast((txn) => txn.zxid < end.zxid && isSame(txn));
  const timeouts = own.map(({ accepted }) => accepted?.timeOut ?? 0).filter((ms) => ms > 0);
  if (last === undefined || timeouts.length === 0 || txnMs === undefined) return;
  report.count('expiries after a write in the same epoch');
  const gapMs = txnMs(end) - txnMs(last);
  const leastMs = Math.min(...timeouts) / clockRateMax - preparationSlackMs;
  if (gapMs >= leastMs) return;
  const text = `session ${end.session} ends at ${hex(end.zxid)}, ${gapMs} ms after a write of it`;
  report.add('C8', text);
}

/** When writes were asked for at each replica, and their zxids: both in ascending order. */
type Proofs = Map<string, { readonly ms: number; readonly zxid: number }[]>;

function proofsOf({ txnOf }: Replay): Proofs {
  const proofs: Proofs = new Map();
  const writes = [...txnOf].sort(([, a], [, b]) => a.zxid - b.zxid);
  for (const [{ connection, invokedMs }, { zxid }] of writes) {
    const list = proofs.get(lifeOf(connection)) ?? [];
    proofs.set(lifeOf(connection), list);
    if (invokedMs > (list.at(-1)?.ms ?? Number.NEGATIVE_INFINITY))
      list.push({ ms: invokedMs, zxid });
  }
  return proofs;
}

function checkExpiry(
  own: readonly ConnectionRecord[],
  end: TxnRecord,
  proofs: Proofs,
  { txnMs, contactSlackMs, clockRateMax = 1 }: SessionTimes,
  report: Report,
): void {
  report.count('expiries');
  if (txnMs === undefined) return;
  const endMs = txnMs(end);
  for (const connection of own) {
    const { accepted, operations } = connection;
    const proof = proofs.get(lifeOf(connection))?.findLast(({ zxid }) => zxid < end.zxid);
    if (proof === undefined || accepted === null || accepted.readOnly === true) continue;
    const isHeard = (one: Operation) =>
      one.isReturned && one.zxid < end.zxid && one.invokedMs + contactSlackMs <= proof.ms;
    const heard = operations.findLast(isHeard);
    const heardMs = heard?.invokedMs ?? connection.connectMs;
    if (heardMs + contactSlackMs > proof.ms) continue;
    report.count('expiries with a known last contact');
    if (endMs >= heardMs + accepted.timeOut / clockRateMax) continue;
    const text =
      `session ${end.session} ends at ${hex(end.zxid)}, ${endMs - heardMs} ms after it was heard ` +
      `of; its timeout is ${accepted.timeOut}`;
    report.add('C8', text, ...(heard === undefined ? [] : [heard]));
  }
}

/**
 * Who hears that his session is over is told of an end that the log holds. It may be agreed upon
 * a little later: as in ZooKeeper, a session that is about to end is not let in any more.
 */
function checkDenials(
  journal: Journal,
  ends: ReadonlyMap<string, TxnRecord>,
  { txnMs, localSessionsEnabled, endMs = never, expirySlackMs = 0 }: SessionTimes,
  report: Report,
): void {
  const known = new Map<string, ConnectionRecord>();
  for (const connection of journal.connections) {
    const { connect, accepted, session } = connection;
    if (session !== '' && !known.has(session)) known.set(session, connection);
    if (connect === null || accepted === null || accepted.timeOut > 0) continue;
    const origin = known.get(connect.sessionId);
    if (connect.sessionId === noSession || origin === undefined) continue;
    const isOwn = samePassword(connect.passwd, origin.accepted?.passwd ?? null);
    if (!isOwn || origin.accepted?.readOnly === true || localSessionsEnabled) continue;
    report.count('sessions denied');
    const end = ends.get(connect.sessionId);
    const { acceptedMs } = connection;
    const isLast = endMs - acceptedMs <= origin.accepted!.timeOut + expirySlackMs;
    if (end === undefined && !isLast) {
      const who = `${connection.name}/${connection.index}`;
      const what = `${connect.sessionId} is over, and the log does not end it`;
      report.add('C8', `${who} is told that ${what}`);
    } else if (end !== undefined && txnMs !== undefined && txnMs(end) > acceptedMs) {
      report.count('sessions denied before their end was agreed upon');
    }
  }
}

function samePassword(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a !== null && b !== null && Buffer.compare(a, b) === 0;
}

/** At the end of a run that has been calm for long, no session lives whose client is silent. */
function checkOverdue(
  connections: ReadonlyMap<string, readonly ConnectionRecord[]>,
  { alive }: Replay,
  { calmSinceMs, endMs, expirySlackMs }: SessionTimes,
  report: Report,
): void {
  if (calmSinceMs === undefined || endMs === undefined) return;
  for (const [session, timeoutMs] of alive) {
    const own = connections.get(session);
    if (own === undefined) continue;
    const lastMs = Math.max(...own.map(lastWrittenMs), calmSinceMs);
    if (endMs - lastMs <= timeoutMs + (expirySlackMs ?? 0)) continue;
    report.add('C8', `session ${session} lives ${endMs - lastMs} ms after its client fell silent`);
  }
}

function lastWrittenMs({ operations, connectMs }: ConnectionRecord): number {
  return operations.at(-1)?.invokedMs ?? connectMs;
}
