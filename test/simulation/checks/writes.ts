/**
 * Replays the txn of a client's write: judges the request against the model, compares the verdict
 * with the txn, carries the txn out and compares what came of it with the reply.
 */

import { ErrorCode } from '../../../protocol/error-code.ts';
import { JuteWriter } from '../../../protocol/jute.ts';
import type { MultiRequest } from '../../../protocol/multi.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import type { RequestOp } from '../../../protocol/requests.ts';
import type { Operation } from '../tap-journal.ts';
import type { Callers } from './caller.ts';
import { hex, type Report } from './finding.ts';
import { describe, type InternalTxns } from './internal-txns.ts';
import { decoded, Judge, partDifference, type Rules, type Verdict } from './judge.ts';
import { isCreate, type Part, type TxnRecord } from './log-txns.ts';
import { type ChangeListener, type ModelTree, openModelAcl, writeStat } from './model.ts';

const nobody: ChangeListener = () => {};

export class Writes {
  readonly #model: ModelTree;
  readonly #internal: InternalTxns;
  readonly #callers: Callers;
  readonly #judge: Judge;
  readonly #report: Report;
  /** The body that the reply must have. */
  readonly #reply = new JuteWriter(1024);

  constructor(
    model: ModelTree,
    internal: InternalTxns,
    callers: Callers,
    rules: Rules,
    report: Report,
  ) {
    this.#model = model;
    this.#internal = internal;
    this.#callers = callers;
    this.#judge = new Judge(model, rules);
    this.#report = report;
  }

  replay(txn: TxnRecord, operation: Operation, tell: ChangeListener): void {
    this.#reply.reset();
    this.#internal.checkOrigin(txn, operation);
    switch (operation.op) {
      case Opcode.closeSession:
        if (txn.type === Opcode.closeSession) this.#internal.close(txn, tell, operation);
        // Over a connection that has it no more: it goes on elsewhere.
        else
          this.#checkErr(txn, txn.err, { err: ErrorCode.ok, part: null, mayAlso: [] }, operation);
        break;
      case Opcode.sync:
        this.#sync(txn, operation);
        break;
      case Opcode.multi:
        this.#multi(txn, operation, tell);
        break;
      case Opcode.reconfig:
        this.#reconfig(txn, operation, tell);
        break;
      default:
        this.#change(txn, operation, tell);
    }
    if (operation.isReturned) this.#checkReply(txn, operation);
  }

  #fault(invariant: string, txn: TxnRecord, text: string, operation: Operation): void {
    this.#report.add(invariant, `the txn ${describe(txn)} ${text}`, operation);
  }

  /** Is the error one that the request may come to? */
  #checkErr(txn: TxnRecord, err: number, { err: due, mayAlso }: Verdict, by: Operation): boolean {
    if (err === due || mayAlso.includes(err)) return true;
    if (err === ErrorCode.sessionMoved && this.#internal.hasMoved(txn.session)) return true;
    this.#fault('C1', txn, `has error ${err}, not ${[due, ...mayAlso].join(' or ')}`, by);
    return false;
  }

  #sync(txn: TxnRecord, operation: Operation): void {
    const isThere = this.#internal.kindOf(txn.session) !== 'none';
    const err = isThere ? ErrorCode.ok : ErrorCode.sessionExpired;
    this.#checkErr(txn, txn.err, { err, part: null, mayAlso: [] }, operation);
    const { body } = operation;
    if (txn.err === ErrorCode.ok) this.#reply.raw(body, 0, 4 + Math.max(body.readInt32BE(0), 0));
  }

  /** Whether the members may change so is not judged here. */
  #reconfig(txn: TxnRecord, operation: Operation, tell: ChangeListener): void {
    const part = txn.parts[0];
    if (part === undefined) return;
    this.#apply(txn, part, operation, tell);
    this.#reply.bytes(part.data);
    writeStat(this.#reply, this.#model.znodes.get(part.path)!);
  }

  #change(txn: TxnRecord, operation: Operation, tell: ChangeListener): void {
    const { op } = operation;
    const body = decoded(() => operation.request(op as RequestOp));
    const verdict = body === null ? unreadable : this.#verdict(op, body, txn.session, operation);
    const isDue = this.#checkErr(txn, txn.err, verdict, operation);
    if (txn.err !== ErrorCode.ok) return;
    const part = txn.parts[0]!;
    if (isDue) this.#compare(txn, part, verdict, operation);
    this.#apply(txn, part, operation, tell);
    this.#putResult(part);
  }

  #verdict(op: number, body: unknown, session: string, operation: Operation): Verdict {
    const caller = this.#callers.of(operation);
    return this.#judge.change(op, body, caller, this.#internal.kindOf(session));
  }

  #compare(txn: TxnRecord, part: Part, verdict: Verdict, operation: Operation): void {
    const difference = verdict.part === null ? null : partDifference(part, verdict.part);
    if (difference === null) return;
    const isSequence = isCreate(part.type) && part.path !== verdict.part!.path;
    const invariant = isSequence ? 'C7' : /version|count/.test(difference) ? 'C6' : 'C1';
    this.#fault(invariant, txn, difference, operation);
  }

  #apply(txn: TxnRecord, part: Part, operation: Operation, tell: ChangeListener): void {
    const fault = this.#model.apply(part, txn, tell);
    if (fault !== null) this.#fault('C1', txn, fault, operation);
  }

  /** What the reply says about one change that has been made. */
  #putResult(part: Part): void {
    const znode = this.#model.znodes.get(part.path);
    if (isCreate(part.type)) {
      this.#reply.string(part.path);
      if (part.type === Opcode.create) return;
    }
    const hasStat = isCreate(part.type) || part.type === Opcode.setData;
    if ((hasStat || part.type === Opcode.setAcl) && znode !== undefined) {
      writeStat(this.#reply, znode);
    }
  }

  #multi(txn: TxnRecord, operation: Operation, tell: ChangeListener): void {
    const requests = decoded(() => operation.multi());
    this.#report.count('multis');
    if (requests === null || txn.type === Opcode.error) {
      const verdict = requests === null ? unreadable : { ...unreadable, err: ErrorCode.ok };
      this.#checkErr(txn, txn.err, verdict, operation);
      return;
    }
    const { parts } = txn;
    if (parts.length !== requests.length) {
      this.#fault('C5', txn, `has ${parts.length} of ${requests.length} parts`, operation);
    }
    const failed = parts.findIndex(({ err }) => err !== ErrorCode.ok);
    if (failed < 0) this.#multiDone(txn, requests, operation, tell);
    else this.#multiFailed(txn, requests, failed, operation);
    this.#reply.int(-1).boolean(true).int(-1);
  }

  #multiDone(
    txn: TxnRecord,
    requests: readonly MultiRequest[],
    operation: Operation,
    tell: ChangeListener,
  ): void {
    for (const [index, part] of txn.parts.entries()) {
      const request = requests[index];
      if (request !== undefined) {
        const verdict = this.#verdict(request.op, request.body, txn.session, operation);
        if (this.#checkErr(txn, ErrorCode.ok, verdict, operation)) {
          this.#compare(txn, part, verdict, operation);
        }
      }
      this.#apply(txn, part, operation, tell);
      const isWide = part.type === Opcode.createContainer || part.type === Opcode.createTtl;
      this.#reply
        .int(isWide ? Opcode.create2 : part.type)
        .boolean(false)
        .int(ErrorCode.ok);
      this.#putResult(part);
    }
  }

  /** Every part ahead of the one that failed holds; nothing of them stays. */
  #multiFailed(
    txn: TxnRecord,
    requests: readonly MultiRequest[],
    failed: number,
    operation: Operation,
  ): void {
    const { parts } = txn;
    this.#model.beginTrial();
    for (const [index, { op, body }] of requests.slice(0, failed + 1).entries()) {
      const verdict = this.#verdict(op, body, txn.session, operation);
      this.#checkErr(txn, parts[index]!.err, verdict, operation);
      const made = verdict.part;
      // An ACL that cannot be told from outside matters to nobody here but the parts behind it.
      if (made !== null)
        this.#model.apply({ ...made, acl: made.acl ?? openModelAcl.bytes }, txn, nobody);
    }
    this.#model.takeBack();
    for (const [index, { err }] of parts.entries()) {
      const isBehind = index > failed && err !== ErrorCode.runtimeInconsistency;
      if (isBehind) this.#fault('C5', txn, `has error ${err} behind the failure`, operation);
      this.#reply.int(Opcode.error).boolean(false).int(err).int(err);
    }
  }

  #checkReply(txn: TxnRecord, operation: Operation): void {
    const { err, replyBody, op } = operation;
    if (err !== txn.err) {
      this.#fault('C1', txn, `has error ${txn.err}, its reply ${err}`, operation);
      return;
    }
    const { buffer, length } = this.#reply;
    const isSame = replyBody!.length === length && replyBody!.compare(buffer, 0, length) === 0;
    if (isSame) return;
    const made = buffer.toString('hex', 0, length);
    const text = `at ${hex(txn.zxid)} is answered by ${replyBody!.toString('hex')}, not ${made}`;
    const isOther = isCreate(op) && !replyBody!.subarray(4).includes(txn.parts[0]!.path);
    this.#fault(op === Opcode.multi ? 'C5' : isOther ? 'C7' : 'C6', txn, text, operation);
  }
}

const unreadable: Verdict = { err: ErrorCode.marshallingError, part: null, mayAlso: [] };
