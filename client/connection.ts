/**
 * One connection to one server: the handshake, frames out and in, replies matched to requests.
 *
 * Requests of one turn leave in one write. Replies must come in the order of the requests and with
 * their xid (only auth is answered out of turn); anything else closes the connection, since a
 * client that guesses hands one caller the reply of another. It decides nothing about sessions: it
 * reports the handshake, events and its own end to its owner, once each.
 */

import { Fifo } from '../protocol/fifo.ts';
import { FrameSplitter } from '../protocol/frame.ts';
import { JuteReader, JuteWriter, putInt } from '../protocol/jute.ts';
import { Opcode, Xid } from '../protocol/opcode.ts';
import { readRecord } from '../protocol/record.ts';
import type { ConnectResponse, WatcherEvent } from '../protocol/replies.ts';
import { readConnectResponse, watcherEvent } from '../protocol/replies.ts';
import type { ConnectRequest } from '../protocol/requests.ts';
import { writeConnectRequest } from '../protocol/requests.ts';
import type { ClientClock } from './clock.ts';
import type { ByteStream } from './dial.ts';
import { BadArgumentsError, ConnectionLossError } from './errors.ts';
import type { Request } from './request.ts';

export interface ConnectionOwner {
  handshaken(connection: Connection, response: ConnectResponse): void;
  /** The highest zxid of a reply or event, before whoever waits for it is told. */
  zxidSeen(zxid: number): void;
  event(event: WatcherEvent, zxid: number | null): void;
  /** The end; requests that were sent and not answered are in `unanswered`. */
  closed(connection: Connection, cause: Error): void;
}

export interface ConnectionLimits {
  readonly requestBytesMax: number;
  readonly replyBytesMax: number;
}

const lengthBytes = 4;
const xidMax = 2 ** 31 - 1;
const outputBytes = 16 * 1024;
/** A larger output buffer is given back after use. */
const outputBytesKept = 2 ** 20;

export class Connection {
  readonly #stream: ByteStream;
  readonly #owner: ConnectionOwner;
  readonly #clock: ClientClock;
  readonly #limits: ConnectionLimits;
  readonly #splitter: FrameSplitter;
  readonly #reader = new JuteReader();
  #output = new JuteWriter(outputBytes);
  #flushScheduled = false;
  /** Of the last request. They go on rising from one connection of a session to the next. */
  xid: number;
  /** Filled by send, drained by replies; bounded by the session's requestsMax. */
  readonly #requests = new Fifo<Request>();
  /** Auth requests, which are answered out of turn. */
  readonly #auths = new Fifo<Request>();
  #handshaken = false;
  #closed = false;
  readonly startedMs: number;
  lastHeardMs: number;
  lastSentMs: number;
  /** Frames received since the handshake. */
  replies = 0;

  constructor(
    stream: ByteStream,
    owner: ConnectionOwner,
    clock: ClientClock,
    limits: ConnectionLimits,
    lastXid = 0,
  ) {
    this.#stream = stream;
    this.xid = lastXid;
    this.#owner = owner;
    this.#clock = clock;
    this.#limits = limits;
    this.startedMs = clock.now();
    this.lastHeardMs = this.startedMs;
    this.lastSentMs = this.startedMs;
    this.#splitter = new FrameSplitter(limits.replyBytesMax, (chunk, start, end) =>
      this.#frame(chunk, start, end),
    );
    stream.on('data', (chunk: Buffer) => this.#data(chunk));
    stream.on('error', (error: Error) => this.close(error));
    stream.on('end', () => this.close(new Error('the server closed the connection')));
    stream.on('close', () => this.close(new Error('the connection was closed')));
  }

  get handshaken(): boolean {
    return this.#handshaken && !this.#closed;
  }

  /** Requests sent and not answered. */
  get outstanding(): number {
    return this.#requests.size;
  }

  *unanswered(): Iterable<Request> {
    yield* this.#auths;
    yield* this.#requests;
  }

  handshake(request: ConnectRequest): void {
    const at = this.#output.length;
    this.#output.int(0);
    writeConnectRequest(this.#output, request);
    this.#finishFrame(at);
  }

  /** Sends `request`; throws, and sends nothing, when it cannot be encoded or is too large. */
  send(request: Request): void {
    // Behind the last one they begin anew: numbers below zero have meanings of their own.
    this.xid = this.xid === xidMax ? 1 : this.xid + 1;
    this.#write(request, this.xid);
    this.#requests.push(request);
  }

  sendAuth(request: Request): void {
    this.#write(request, Xid.auth);
    this.#auths.push(request);
  }

  /** setWatches has an xid of its own but is answered in turn. */
  sendSetWatches(request: Request): void {
    this.#write(request, Xid.setWatches);
    this.#requests.push(request);
  }

  ping(): void {
    const at = this.#output.length;
    this.#output.int(0).int(Xid.ping).int(Opcode.ping);
    this.#finishFrame(at);
  }

  /** Ends the connection at once; the owner learns it during this call, the first time. */
  close(cause: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.destroy();
    this.#owner.closed(this, cause);
  }

  #write(request: Request, xid: number): void {
    const output = this.#output;
    const at = output.length;
    try {
      output.int(0).int(xid).int(request.call.op);
      if (request.body === null) request.call.encode(output);
      else output.raw(request.body, 0, request.body.length);
      const size = output.length - at - lengthBytes;
      if (size > this.#limits.requestBytesMax) {
        throw new BadArgumentsError(request.call.path, `request of ${size} bytes is too large`);
      }
    } catch (error) {
      output.length = at;
      throw error;
    }
    this.#finishFrame(at);
    request.xid = xid;
    request.sent = true;
    request.body = null;
  }

  #finishFrame(at: number): void {
    putInt(this.#output.buffer, at, this.#output.length - at - lengthBytes);
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    // After the promise jobs of this turn, so that what they send goes out with it.
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#flushScheduled = false;
    if (this.#closed || this.#output.length === 0) return;
    this.#stream.write(this.#output.view());
    this.lastSentMs = this.#clock.now();
    // The buffer is ours again only when the kernel took all of it during the call.
    if (this.#stream.writableLength > 0 || this.#output.buffer.length > outputBytesKept) {
      this.#output = new JuteWriter(outputBytes);
    } else this.#output.reset();
  }

  #data(chunk: Buffer): void {
    if (this.#closed) return;
    this.lastHeardMs = this.#clock.now();
    try {
      if (this.#splitter.push(chunk, 0, chunk.length) >= 0) return;
      this.close(new Error(`reply of ${this.#splitter.refusedLength} bytes refused`));
    } catch (error) {
      this.close(error as Error);
    }
  }

  #frame(chunk: Buffer, start: number, end: number): boolean {
    const reader = this.#reader.reset(chunk, start, end);
    if (!this.#handshaken) {
      const response = readConnectResponse(reader);
      this.#handshaken = true;
      this.#owner.handshaken(this, response);
      return !this.#closed;
    }
    this.replies++;
    const xid = reader.int();
    const zxid = reader.long();
    const err = reader.int();
    if (zxid > 0) this.#owner.zxidSeen(zxid);
    if (xid === Xid.notification) {
      this.#owner.event(readRecord(watcherEvent, reader), zxid > 0 ? zxid : null);
    } else if (xid !== Xid.ping) {
      const request = xid === Xid.auth ? this.#auths.shift() : this.#requests.shift();
      if (request === undefined) throw new ConnectionLossError(null, `reply ${xid} to no request`);
      if (request.xid !== xid) {
        request.fail(new ConnectionLossError().code);
        throw new ConnectionLossError(null, `reply ${xid} out of order, expected ${request.xid}`);
      }
      request.reply(err, reader);
    }
    return !this.#closed;
  }
}
