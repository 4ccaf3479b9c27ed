/**
 * The log's twin in memory, for tests and the simulator: frames in segments of a few, promises,
 * failures on demand. What is appended is copied, as a file would.
 */

import { assert } from '../../protocol/assert.ts';
import { firstZxidOf, lastZxidOf } from '../../protocol/batch.ts';
import {
  checkAgreement,
  checkFrames,
  checkPromises,
  checkSuccession,
} from '../../storage/log-order.ts';
import type { History, LogStore, Promises } from '../../storage/log-store.ts';

export class MemoryLog implements LogStore {
  #segments: Buffer[][] = [[]];
  readonly #segmentBytesMax: number;
  /** Appends that were not answered yet. */
  #unsettled = 0;
  lastZxid = 0;
  startZxid = 0;
  oldestZxid = 0;
  committedZxid = 0;
  bytesWritten = 0;
  promises: Promises = { acceptedEpoch: 0, currentEpoch: 0 };
  /** Whether the snapshot that it was restarted behind has not taken its place yet. */
  isSnapshotAwaited = false;
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

  get #frames(): Buffer[] {
    return this.#segments.flat();
  }

  async append(frame: Buffer): Promise<void> {
    checkSuccession(this.lastZxid, frame);
    this.#refuse();
    this.#unsettled++;
    // Before the caller hears of it.
    queueMicrotask(() => this.#unsettled--);
    this.lastZxid = lastZxidOf(frame);
    this.bytesWritten += frame.length;
    const newest = this.#segments.at(-1)!;
    const bytes = newest.reduce((sum, one) => sum + one.length, 0);
    if (bytes > this.#segmentBytesMax) this.#segments.push([Buffer.from(frame)]);
    else newest.push(Buffer.from(frame));
  }

  #refuse(): void {
    if (this.failure !== null) throw this.failure;
  }

  *read(zxid: number): Iterable<Buffer> {
    for (const frame of this.#frames) if (lastZxidOf(frame) > zxid) yield frame;
  }

  lastBatchEndAtOrBelow(zxid: number): number {
    const ends = [0, this.oldestZxid, ...this.#frames.map(lastZxidOf)];
    return ends.findLast((end) => end <= zxid)!;
  }

  holds(zxid: number): boolean {
    return zxid >= this.oldestZxid && this.lastBatchEndAtOrBelow(zxid) === zxid;
  }

  startAfter(zxid: number): void {
    if (zxid <= this.lastZxid) return;
    assert(this.#frames.length === 0, 'log: none that holds batches ends before the state');
    this.lastZxid = zxid;
    this.oldestZxid = zxid;
  }

  async adopt({ cutTo, frames, promises }: History): Promise<void> {
    checkPromises(this.promises, promises);
    assert(this.#unsettled === 0, 'log: nothing is being written when its history is replaced');
    const end = this.lastBatchEndAtOrBelow(cutTo);
    assert(cutTo >= this.oldestZxid, 'log: a cut stays behind what was purged');
    const isInside = (frame: Buffer) => firstZxidOf(frame) > end && firstZxidOf(frame) <= cutTo;
    assert(!this.#frames.some(isInside), 'log: a cut goes through no batch');
    const lastZxid = checkFrames(end, frames);
    checkAgreement(this.committedZxid, end, frames);
    this.#refuse();
    const kept = this.#segments.map((segment) => segment.filter((one) => lastZxidOf(one) <= end));
    this.#segments = kept.filter((segment) => segment.length > 0);
    this.#replaced(lastZxid, frames, promises);
  }

  async restartAfter(
    zxid: number,
    promises: Promises,
    frames: readonly Buffer[] = [],
  ): Promise<void> {
    checkPromises(this.promises, promises);
    const lastZxid = checkFrames(zxid, frames);
    checkAgreement(this.committedZxid, zxid, frames);
    assert(this.#unsettled === 0, 'log: nothing is being written when its history is replaced');
    this.#refuse();
    this.#segments = [];
    this.startZxid = zxid;
    this.oldestZxid = zxid;
    this.committedZxid = Math.max(this.committedZxid, zxid);
    this.isSnapshotAwaited = true;
    this.#replaced(lastZxid, frames, promises);
  }

  #replaced(lastZxid: number, frames: readonly Buffer[], promises: Promises): void {
    if (this.#segments.length === 0) this.#segments.push([]);
    this.#segments.at(-1)!.push(...frames.map((frame) => Buffer.from(frame)));
    this.lastZxid = lastZxid;
    this.promises = promises;
    for (const { length } of frames) this.bytesWritten += length;
  }

  async endAwaiting(): Promise<void> {
    this.isSnapshotAwaited = false;
  }

  async writePromises(promises: Promises): Promise<void> {
    checkPromises(this.promises, promises);
    this.#refuse();
    this.promises = promises;
  }

  async noteCommitted(zxid: number): Promise<void> {
    this.#refuse();
    this.committedZxid = Math.max(this.committedZxid, Math.min(zxid, this.lastZxid));
  }

  async purge(zxid: number): Promise<number> {
    const before = this.#segments.length;
    while (this.#segments.length > 1 && firstZxidOf(this.#segments[1]![0]!) <= zxid + 1) {
      this.oldestZxid = lastZxidOf(this.#segments.shift()!.at(-1)!);
    }
    return before - this.#segments.length;
  }

  async close(): Promise<void> {}
}
