/**
 * What was seen between clients and replicas: connections, the operations that were asked for and
 * answered on them, the watch events that came. All that happens has a number in one global order:
 * a request when its client wrote it, a reply or an event when it arrived at its client.
 */

import { JuteReader } from '../../protocol/jute.ts';
import type { MultiResult } from '../../protocol/multi.ts';
import { type MultiRequest, readMultiReply, readMultiRequest } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import {
  type ConnectResponse,
  type ReplyBody,
  type ReplyOp,
  readReply,
} from '../../protocol/replies.ts';
import {
  type ConnectRequest,
  type RequestBody,
  type RequestOp,
  readRequest,
} from '../../protocol/requests.ts';

/** The number of what has not happened. */
export const never: number = Number.POSITIVE_INFINITY;

/** One connection of one client to one replica, from its first byte on. */
export interface ConnectionRecord {
  /** Of the client; all connections of one client have the same name. */
  readonly name: string;
  readonly sid: number;
  /** Which life of the replica it belongs to: what is only heard of ends with it. */
  readonly life: number;
  /** Its place among all connections. */
  readonly index: number;
  connect: ConnectRequest | null;
  connectOrder: number;
  connectMs: number;
  accepted: ConnectResponse | null;
  acceptedOrder: number;
  acceptedMs: number;
  /** The session that it was let in for; '' when it was not. */
  session: string;
  /** When the last request was written that reached the replica for certain: it was answered. */
  lastProvenMs: number;
  closedMs: number;
  readonly operations: Operation[];
  /** What came, in its order. */
  readonly arrivals: (Operation | EventRecord)[];
}

/** One request and, if it came, its reply. */
export class Operation {
  readonly kind = 'operation';
  readonly connection: ConnectionRecord;
  readonly xid: number;
  readonly op: number;
  /** The bytes of the request's and of the reply's body, without their headers. */
  readonly body: Buffer;
  replyBody: Buffer | null = null;
  readonly invokedMs: number;
  readonly invokedOrder: number;
  returnedMs: number | null = null;
  returnedOrder: number = never;
  zxid = 0;
  err = 0;

  constructor(
    connection: ConnectionRecord,
    header: { readonly xid: number; readonly op: number },
    body: Buffer,
    at: { readonly ms: number; readonly order: number },
  ) {
    this.connection = connection;
    this.xid = header.xid;
    this.op = header.op;
    this.body = body;
    this.invokedMs = at.ms;
    this.invokedOrder = at.order;
  }

  get session(): string {
    return this.connection.session;
  }

  get isReturned(): boolean {
    return this.returnedOrder !== never;
  }

  /** It was answered, and well. */
  get isDone(): boolean {
    return this.isReturned && this.err === 0;
  }

  /** The request; throws JuteError when the client wrote what means nothing. */
  request<Op extends RequestOp>(op: Op): RequestBody<Op> {
    return readRequest(op, new JuteReader(this.body));
  }

  multi(): MultiRequest[] {
    return readMultiRequest(new JuteReader(this.body));
  }

  result<Op extends ReplyOp>(op: Op): ReplyBody<Op> {
    return readReply(op, new JuteReader(this.replyBody!));
  }

  multiResults(): MultiResult[] {
    return readMultiReply(new JuteReader(this.replyBody!));
  }

  /** For reports. */
  toString(): string {
    const { connection, xid, op, zxid, err } = this;
    const name = Object.keys(Opcode).find((key) => Opcode[key as keyof typeof Opcode] === op);
    const outcome = this.isReturned ? `zxid 0x${zxid.toString(16)} err ${err}` : 'no answer';
    const where = `${connection.name}/${connection.index}@${connection.sid}`;
    const when = `${this.invokedMs}..${this.returnedMs ?? ''} ms`;
    return `${where} xid ${xid} ${name ?? op} ${this.#path()} (${outcome}, ${when})`;
  }

  #path(): string {
    const hasPath = this.body.length > 4 && this.op !== Opcode.multi && this.op < Opcode.auth;
    if (!hasPath) return '';
    const length = this.body.readInt32BE(0);
    return length > 0 ? this.body.toString('utf8', 4, 4 + length) : '';
  }
}

/** A watch event as it came. */
export interface EventRecord {
  readonly kind: 'event';
  readonly connection: ConnectionRecord;
  readonly order: number;
  readonly ms: number;
  /** Of its header. */
  readonly zxid: number;
  readonly type: number;
  readonly state: number;
  readonly path: string;
}

/** All of one run. */
export interface Journal {
  readonly connections: ConnectionRecord[];
  /** In the order in which they were asked for. */
  readonly operations: Operation[];
  readonly events: EventRecord[];
  /** What no client or replica may send: frames that cannot be read, replies to no request. */
  readonly faults: { readonly connection: ConnectionRecord; readonly text: string }[];
}
