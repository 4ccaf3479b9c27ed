/**
 * Everything that a connection sends, in the order in which it is queued: the connect response,
 * replies, watch events. Counts what it sends. When to write is the connection's business.
 */

import type { JuteWriter } from '../protocol/jute.ts';
import type { ConnectResponse } from '../protocol/replies.ts';
import type { ConnectRequest } from '../protocol/requests.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Clock } from './clock.ts';
import type { ConnectionStats } from './connection-stats.ts';
import { putConnectResponse } from './handshake.ts';
import { Output } from './output.ts';

/** No client takes a longer reply; a request of a megabyte could ask for one of terabytes. */
const replyBytesMax = 64 * 1024 * 1024;

/** What a reply answers. */
export interface Answered {
  readonly cxid: number;
  readonly receivedMs: number;
}

export class Replies {
  readonly #output: Output;
  readonly #stats: ConnectionStats;
  readonly #clock: Clock;

  constructor(socket: ClientSocket, stats: ConnectionStats, clock: Clock) {
    this.#output = new Output(socket);
    this.#stats = stats;
    this.#clock = clock;
  }

  get pendingBytes(): number {
    return this.#output.pendingBytes;
  }

  /** Bytes that wait, here and in the socket. */
  get queuedBytes(): number {
    return this.#output.queuedBytes;
  }

  /**
   * Begins a reply; its body may be appended to `writer`, which throws JuteOverflow when it gets
   * longer than a client could take.
   */
  begin(): number {
    const start = this.#output.beginReply();
    this.writer.bytesMax = start + replyBytesMax;
    return start;
  }

  get writer(): JuteWriter {
    return this.#output.writer;
  }

  /** Ends the reply that began at `start`; without `keepBody` the header is all of it. */
  end(start: number, answered: Answered, zxid: number, err: number, keepBody: boolean): void {
    const { cxid, receivedMs } = answered;
    this.writer.bytesMax = Number.POSITIVE_INFINITY;
    this.#stats.noteSent(this.#output.endReply(start, cxid, zxid, err, keepBody));
    this.#stats.noteReply(zxid, receivedMs, this.#clock.monotonicMs());
  }

  /** A whole reply; a null body leaves the header alone. */
  send(answered: Answered, zxid: number, err: number, body: JuteWriter | null): void {
    const start = this.begin();
    if (body !== null) this.writer.raw(body.buffer, 0, body.length);
    this.end(start, answered, zxid, err, true);
  }

  connectResponse(
    request: ConnectRequest,
    response: Omit<ConnectResponse, 'protocolVersion'>,
  ): void {
    this.#stats.noteSent(putConnectResponse(this.writer, request, response));
  }

  /** The frame never changes again. */
  event(frame: Buffer): void {
    this.#output.appendEvent(frame);
    this.#stats.noteSent(frame.length);
  }

  /** The answer to a four-letter word. */
  text(text: string): void {
    this.#output.append(Buffer.from(text));
  }

  flush(isLast = false): void {
    this.#output.flush(isLast);
  }
}
