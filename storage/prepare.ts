/**
 * Prepare: a write request plus the tree as it will be (outstanding.ts) becomes a txn, or an error
 * txn. All that can fail is settled here, on the leader, in the order of checks that ZooKeeper has
 * (spec 2.5); apply cannot fail. The tree is only read.
 */

import { assert } from '../protocol/assert.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import { JuteError, type JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { beginTxn, endTxn, type TxnOrigin } from '../protocol/txn.ts';
import type { AccessControl } from './acl.ts';
import type { Caller } from './caller.ts';
import type { Outstanding } from './outstanding.ts';
import { prepareChange } from './prepare-change.ts';
import {
  type LocalSessionsPort,
  noLocalSessions,
  PrepareContext,
  type PrepareRules,
  type ReconfigPort,
  runsAlone,
} from './prepare-context.ts';
import {
  prepareCloseSession,
  prepareDeleteContainer,
  prepareMoveSession,
  prepareSync,
} from './prepare-internal.ts';
import { prepareMulti } from './prepare-multi.ts';
import { prepareInitialMembership, prepareReconfig } from './prepare-reconfig.ts';
import type { ReplicatedState } from './replicated-state.ts';

/** A write request as it reaches the leader: header fields, and the body at start..end. */
export interface WriteRequest extends TxnOrigin {
  readonly op: number;
  /** The session as 16 hex digits. */
  readonly session: string;
  readonly caller: Caller;
  /** Error code that was decided before prepare; 0 or absent for none. */
  readonly fault?: number;
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

export class Preparer {
  readonly #context: PrepareContext;

  constructor(
    state: ReplicatedState,
    access: AccessControl,
    rules: PrepareRules,
    reconfig: ReconfigPort = runsAlone,
    localSessions: LocalSessionsPort = noLocalSessions,
  ) {
    this.#context = new PrepareContext(state, access, rules, reconfig, localSessions);
  }

  get outstanding(): Outstanding {
    return this.#context.outstanding;
  }

  /**
   * Appends the txn of `request` under `zxid` to `writer`.
   * @returns 0, or the error code that the client will get
   */
  prepare(request: WriteRequest, zxid: number, writer: JuteWriter): number {
    const context = this.#context;
    assert(zxid > context.state.lastZxid, 'prepare: a txn comes behind all that is applied');
    assert(zxid > context.zxid, 'prepare: zxids rise, and each is used once');
    context.reader.reset(request.buffer, request.start, request.end);
    context.session = request.session;
    context.sessionHigh = request.sessionHigh;
    context.sessionLow = request.sessionLow;
    context.caller = request.caller;
    context.zxid = zxid;
    const start = beginTxn(writer, request, request.op);
    let error = request.fault ?? ErrorCode.ok;
    try {
      if (error === ErrorCode.ok) error = prepareBody(context, request.op, writer);
    } catch (failure) {
      if (!(failure instanceof JuteError)) throw failure;
      error = ErrorCode.marshallingError;
    }
    assert(writer.length >= start, 'prepare: a txn stays behind those before it');
    if (error !== ErrorCode.ok) {
      writer.length = start;
      beginTxn(writer, request, Opcode.error);
      writer.int(error);
    }
    endTxn(writer, start);
    return error;
  }
}

function prepareBody(context: PrepareContext, op: number, writer: JuteWriter): number {
  switch (op) {
    case Opcode.multi:
      return prepareMulti(context, writer);
    case Opcode.closeSession:
      return prepareCloseSession(context, writer);
    case Opcode.createSession:
      context.outstanding.opening.add(context.session);
      writer.int(context.reader.int());
      return ErrorCode.ok;
    case Opcode.moveSession:
      return prepareMoveSession(context, writer);
    case Opcode.setSecret:
      writer.bytes(context.reader.bytes());
      return ErrorCode.ok;
    case Opcode.sync:
      return prepareSync(context, writer);
    case Opcode.deleteContainer:
      return prepareDeleteContainer(context, writer);
    case Opcode.reconfig:
      return prepareReconfig(context, writer);
    case Opcode.setMembership:
      return prepareInitialMembership(context, writer);
    default:
      return prepareChange(context, op, writer);
  }
}
