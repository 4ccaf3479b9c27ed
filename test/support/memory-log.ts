/**
 * The log's twin in memory, for tests and the simulator: frames in segments of a few, promises,
 * failures on demand. What is appended is copied, as a file would.
 */

import { assert } from '../../protocol/assert.ts';
import { firstZxidOf, lastZxidOf } from '../../protocol/batch.ts';
import { epochOf } from '../../protocol/zxid.ts';
import type { LogStore, Promises } from '../../storage/log-store.ts';

export class MemoryLog implements LogStore {
  #segments: Buffer[][] = [[]];
  readonly #segmentBytesMax: number;
  lastZxid = 0;
  bytesWritten = 0;
  promises: Promises = { acceptedEpoch: 0, currentEpoch: 0 };
  /** Rejects all writes from now on. */
  failure: Error | null = null;

  constructor(segmentBytesMax = 1024 * 1024) {
    this.#segmentBytesMax = segmentBytesMax;
  }

  /** One that ends where a state does, and holds nothing behind it. */
  static endingAt(zxid: number): MemoryLog {
    const log = new MemoryLog();
    log.startAfter(zxid);
    return log;
  }

  async append(frame: Buffer): Promise<void> {
    const first = firstZxidOf(frame);
    const follows = first === this.lastZxid + 1 || epochOf(first) > epochOf(this.lastZxid);
    assert(follows, 'log: a batch follows the last one without a gap');
    if (this.failure !== null) throw this.failure;
    this.lastZxid = lastZxidOf(frame);
    this.bytesWritten += frame.length;
    const newest = this.#segments.at(-1)!;
    const bytes = newest.reduce((sum, one) => sum + one.length, 0);
    if (bytes > this.#segmentBytesMax) this.#segments.push([Buffer.from(frame)]);
    else newest.push(Buffer.from(frame));
  }

  *read(zxid: number): Iterable<Buffer> {
    for (const frame of this.#segments.flat()) if (lastZxidOf(frame) > zxid) yield frame;
  }

  startAfter(zxid: number): void {
    this.lastZxid = Math.max(this.lastZxid, zxid);
  }

  async writePromises(promises: Promises): Promise<void> {
    assert(promises.acceptedEpoch >= promises.currentEpoch, 'epochs: accepted >= current (Z11)');
    assert(promises.acceptedEpoch >= this.promises.acceptedEpoch, 'epochs: none ever goes down');
    if (this.failure !== null) throw this.failure;
    this.promises = promises;
  }

  async purge(zxid: number): Promise<number> {
    const before = this.#segments.length;
    while (this.#segments.length > 1 && firstZxidOf(this.#segments[1]![0]!) <= zxid + 1) {
      this.#segments.shift();
    }
    return before - this.#segments.length;
  }

  async close(): Promise<void> {}
}
