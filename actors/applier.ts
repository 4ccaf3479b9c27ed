/**
 * Applies committed batches in zxid order and hands out what follows: watch events first (they are
 * queued while the txn is applied), then the reply, then the reads that waited for it.
 */

import { assert } from '../protocol/assert.ts';
import { batchHeaderBytes } from '../protocol/batch.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import { JuteError, JuteReader, JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { Txn } from '../protocol/txn.ts';
import type { Applier } from '../storage/apply.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import type { PendingRequest } from './pending-request.ts';
import type { Batch } from './proposer.ts';
import type { Session } from './session.ts';

export interface BatchApplierPorts {
  /** The session that a request came from, if it is held here. */
  session(id: string): Session | undefined;
  /** A txn took effect that is more than a change of the tree. */
  sessionCreated(id: string): void;
  sessionClosed(id: string, request: PendingRequest): void;
  secretAgreed(): void;
  /** All txns of the batch are applied: queued output may leave. */
  batchApplied(batch: Batch): void;
}

export class BatchApplier {
  readonly #state: ReplicatedState;
  readonly #applier: Applier;
  readonly #ports: BatchApplierPorts;
  readonly #reader = new JuteReader();
  readonly #syncReader = new JuteReader();
  readonly #body = new JuteWriter(1024);
  readonly #txn = new Txn();

  constructor(state: ReplicatedState, applier: Applier, ports: BatchApplierPorts) {
    this.#state = state;
    this.#applier = applier;
    this.#ports = ports;
  }

  apply(batch: Batch): void {
    let zxid = batch.firstZxid;
    if (batch.frame !== null) this.#reader.reset(batch.frame, batchHeaderBytes, batch.frame.length);
    for (const request of batch.requests) {
      if (request.op === Opcode.sync) this.#finishSync(request);
      else this.#applyOne(request, zxid++);
    }
    assert(zxid === batch.firstZxid + batch.txnCount, 'applier: a txn for every request');
    this.#ports.batchApplied(batch);
  }

  #applyOne(request: PendingRequest, zxid: number): void {
    const txn = this.#txn;
    txn.read(this.#reader, zxid);
    // A session's own txns need no place in its queue when the replica made them itself.
    const session = request.isWrite ? this.#ports.session(request.session) : undefined;
    session?.beforeApply(request);
    const port = request.port?.isOpen ? request.port : null;
    this.#body.reset();
    const err = this.#applier.apply(txn, port === null ? null : this.#body);
    switch (txn.type) {
      case Opcode.createSession:
        this.#ports.sessionCreated(request.session);
        return;
      case Opcode.closeSession:
        port?.reply(request, zxid, err, null);
        this.#ports.sessionClosed(request.session, request);
        return;
      case Opcode.setSecret:
        this.#ports.secretAgreed();
        return;
    }
    port?.reply(request, zxid, err, err === 0 ? this.#body : null);
    session?.afterApply();
  }

  /** Everything proposed before the sync is applied now: that is all that it promises. */
  #finishSync(request: PendingRequest): void {
    const session = this.#ports.session(request.session);
    session?.beforeApply(request);
    const err = this.#echoPath(request);
    request.port?.reply(request, this.#state.lastZxid, err, err === 0 ? this.#body : null);
    session?.afterApply();
  }

  #echoPath(request: PendingRequest): number {
    this.#body.reset();
    try {
      this.#syncReader.reset(request.buffer, request.start, request.end);
      this.#body.string(this.#syncReader.string());
      return ErrorCode.ok;
    } catch (failure) {
      if (failure instanceof JuteError) return ErrorCode.marshallingError;
      throw failure;
    }
  }
}
