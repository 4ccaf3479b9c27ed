/**
 * A raw client for tests: one TCP connection that sends whatever bytes it is told to, whole frames
 * or nonsense, and hands out the frames that come back, in order. It knows the protocol's records
 * but none of its rules: it never pings, repairs or hides anything, so that it can misbehave.
 */

import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { FrameSplitter } from '../../protocol/frame.ts';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import type { MultiRequest } from '../../protocol/multi.ts';
import { writeMultiRequest } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import type { ConnectResponse } from '../../protocol/replies.ts';
import { readConnectResponse } from '../../protocol/replies.ts';
import type { ConnectRequest, RequestBody, RequestOp } from '../../protocol/requests.ts';
import { writeConnectRequest, writeRequest } from '../../protocol/requests.ts';
import { noSession } from '../../protocol/session-id.ts';

const replyBytesMax = 64 * 1024 * 1024;
const patienceMs = 15_000;

/** What came back: a frame's payload, or the end of the connection. */
export type Arrival = Buffer | 'closed';

export interface Tap {
  sent(payload: Buffer): void;
  received(payload: Buffer): void;
}

export class RawClient {
  readonly #socket: Socket;
  readonly #splitter: FrameSplitter;
  /** Filled by the socket, drained by next(); bounded by what a test asks for. */
  readonly #arrivals: Buffer[] = [];
  #isClosed = false;
  #wake: (() => void) | null = null;
  readonly #tap: Tap | null;
  /** The xid of the next request. */
  xid = 1;
  sessionId = noSession;
  passwd: Uint8Array = Buffer.alloc(16);

  private constructor(socket: Socket, tap: Tap | null) {
    this.#socket = socket;
    this.#tap = tap;
    this.#splitter = new FrameSplitter(replyBytesMax, (chunk, start, end) => {
      const payload = Buffer.from(chunk.subarray(start, end));
      tap?.received(payload);
      this.#arrivals.push(payload);
      return true;
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#splitter.push(chunk, 0, chunk.length);
      this.#wake?.();
    });
    const close = (): void => {
      this.#isClosed = true;
      this.#wake?.();
    };
    socket.on('error', close);
    socket.on('end', close);
    socket.on('close', close);
  }

  static open(port: number, tap: Tap | null = null): Promise<RawClient> {
    return new Promise((done, failed) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', failed);
      socket.once('connect', () => {
        socket.off('error', failed);
        done(new RawClient(socket, tap));
      });
    });
  }

  /** Opens a connection and a new session on it. */
  static async session(port: number, tap: Tap | null = null): Promise<RawClient> {
    const client = await RawClient.open(port, tap);
    const response = await client.connect();
    if (response === 'closed' || response.timeOut <= 0) throw new Error('no session was given');
    return client;
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  sendFrame(payload: Buffer): void {
    this.#tap?.sent(payload);
    this.write(framed(payload));
  }

  /** The next frame, or `closed`. Fails when neither comes in time. */
  async next(withinMs = patienceMs): Promise<Arrival> {
    const arrival = await this.poll(withinMs);
    if (arrival === null) throw new Error(`no answer within ${withinMs} ms`);
    return arrival;
  }

  /** As next(), but null when nothing comes in time. */
  async poll(withinMs: number): Promise<Arrival | null> {
    if (this.#arrivals.length === 0 && !this.#isClosed) {
      await new Promise<void>((done) => {
        const timer = setTimeout(done, withinMs);
        this.#wake = () => {
          if (this.#arrivals.length === 0 && !this.#isClosed) return;
          clearTimeout(timer);
          done();
        };
      });
      this.#wake = null;
    }
    return this.#arrivals.shift() ?? (this.#isClosed ? 'closed' : null);
  }

  async connect(request: Partial<ConnectRequest> = {}): Promise<ConnectResponse | 'closed'> {
    const writer = new JuteWriter();
    writeConnectRequest(writer, {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeOut: 30_000,
      sessionId: noSession,
      passwd: Buffer.alloc(16),
      readOnly: false,
      ...request,
    });
    this.sendFrame(writer.copy());
    const arrival = await this.next();
    if (arrival === 'closed') return arrival;
    const response = readConnectResponse(new JuteReader(arrival));
    this.sessionId = response.sessionId;
    this.passwd = Buffer.from(response.passwd ?? []);
    return response;
  }

  /** Sends one request; returns its xid. */
  send<Op extends RequestOp>(op: Op, body: RequestBody<Op>, xid = this.xid++): number {
    const writer = new JuteWriter();
    writer.int(xid).int(op);
    writeRequest(op, writer, body);
    this.sendFrame(writer.copy());
    return xid;
  }

  sendMulti(
    requests: readonly MultiRequest[],
    op: number = Opcode.multi,
    xid = this.xid++,
  ): number {
    const writer = new JuteWriter();
    writer.int(xid).int(op);
    writeMultiRequest(writer, requests);
    this.sendFrame(writer.copy());
    return xid;
  }

  /** Sends a header and `body` as it is: for empty bodies and for broken ones. */
  sendRaw(op: number, body: Uint8Array = Buffer.alloc(0), xid = this.xid++): number {
    const writer = new JuteWriter();
    writer.int(xid).int(op);
    this.sendFrame(Buffer.concat([writer.view(), body]));
    return xid;
  }

  /** Ends the connection, not the session. */
  drop(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }
}

/** A payload with its length in front. */
export function framed(payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(4 + payload.length);
  frame.writeInt32BE(payload.length, 0);
  frame.set(payload, 4);
  return frame;
}
