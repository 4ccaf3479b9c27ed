/**
 * Applies committed batches in zxid order and hands out what follows: watch events first (they are
 * queued while the txn is applied), then the reply, then the reads that waited for it. A txn that
 * this process asked for names it as its origin; it is the next unfinished write of its session.
 */

import { batchHeaderBytes, firstZxidOf, txnCountOf } from '../protocol/batch.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import { JuteReader, JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { sessionIdFromHalves } from '../protocol/session-id.ts';
import { Txn } from '../protocol/txn.ts';
import type { Applier } from '../storage/apply.ts';
import type { Session } from './session.ts';

export interface BatchApplierPorts {
  /** The session that a request of ours came from. */
  session(id: string): Session | undefined;
  /** A txn took effect that is more than a change of the tree. */
  sessionCreated(id: string, timeoutMs: number): void;
  /** It goes on at the process `holder`; a negative timeout: there is no such session. */
  sessionMoved(id: string, timeoutMs: number, holder: number): void;
  sessionClosed(id: string, byClient: boolean): void;
  secretAgreed(): void;
  membershipChanged(zxid: number): void;
}

export class BatchApplier {
  readonly #origin: number;
  readonly #applier: Applier;
  readonly #ports: BatchApplierPorts;
  readonly #reader = new JuteReader();
  readonly #body = new JuteWriter(1024);
  readonly #txn = new Txn();

  constructor(origin: number, applier: Applier, ports: BatchApplierPorts) {
    this.#origin = origin;
    this.#applier = applier;
    this.#ports = ports;
  }

  apply(frame: Buffer): void {
    const first = firstZxidOf(frame);
    const count = txnCountOf(frame);
    this.#reader.reset(frame, batchHeaderBytes, frame.length);
    for (let index = 0; index < count; index++) this.#applyOne(first + index);
  }

  #applyOne(zxid: number): void {
    const txn = this.#txn;
    txn.read(this.#reader, zxid);
    const session =
      txn.origin === this.#origin
        ? this.#ports.session(sessionIdFromHalves(txn.sessionHigh, txn.sessionLow))
        : undefined;
    const request = session?.beforeApply(txn.cxid);
    const port = request?.port?.isOpen ? request.port : null;
    this.#body.reset();
    const err = this.#applier.apply(txn, port === null ? null : this.#body);
    switch (txn.type) {
      case Opcode.createSession:
        this.#ports.sessionCreated(this.#sessionOf(txn), txn.timeoutMs);
        return;
      case Opcode.moveSession:
        this.#ports.sessionMoved(this.#sessionOf(txn), txn.timeoutMs, txn.holder);
        return;
      case Opcode.closeSession:
        if (request !== undefined) port?.reply(request, zxid, err, null);
        this.#ports.sessionClosed(this.#sessionOf(txn), request !== undefined);
        return;
      case Opcode.setSecret:
        this.#ports.secretAgreed();
        return;
      case Opcode.setMembership:
      case Opcode.reconfig:
        this.#ports.membershipChanged(zxid);
        break;
    }
    if (request === undefined) return;
    port?.reply(request, zxid, err, err === 0 ? this.#body : null);
    if (err === ErrorCode.sessionMoved) port?.sessionEnded('session.moved');
    if (request.op === Opcode.closeSession) session!.endRefused();
    else session!.afterApply();
  }

  #sessionOf({ sessionHigh, sessionLow }: Txn): string {
    return sessionIdFromHalves(sessionHigh, sessionLow);
  }
}
