/**
 * Splits a byte stream into length-prefixed frames, however the stream is cut. A frame that lies
 * whole in the chunk that brought it is handed on in place; only one that straddles chunks is
 * copied.
 *
 * Memory follows the bytes that came, never the length that was claimed: a peer that announces a
 * megabyte and sends one byte costs one small buffer.
 */

import { copyBytes, getInt } from './jute.ts';

/** Takes a frame's payload: bytes `start`..`end` of `chunk`. Returns false to stop splitting. */
export type FrameSink = (chunk: Buffer, start: number, end: number) => boolean;

const lengthBytes = 4;
const partialBytesMin = 512;

export class FrameSplitter {
  /** Bytes of a frame that is not whole yet, its length prefix included. */
  #partial: Buffer | null = null;
  #held = 0;
  /** The length claimed by a frame that this splitter refused; null while all is well. */
  refusedLength: number | null = null;
  readonly #frameBytesMax: number;
  readonly #sink: FrameSink;

  constructor(frameBytesMax: number, sink: FrameSink) {
    this.#frameBytesMax = frameBytesMax;
    this.#sink = sink;
  }

  /**
   * Takes bytes `start`..`end` of `chunk`.
   * @returns the position up to which `chunk` was used: its end, unless the sink asked to stop; or
   *   -1 when a length was below zero or above the limit
   */
  push(chunk: Buffer, start: number, end: number): number {
    let at = start;
    if (this.#held > 0) {
      at = this.#complete(chunk, start, end);
      if (at < 0 || this.#held > 0 || this.#stopped) return this.#leave(at);
    }
    while (end - at >= lengthBytes) {
      const length = getInt(chunk, at);
      if (!this.#accepts(length)) return -1;
      const next = at + lengthBytes + length;
      if (next > end) break;
      if (!this.#sink(chunk, at + lengthBytes, next)) return next;
      at = next;
    }
    if (at < end) this.#hold(chunk, at, end);
    return end;
  }

  #stopped = false;

  #leave(at: number): number {
    this.#stopped = false;
    return at;
  }

  /** Fills up the frame that is held; returns where the chunk goes on. */
  #complete(chunk: Buffer, start: number, end: number): number {
    let at = start;
    if (this.#held < lengthBytes) {
      const missing = Math.min(lengthBytes - this.#held, end - at);
      this.#hold(chunk, at, at + missing);
      at += missing;
      if (this.#held < lengthBytes) return at;
    }
    const length = getInt(this.#partial!, 0);
    if (!this.#accepts(length)) return -1;
    const missing = Math.min(lengthBytes + length - this.#held, end - at);
    if (missing > 0) this.#hold(chunk, at, at + missing, lengthBytes + length);
    at += missing;
    if (this.#held < lengthBytes + length) return at;
    const frame = this.#partial!;
    this.#partial = null;
    this.#held = 0;
    this.#stopped = !this.#sink(frame, lengthBytes, lengthBytes + length);
    return at;
  }

  #accepts(length: number): boolean {
    if (length >= 0 && length <= this.#frameBytesMax) return true;
    this.refusedLength = length;
    return false;
  }

  /** `bytesMax`: those of the whole frame, where they are known. */
  #hold(chunk: Buffer, start: number, end: number, bytesMax = partialBytesMin): void {
    const needed = this.#held + end - start;
    if (this.#partial === null || this.#partial.length < needed) {
      const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(this.#held * 2, bytesMax)));
      if (this.#partial !== null) copyBytes(this.#partial, 0, this.#held, grown, 0);
      this.#partial = grown;
    }
    copyBytes(chunk, start, end, this.#partial, this.#held);
    this.#held = needed;
  }
}
