/**
 * Txns that no request asks for: sessions that begin, move and expire, the removal of containers
 * and TTL znodes, the ensemble's own two. Keeps which sessions there are at the replay's zxid, and
 * sees to it that exactly a session's ephemerals go with it.
 */

import { ErrorCode } from '../../../protocol/error-code.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import { noSession } from '../../../protocol/session-id.ts';
import { epochOf } from '../../../protocol/zxid.ts';
import type { Journal, Operation } from '../tap-journal.ts';
import { hex, type Report } from './finding.ts';
import type { Rules, SessionKind } from './judge.ts';
import type { TxnRecord } from './log-txns.ts';
import type { ChangeListener, ModelTree } from './model.ts';

export class InternalTxns {
  readonly #model: ModelTree;
  readonly #rules: Rules;
  readonly #report: Report;
  /** Sessions at the zxid of the replay, with their timeouts. */
  readonly #alive = new Map<string, number>();
  /** Sessions that have ended at the zxid of the replay. */
  readonly #ended = new Set<string>();
  /** Sessions that the log closes somewhere. */
  readonly #closed = new Set<string>();
  /** Sessions that a replica without a leader handed out, and that no log knows. */
  readonly #readOnly = new Set<string>();
  /** Sessions with connections to more than one replica. */
  readonly #moved = new Set<string>();
  /** The txn that moved a session last. */
  readonly #moves = new Map<string, TxnRecord>();
  #hasSecret = false;

  constructor(
    journal: Journal,
    txns: readonly TxnRecord[],
    model: ModelTree,
    rules: Rules,
    report: Report,
  ) {
    this.#model = model;
    this.#rules = rules;
    this.#report = report;
    const sids = new Map<string, number>();
    for (const { session: got, sid, accepted, connect } of journal.connections) {
      // One that was asked for and never got an answer may have been moved there.
      const session = got === '' ? (connect?.sessionId ?? '') : got;
      if (session === '') continue;
      if (accepted?.readOnly === true) this.#readOnly.add(session);
      if ((sids.get(session) ?? sid) !== sid) this.#moved.add(session);
      sids.set(session, sid);
    }
    for (const { type, session } of txns) {
      if (type === Opcode.closeSession) this.#closed.add(session);
    }
  }

  kindOf(session: string): SessionKind {
    if (this.#alive.has(session)) return 'global';
    const mayBeLocal = this.#rules.localSessionsEnabled || this.#readOnly.has(session);
    return mayBeLocal && !this.#ended.has(session) ? 'local' : 'none';
  }

  hasMoved(session: string): boolean {
    return this.#moved.has(session);
  }

  /**
   * A write that comes through a replica which its session has left is refused. The next leader
   * does not know any more where it was.
   */
  checkOrigin(txn: TxnRecord, operation: Operation): void {
    const move = this.#moves.get(txn.session);
    if (move === undefined || epochOf(move.zxid) !== epochOf(txn.zxid)) return;
    // Its end may be asked for twice.
    if (!this.#alive.has(txn.session)) return;
    this.#report.count('writes of sessions that have moved');
    if (txn.origin === move.holder || txn.err === ErrorCode.sessionMoved) return;
    this.#fault('C2', txn, `is done, and its session had moved at ${hex(move.zxid)}`, operation);
  }

  /** A read that was refused because its session ends: then the log must end it. */
  excuses({ err, session }: Operation): boolean {
    return err === ErrorCode.sessionExpired && this.#closed.has(session);
  }

  replay(txn: TxnRecord, tell: ChangeListener): void {
    const { type, zxid, session, origin } = txn;
    switch (type) {
      case Opcode.createSession:
        if (this.#alive.has(session)) this.#fault('C8', txn, 'begins a session that there is');
        this.#alive.set(session, txn.timeoutMs);
        return;
      case Opcode.moveSession:
        if (txn.timeoutMs < 0) return;
        if (!this.#alive.has(session)) this.#fault('C8', txn, 'moves a session that there is not');
        this.#alive.set(session, txn.timeoutMs);
        this.#moves.set(session, txn);
        return;
      case Opcode.closeSession:
        this.close(txn, tell);
        return;
      case Opcode.setSecret:
        if (this.#hasSecret) this.#report.count('secrets agreed upon again');
        this.#hasSecret = true;
        return;
      case Opcode.setMembership:
        this.#change(txn, tell);
        return;
      case Opcode.deleteContainer:
        this.#expire(txn, tell);
        return;
      case Opcode.error:
        if (session === noSession && origin === 0) return;
        break;
    }
    this.#report.add('C1', `nobody asked for the txn ${describe(txn)} at ${hex(zxid)}`);
    this.#change(txn, tell);
  }

  #fault(invariant: string, txn: TxnRecord, text: string, ...operations: Operation[]): void {
    this.#report.add(invariant, `the txn ${describe(txn)} ${text}`, ...operations);
  }

  #change(txn: TxnRecord, tell: ChangeListener): void {
    for (const part of txn.parts) {
      const fault = this.#model.apply(part, txn, tell);
      if (fault !== null) this.#fault('C1', txn, fault);
    }
  }

  /** All of and only the session's ephemerals go. */
  close(txn: TxnRecord, tell: ChangeListener, operation: Operation | null = null): void {
    const { session, zxid, paths } = txn;
    const asked = operation === null ? [] : [operation];
    if (this.kindOf(session) === 'none') {
      // Asked for again, or expired while its client closed it, it is done again, and changes
      // nothing (spec 3.3).
      const isKnown = operation !== null || this.#ended.has(session);
      if (!isKnown) this.#fault('C8', txn, 'ends a session that there is not');
      this.#report.count('sessions closed twice');
    }
    this.#report.count(operation === null ? 'sessions expired' : 'sessions closed');
    this.#alive.delete(session);
    this.#ended.add(session);
    const owned = new Set(this.#model.ephemerals.get(session) ?? []);
    for (const path of paths) {
      const znode = this.#model.znodes.get(path);
      if (!owned.delete(path)) this.#fault('C9', txn, `takes ${path}, which is not its`, ...asked);
      if (znode !== undefined) this.#model.remove(znode, zxid, tell);
      this.#report.count('ephemerals gone');
    }
    for (const path of owned) {
      this.#fault('C9', txn, `leaves its ephemeral ${path}`, ...asked);
      this.#model.remove(this.#model.znodes.get(path)!, zxid, tell);
    }
    this.#model.ephemerals.delete(session);
  }

  /** A container that has had children, or a TTL znode whose time is over; without children. */
  #expire(txn: TxnRecord, tell: ChangeListener): void {
    const znode = this.#model.znodes.get(txn.parts[0]!.path);
    this.#report.count('containers and TTL znodes gone');
    if (znode === undefined) return this.#fault('C16', txn, 'removes what is not there');
    const { kind, ttl, mtime, children } = znode;
    if (children.size > 0) this.#fault('C16', txn, 'removes a znode with children');
    if (kind === 'ttl' && txn.time - mtime < ttl) {
      this.#fault('C16', txn, `removes a znode of ttl ${ttl} after ${txn.time - mtime} ms`);
    }
    if (kind !== 'ttl' && kind !== 'container') this.#fault('C16', txn, `removes a ${kind} znode`);
    this.#change(txn, tell);
  }

  /** At the end of the log. */
  finish(): void {
    for (const [session, paths] of this.#model.ephemerals) {
      if (this.#alive.has(session)) continue;
      for (const path of paths) {
        this.#report.add('C9', `${path} outlives its session ${session}`);
      }
    }
  }

  get aliveAtEnd(): ReadonlyMap<string, number> {
    return this.#alive;
  }
}

export function describe({ type, session, cxid, zxid, parts }: TxnRecord): string {
  const paths = parts.map(({ path }) => path).join(' ');
  return `${hex(zxid)} of type ${type} ${paths} (session ${session}, xid ${cxid})`;
}
