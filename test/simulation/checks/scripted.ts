/**
 * Histories by hand, for tests: what a client and a replica say to one another is put into words
 * here and goes through a tap as bytes; logs are made of txns.
 */

import { beginBatch, endBatch } from '../../../protocol/batch.ts';
import { JuteWriter, putInt } from '../../../protocol/jute.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import { openAcl } from '../../../protocol/record.ts';
import { writeConnectResponse } from '../../../protocol/replies.ts';
import {
  type RequestBody,
  type RequestOp,
  writeConnectRequest,
  writeRequest,
} from '../../../protocol/requests.ts';
import { highHalf, lowHalf, noSession } from '../../../protocol/session-id.ts';
import { beginTxn, endTxn } from '../../../protocol/txn.ts';
import type { Tap } from '../tap.ts';
import type { ConnectionTap } from '../tap-connection.ts';
import type { TxnRecord } from './log-txns.ts';

/** One connection, both ends of it; all happens at `nowMs`. */
export class Script {
  readonly tap: ConnectionTap;
  nowMs = 0;
  readonly #writer = new JuteWriter();

  constructor(tap: Tap, name: string, sid = 1, life = 1) {
    this.tap = tap.connection(name, sid, life);
  }

  #frame(write: (writer: JuteWriter) => void): Buffer {
    this.#writer.reset().int(0);
    write(this.#writer);
    putInt(this.#writer.buffer, 0, this.#writer.length - 4);
    return this.#writer.copy();
  }

  up(write: (writer: JuteWriter) => void): this {
    this.tap.toServer(this.#frame(write), this.nowMs);
    return this;
  }

  down(write: (writer: JuteWriter) => void): this {
    this.tap.toClient(this.#frame(write), this.nowMs);
    return this;
  }

  at(nowMs: number): this {
    this.nowMs = nowMs;
    return this;
  }

  /** A session is asked for, or asked to go on, and granted; a timeout of 0 denies it. */
  shakeHands(session: string, timeOut = 4000, { resumes = false, lastZxidSeen = 0 } = {}): this {
    const passwd = Buffer.alloc(16, 7);
    const asked = resumes ? session : noSession;
    const common = { protocolVersion: 0, timeOut, passwd };
    this.up((writer) => {
      writeConnectRequest(writer, { ...common, lastZxidSeen, sessionId: asked, readOnly: false });
    });
    const granted = timeOut > 0 ? session : noSession;
    return this.down((writer) => {
      writeConnectResponse(writer, { ...common, sessionId: granted, readOnly: false });
    });
  }

  ask<Op extends RequestOp>(xid: number, op: Op, body: RequestBody<Op>): this {
    return this.up((writer) => writeRequest(op, writer.int(xid).int(op), body));
  }

  /** An operation without a body: ping, closeSession. */
  askPlain(xid: number, op: number): this {
    return this.up((writer) => void writer.int(xid).int(op));
  }

  answer(xid: number, zxid: number, err = 0, write: (writer: JuteWriter) => void = () => {}): this {
    return this.down((writer) => write(writer.int(xid).long(zxid).int(err)));
  }
}

/** A log that holds one txn per batch, as it goes. */
export class ScriptedLog {
  readonly frames: Buffer[] = [];
  #zxid = 0;

  /** One more txn; `origin` 0 is a replica's own. Returns its zxid. */
  add(
    header: { session: string; cxid?: number; origin?: number; time?: number; type: number },
    write: (writer: JuteWriter) => void = () => {},
  ): number {
    const { session, cxid = 0, origin = 0, time = 0, type } = header;
    const writer = new JuteWriter();
    beginBatch(writer);
    const halves = { sessionHigh: highHalf(session), sessionLow: lowHalf(session) };
    const start = beginTxn(writer, { ...halves, cxid, origin, time }, type);
    write(writer);
    endTxn(writer, start);
    this.frames.push(Buffer.from(endBatch(writer, ++this.#zxid, 1, () => 0)));
    return this.#zxid;
  }

  begin(session: string, timeoutMs = 4000): number {
    return this.add(
      { session, type: Opcode.createSession },
      (writer) => void writer.int(timeoutMs),
    );
  }

  /** The session ends; without an xid because it expired. */
  end(session: string, { paths = [] as string[], cxid = 0, time = 0 } = {}): number {
    const origin = cxid === 0 ? 0 : 1;
    const header = { session, cxid, origin, time, type: Opcode.closeSession };
    return this.add(header, (writer) => void writer.strings(paths));
  }
}

export const createBody = (path: string, flags = 0) => ({
  ...{ path, data: Buffer.from('x'), acl: openAcl, flags },
});

/** Frames of one txn each: those that are kept, as `bytesOf` has them, and `more` behind them. */
export function logOf(
  txns: readonly TxnRecord[],
  isKept: (txn: TxnRecord) => boolean,
  more: readonly { readonly zxid: number; readonly bytes: Buffer }[] = [],
  bytesOf: (txn: TxnRecord) => Buffer = ({ bytes }) => bytes,
): Buffer[] {
  const kept = txns.filter(isKept).map((txn) => ({ zxid: txn.zxid, bytes: bytesOf(txn) }));
  return [...kept, ...more].map(({ zxid, bytes }) => {
    const writer = new JuteWriter();
    beginBatch(writer);
    writer.bytes(bytes);
    return Buffer.from(endBatch(writer, zxid, 1, () => 0));
  });
}
