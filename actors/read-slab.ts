/**
 * Room for what was read from sockets, cut from larger pieces: a buffer of its own for each read of
 * a kilobyte costs more than the copy. A piece is freed when nobody holds a part of it any more.
 */

import { assert } from '../protocol/assert.ts';

const pieceBytes = 64 * 1024;
/** Longer ones have a buffer of their own. */
const sharedBytesMax = 16 * 1024;

export class ReadSlab {
  #piece = Buffer.alloc(0);
  #used = 0;

  /** The first `length` bytes, to be kept for as long as somebody wants. */
  copy(bytes: Buffer, length: number): Buffer {
    assert(length <= bytes.length, 'read slab: no more is copied than is there');
    const room = length > sharedBytesMax ? Buffer.allocUnsafeSlow(length) : this.#take(length);
    bytes.copy(room, 0, 0, length);
    return room;
  }

  #take(length: number): Buffer {
    if (this.#used + length > this.#piece.length) {
      this.#piece = Buffer.allocUnsafeSlow(pieceBytes);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    return this.#piece.subarray(start, this.#used);
  }
}
