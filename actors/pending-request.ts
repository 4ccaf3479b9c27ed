/**
 * A request on its way: from the connection that read it to the reply. Held while it waits for its
 * turn in its session; carried along with its txn when it is a write. One plain object, no promise.
 */

import type { JuteWriter } from '../protocol/jute.ts';
import { noSession } from '../protocol/session-id.ts';
import { type Caller, internalCaller } from '../storage/caller.ts';
import type { WriteRequest } from '../storage/prepare.ts';

/** Where replies go: a connection, as sessions and the applier see it. */
export interface ReplyPort {
  /** False once the socket is gone: replies are dropped then. */
  readonly isOpen: boolean;
  /** Answers a read, now, from the committed tree. */
  answerRead(request: PendingRequest): void;
  /** Sends header and body. `zxid` is that of the txn, or the last one applied. */
  reply(request: PendingRequest, zxid: number, err: number, body: JuteWriter | null): void;
  sessionGranted(): void;
  /** The session ended, or goes on elsewhere: the connection ends after what is queued. */
  sessionEnded(reason: 'session.closed' | 'session.expired' | 'session.moved'): void;
  /** Requests of this session got fewer: reading may go on. */
  relieve(): boolean;
}

/** A session's id, as text and as halves. */
export interface SessionName {
  readonly id: string;
  readonly high: number;
  readonly low: number;
}

/** What is done on behalf of no session. */
export const nobody: SessionName = { id: noSession, high: 0, low: 0 };

export class PendingRequest implements WriteRequest {
  readonly port: ReplyPort | null;
  readonly session: string;
  readonly sessionHigh: number;
  readonly sessionLow: number;
  readonly cxid: number;
  readonly op: number;
  readonly caller: Caller;
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  /** Monotonic ms at which it was read from the socket. */
  readonly receivedMs: number;
  /** Wall clock at which the leader prepared it: the time of its txn. */
  time = 0;
  /** Not 0: the leader refuses it with this code. */
  fault = 0;
  /** A write stays in its session's queue until its txn is applied; a read only waits. */
  readonly isWrite: boolean;
  /** The process that took it, as in the header of its txn; 0: it is no client's. */
  readonly origin: number;

  constructor(
    port: ReplyPort | null,
    session: SessionName,
    request: {
      readonly cxid: number;
      readonly op: number;
      readonly caller: Caller;
      readonly buffer: Buffer;
      readonly start: number;
      readonly end: number;
      readonly receivedMs: number;
      readonly isWrite: boolean;
      readonly origin?: number;
    },
  ) {
    this.port = port;
    this.session = session.id;
    this.sessionHigh = session.high;
    this.sessionLow = session.low;
    this.cxid = request.cxid;
    this.op = request.op;
    this.caller = request.caller;
    this.buffer = request.buffer;
    this.start = request.start;
    this.end = request.end;
    this.receivedMs = request.receivedMs;
    this.isWrite = request.isWrite;
    this.origin = request.origin ?? 0;
  }

  /** A request that the replica makes itself: nobody is answered. */
  static internal(session: SessionName, op: number, body: Buffer, nowMs: number): PendingRequest {
    return new PendingRequest(null, session, {
      cxid: 0,
      op,
      caller: internalCaller,
      buffer: body,
      start: 0,
      end: body.length,
      receivedMs: nowMs,
      isWrite: false,
    });
  }
}
