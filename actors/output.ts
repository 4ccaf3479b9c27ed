/**
 * What a connection has to send, gathered over a turn and written once. The buffer is taken from a
 * common stock when there is something to write and given back when the socket has taken it: ten
 * thousand idle connections hold none. An event that is all there is to send goes out of the buffer
 * that it shares with all who hear of it: ten thousand buffers for one change would cost as much as
 * sending them.
 */

import { assert } from '../protocol/assert.ts';
import { JuteWriter, putInt, putLong } from '../protocol/jute.ts';
import type { ClientSocket } from './client-socket.ts';

const bytesStart = 2048;
/** Larger buffers are not kept. */
const keptBytesMax = 512 * 1024;
const keptMax = 256;
const stock: JuteWriter[] = [];

const frameHeaderBytes = 20;

export class Output {
  readonly #socket: ClientSocket;
  #writer: JuteWriter | null = null;
  /** An event, not copied. Invariant: nothing else is gathered meanwhile. */
  #event: Buffer | null = null;

  constructor(socket: ClientSocket) {
    this.#socket = socket;
  }

  /** Bytes gathered and not yet handed to the socket. */
  get pendingBytes(): number {
    return this.#event?.length ?? this.#writer?.length ?? 0;
  }

  /** Bytes that wait, here and in the socket. */
  get queuedBytes(): number {
    return this.pendingBytes + this.#socket.queuedBytes;
  }

  get writer(): JuteWriter {
    this.#writer ??= stock.pop() ?? new JuteWriter(bytesStart);
    if (this.#event !== null) this.#gatherEvent(this.#writer, this.#event);
    return this.#writer;
  }

  /** More follows: it goes out with that. */
  #gatherEvent(writer: JuteWriter, event: Buffer): void {
    assert(writer.length === 0, 'output: an event is held back only when nothing else is gathered');
    this.#event = null;
    writer.raw(event, 0, event.length);
  }

  /**
   * Leaves room for length and ReplyHeader; the body may be appended. Returns the frame's start.
   */
  beginReply(): number {
    const { writer } = this;
    const start = writer.length;
    writer.reserve(frameHeaderBytes);
    writer.length = start + frameHeaderBytes;
    return start;
  }

  /** Fills in the header; with an error the body is taken back. Returns the frame's size. */
  endReply(start: number, xid: number, zxid: number, err: number, keepBody: boolean): number {
    const { writer } = this;
    if (!keepBody) writer.length = start + frameHeaderBytes;
    const size = writer.length - start - 4;
    putInt(writer.buffer, start, size);
    putInt(writer.buffer, start + 4, xid);
    putLong(writer.buffer, start + 8, zxid);
    putInt(writer.buffer, start + 16, err);
    return size;
  }

  append(bytes: Buffer): void {
    this.writer.raw(bytes, 0, bytes.length);
  }

  /** As `append`, of bytes that never change again. */
  appendEvent(event: Buffer): void {
    if (this.pendingBytes > 0) this.append(event);
    else this.#event = event;
  }

  /**
   * Writes all that was gathered, unless the socket has not taken yet what it was given before:
   * then more is gathered, so that a client that does not read costs the bytes themselves, and not
   * a buffer per turn. Whoever hears of the drain flushes again. The last flush waits for nothing.
   */
  flush(isLast = false): void {
    if (this.pendingBytes === 0 || (!isLast && this.#socket.queuedBytes > 0)) return;
    if (this.#event === null) return this.#flushGathered();
    const event = this.#event;
    this.#event = null;
    this.#socket.write(event);
  }

  #flushGathered(): void {
    const writer = this.#writer!;
    this.#writer = null;
    const taken = this.#socket.write(writer.view());
    // A buffer that the socket still reads from is left to it.
    if (taken && writer.buffer.length <= keptBytesMax && stock.length < keptMax) {
      stock.push(writer.reset());
    }
  }
}
