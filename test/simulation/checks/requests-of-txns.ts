/**
 * Which request each txn of the log is for. An answered write names its txn by the zxid in its
 * reply; one that was not answered may have a txn, found by session and xid. An xid is used again
 * on a session's next connection, so candidates are taken in the order of asking.
 */

import { ErrorCode } from '../../../protocol/error-code.ts';
import { JuteReader, JuteWriter } from '../../../protocol/jute.ts';
import { Opcode, RequestKind, requestKind } from '../../../protocol/opcode.ts';
import type { Journal, Operation } from '../tap-journal.ts';
import { hex, type Report } from './finding.ts';
import type { Rules } from './judge.ts';
import type { TxnRecord } from './log-txns.ts';

/** Is it agreed upon, as a txn of its own? */
export function isWrite(op: number): boolean {
  const kind = requestKind(op);
  return kind === RequestKind.write || kind === RequestKind.close;
}

/** Errors that a replica may answer by itself, without a txn. */
const withoutTxn = new Set<number>([
  ...[ErrorCode.notReadOnly, ErrorCode.sessionExpired, ErrorCode.sessionMoved],
  ...[ErrorCode.throttledOp, ErrorCode.unimplemented],
  ...[ErrorCode.sessionClosedRequireSaslAuth],
]);

export class RequestsOfTxns {
  /** What each write came to, if it has a txn. */
  readonly txnOf = new Map<Operation, TxnRecord>();
  readonly #answered = new Map<number, Operation>();
  readonly #unanswered = new Map<string, Operation[]>();
  readonly #journal: Journal;
  readonly #rules: Rules;
  readonly #report: Report;

  constructor(journal: Journal, rules: Rules, report: Report) {
    this.#journal = journal;
    this.#rules = rules;
    this.#report = report;
    for (const operation of journal.operations) {
      if (!isWrite(operation.op) || operation.session === '') continue;
      if (operation.isReturned) this.#noteAnswered(operation);
      else {
        const key = `${operation.session} ${operation.xid}`;
        const list = this.#unanswered.get(key);
        if (list === undefined) this.#unanswered.set(key, [operation]);
        else list.push(operation);
      }
    }
  }

  #noteAnswered(operation: Operation): void {
    const { zxid, err, op, connection } = operation;
    // No txn ends a session that only one replica knew.
    const mayBeLocal = this.#rules.localSessionsEnabled || connection.accepted?.readOnly === true;
    const isLocalEnd = op === Opcode.closeSession && mayBeLocal;
    // What a replica says by itself names the last txn that was applied: somebody else's.
    if (withoutTxn.has(err) || isLocalEnd) return this.#noteAlone(operation);
    const other = this.#answered.get(zxid);
    if (other !== undefined) {
      this.#report.add('C1', `two writes have one zxid ${hex(zxid)}`, other, operation);
    }
    this.#answered.set(zxid, operation);
  }

  /** Answers that need no txn, and may have one all the same. */
  readonly #alone = new Map<number, Operation[]>();

  #noteAlone(operation: Operation): void {
    const list = this.#alone.get(operation.zxid) ?? [];
    this.#alone.set(operation.zxid, [...list, operation]);
  }

  /** The request of a txn; null for one that nobody asked for. */
  take(txn: TxnRecord): Operation | null {
    const { zxid, session, cxid } = txn;
    const isOf = (one: Operation) =>
      one.session === session && one.xid === cxid && isTxnFor(txn, one);
    const answered = this.#answered.get(zxid);
    if (answered !== undefined && isOf(answered)) return this.#found(txn, answered);
    const alone = this.#alone.get(zxid)?.find(isOf);
    if (alone !== undefined) return this.#found(txn, alone);
    const candidates = this.#unanswered.get(`${session} ${cxid}`) ?? [];
    // Two clients may number alike in one session, one after the other.
    const own = candidates.findIndex((one) => isTxnFor(txn, one) && hasData(txn, one));
    const at = own < 0 ? candidates.findIndex((one) => isTxnFor(txn, one)) : own;
    return at < 0 ? null : this.#found(txn, candidates.splice(at, 1)[0]!);
  }

  #found(txn: TxnRecord, operation: Operation): Operation {
    this.txnOf.set(operation, txn);
    return operation;
  }

  /** After the last txn: every answered write has one. */
  finish(): void {
    for (const operation of this.#answered.values()) {
      if (this.txnOf.has(operation)) continue;
      this.#report.add('C1', 'an answered write is not in the log', operation);
    }
    for (const { operations } of this.#journal.connections) this.#checkPrefix(operations);
  }

  /**
   * What was done of one connection's writes is a beginning of them. Nobody takes back that a
   * session is to end, so its end may come after a gap.
   */
  #checkPrefix(operations: readonly Operation[]): void {
    let missing: Operation | null = null;
    for (const operation of operations) {
      if (!isWrite(operation.op)) continue;
      const isDone = this.txnOf.has(operation);
      if (!isDone && !operation.isReturned) missing ??= operation;
      if (!isDone || missing === null || operation.op === Opcode.closeSession) continue;
      this.#report.add('C2', 'a write was done, one ahead of it was not', missing, operation);
      return;
    }
  }
}

/** Could the txn be what became of the request? */
function isTxnFor(txn: TxnRecord, { op, body }: Operation): boolean {
  if (txn.type === Opcode.error) return true;
  if (txn.type !== op) return false;
  const part = op === Opcode.multi ? undefined : txn.parts[0];
  if (part === undefined || op === Opcode.reconfig) return true;
  const asked = new JuteReader(body).string() ?? '';
  return part.path === asked || part.path.startsWith(asked);
}

const writer = new JuteWriter();

/**
 * Does the request ask for the very data that the txn writes? With its length ahead of it: the
 * bytes alone may be a piece of a path, or of other data.
 */
function hasData({ parts }: TxnRecord, { body }: Operation): boolean {
  const data = parts[0]?.data;
  if (data === undefined || data === null) return true;
  const { buffer, length } = writer.reset().bytes(data);
  return body.includes(buffer.subarray(0, length));
}
