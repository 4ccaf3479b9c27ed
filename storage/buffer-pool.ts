/**
 * Buffers that are used again and again. With a new one for each page of a snapshot, outside the
 * heap, V8 would collect the whole heap twice a second and more while a pass goes on.
 */

import { assert } from '../protocol/assert.ts';

/** Most values fit; a longer one gets a buffer of its own. */
const bufferBytes = 64 * 1024;
const keptMax = 32;

export class BufferPool {
  readonly #free: Buffer[] = [];

  /** A buffer of at least so many bytes, with anything in it. */
  take(bytesMin: number): Buffer {
    if (bytesMin > bufferBytes) return Buffer.allocUnsafeSlow(bytesMin);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  }

  /** Nobody reads it any more. */
  give(buffer: Buffer): void {
    assert(!this.#free.includes(buffer), 'buffer pool: a buffer is given back once');
    if (buffer.length === bufferBytes && this.#free.length < keptMax) this.#free.push(buffer);
  }
}
