/**
 * Reads along on one connection: splits the bytes of both directions into frames, matches replies
 * to requests and writes down what it sees. It keeps copies only; it never throws: what cannot be
 * read is a fault in the journal.
 */

import { Fifo } from '../../protocol/fifo.ts';
import { FrameSplitter } from '../../protocol/frame.ts';
import { getInt, JuteReader } from '../../protocol/jute.ts';
import { Opcode, Xid } from '../../protocol/opcode.ts';
import { readRecord } from '../../protocol/record.ts';
import { readConnectResponse, watcherEvent } from '../../protocol/replies.ts';
import { readConnectRequest } from '../../protocol/requests.ts';
import { noSession } from '../../protocol/session-id.ts';
import {
  type ConnectionRecord,
  type EventRecord,
  type Journal,
  never,
  Operation,
} from './tap-journal.ts';

const frameBytesMax = 2 ** 27;
const requestHeaderBytes = 8;
const replyHeaderBytes = 16;

/** Numbers for all that happens, over all connections. */
export interface Order {
  next(): number;
}

/** What a simulated socket tells of its connection. */
export interface ConnectionTap {
  readonly record: ConnectionRecord;
  /** The client has written these bytes: the moment at which its requests begin. */
  toServer(bytes: Buffer, nowMs: number): void;
  /** These bytes have arrived at the client: the moment at which its requests end. */
  toClient(bytes: Buffer, nowMs: number): void;
  /** Nothing more will come. */
  closed(nowMs: number): void;
}

export class TappedConnection implements ConnectionTap {
  readonly record: ConnectionRecord;
  readonly #journal: Journal;
  readonly #order: Order;
  readonly #up: FrameSplitter;
  readonly #down: FrameSplitter;
  readonly #reader = new JuteReader();
  /** Requests without a reply: those that are answered in turn, and those that need not be. */
  readonly #waiting = new Fifo<Operation>();
  readonly #pings = new Fifo<Operation>();
  readonly #auths = new Fifo<Operation>();
  #nowMs = 0;
  /** Null until the first bytes say whether it is a four-letter word. */
  #isWord: boolean | null = null;
  #hasFault = false;

  constructor(journal: Journal, order: Order, place: { name: string; sid: number; life: number }) {
    this.#journal = journal;
    this.#order = order;
    this.record = {
      ...{ ...place, index: journal.connections.length },
      ...{ connect: null, connectOrder: never, connectMs: never },
      ...{ accepted: null, acceptedOrder: never, acceptedMs: never },
      ...{ session: '', lastProvenMs: -never, closedMs: never, operations: [], arrivals: [] },
    };
    journal.connections.push(this.record);
    this.#up = new FrameSplitter(frameBytesMax, (chunk, start, end) =>
      this.#guard(() => this.#request(chunk, start, end)),
    );
    this.#down = new FrameSplitter(frameBytesMax, (chunk, start, end) =>
      this.#guard(() => this.#arrival(chunk, start, end)),
    );
  }

  toServer(bytes: Buffer, nowMs: number): void {
    this.#isWord ??= /^[a-z]/.test(bytes.toString('latin1', 0, 1));
    this.#push(this.#up, bytes, nowMs);
  }

  toClient(bytes: Buffer, nowMs: number): void {
    this.#push(this.#down, bytes, nowMs);
  }

  closed(nowMs: number): void {
    if (this.record.closedMs === never) this.record.closedMs = nowMs;
  }

  #push(splitter: FrameSplitter, bytes: Buffer, nowMs: number): void {
    if (this.#isWord === true || this.#hasFault) return;
    this.#nowMs = nowMs;
    if (splitter.push(bytes, 0, bytes.length) < 0) {
      this.#fault(`a frame of ${splitter.refusedLength} bytes`);
    }
  }

  #fault(text: string): void {
    this.#hasFault = true;
    this.#journal.faults.push({ connection: this.record, text });
  }

  #guard(read: () => void): boolean {
    try {
      read();
    } catch (failure) {
      this.#fault(String(failure));
    }
    return !this.#hasFault;
  }

  #request(chunk: Buffer, start: number, end: number): void {
    const { record } = this;
    if (record.connect === null) {
      const request = readConnectRequest(this.#reader.reset(chunk, start, end));
      record.connect = { ...request, passwd: request.passwd && Buffer.from(request.passwd) };
      record.connectMs = this.#nowMs;
      record.connectOrder = this.#order.next();
      return;
    }
    if (end - start < requestHeaderBytes) return this.#fault('a request without a header');
    const header = { xid: getInt(chunk, start), op: getInt(chunk, start + 4) };
    if (!isXidOf(header)) this.#fault(`xid ${header.xid} is none for a request ${header.op}`);
    const body = copyOf(chunk, start + requestHeaderBytes, end);
    const at = { ms: this.#nowMs, order: this.#order.next() };
    const operation = new Operation(record, header, body, at);
    this.#journal.operations.push(operation);
    record.operations.push(operation);
    this.#queueOf(header.xid, header.op).push(operation);
  }

  #queueOf(xid: number, op: number): Fifo<Operation> {
    if (xid === Xid.ping && op === Opcode.ping) return this.#pings;
    return op === Opcode.auth || op === Opcode.sasl ? this.#auths : this.#waiting;
  }

  #arrival(chunk: Buffer, start: number, end: number): void {
    const reader = this.#reader.reset(chunk, start, end);
    if (this.record.accepted === null) return this.#accepted(reader);
    const xid = reader.int();
    const zxid = reader.long();
    const err = reader.int();
    if (xid === Xid.notification) return this.#event(reader, zxid);
    const operation = this.#answered(xid);
    if (operation === undefined) return this.#fault(`a reply to xid ${xid}, which none waits for`);
    operation.zxid = zxid;
    operation.err = err;
    operation.replyBody = copyOf(chunk, start + replyHeaderBytes, end);
    operation.returnedMs = this.#nowMs;
    operation.returnedOrder = this.#order.next();
    this.record.arrivals.push(operation);
    this.#reached(operation.invokedMs);
  }

  /** The request that is answered: the oldest of its queue, else the reply is a fault. */
  #answered(xid: number): Operation | undefined {
    if (xid === Xid.ping) return this.#pings.shift();
    const queue = this.#auths.peek()?.xid === xid ? this.#auths : this.#waiting;
    return queue.peek()?.xid === xid ? queue.shift() : undefined;
  }

  #reached(ms: number): void {
    if (ms > this.record.lastProvenMs) this.record.lastProvenMs = ms;
  }

  #accepted(reader: JuteReader): void {
    const { record } = this;
    const response = readConnectResponse(reader);
    record.accepted = { ...response, passwd: response.passwd && Buffer.from(response.passwd) };
    record.acceptedMs = this.#nowMs;
    record.acceptedOrder = this.#order.next();
    if (response.timeOut > 0 && response.sessionId !== noSession) {
      record.session = response.sessionId;
    }
    this.#reached(record.connectMs);
  }

  #event(reader: JuteReader, zxid: number): void {
    const { type, state, path } = readRecord(watcherEvent, reader);
    const event: EventRecord = {
      ...{ kind: 'event', connection: this.record, zxid, type, state, path: path ?? '' },
      ...{ order: this.#order.next(), ms: this.#nowMs },
    };
    this.#journal.events.push(event);
    this.record.arrivals.push(event);
  }
}

/** Requests are numbered from 1 up; what is below has a meaning of its own, for one kind each. */
function isXidOf({ xid, op }: { readonly xid: number; readonly op: number }): boolean {
  if (xid > 0) return true;
  if (xid === Xid.setWatches) return op === Opcode.setWatches || op === Opcode.setWatches2;
  if (xid === Xid.auth) return op === Opcode.auth || op === Opcode.sasl;
  return xid === Xid.ping && op === Opcode.ping;
}

/** Small copies come out of Node's pool. */
function copyOf(chunk: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  chunk.copy(copy, 0, start, end);
  return copy;
}
