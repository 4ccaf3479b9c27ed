/**
 * The log in segments, each an LMDB file of its own: key = first zxid of a batch, value = the batch
 * frame as it was agreed upon. One value per batch, so that a commit writes a few pages and not
 * fifty kilobytes per txn; purging closes and unlinks whole segments, so that no free list ever
 * grows.
 *
 * A damaged last frame is a torn tail and is cut; a damaged frame with a sound one behind it is
 * corruption, and the log refuses to open.
 */

import { assert } from '../protocol/assert.ts';
import { lastZxidOf } from '../protocol/batch.ts';
import { noRest, type Rest } from './directory.ts';
import { openChain } from './log-chain.ts';
import { checkAgreement, checkFrames, checkPromises, checkSuccession } from './log-order.ts';
import { batchEndAtOrBelow, readBatches } from './log-reading.ts';
import {
  batchesEnd,
  type Heritage,
  LogSegment,
  type LogStart,
  recordFault,
  zxidKey,
} from './log-segment.ts';
import type { History, LogStore, Promises } from './log-store.ts';
import { remedy, StorageError } from './storage-error.ts';

export interface LmdbLogOptions {
  readonly directory: string;
  /** A new segment begins once the newest holds this many bytes. */
  readonly segmentBytesMax?: number;
}

export class LmdbLog implements LogStore {
  readonly #directory: string;
  readonly #segmentBytesMax: number;
  /** Oldest first; the last one is written to. Invariant: never empty once opened. */
  #segments: LogSegment[] = [];
  /** The segment after the newest, made ahead of need. */
  #next: Promise<LogSegment> | null = null;
  #rolling: Promise<void> | null = null;
  /** Purges, cuts and restarts, one after the other; never rejects. */
  #reshaping: Promise<void> = Promise.resolve();
  /** Invariant: while a cut or restart is under way, nothing else is written. */
  #isReplacing = false;
  #isClosing = false;
  /** The purge under way goes on at once. */
  #endRest = (): void => {};
  /** Of a batch into the newest segment; a segment makes its batches durable in order. */
  #lastWrite: Promise<void> = Promise.resolve();
  /** Writes that were not answered yet. */
  #unsettled = 0;
  #start: LogStart = { zxid: 0, segment: 0 };
  lastZxid = 0;
  committedZxid = 0;
  bytesWritten = 0;
  promises: Promises = { acceptedEpoch: 0, currentEpoch: 0 };
  trimmed: string | null = null;

  private constructor(options: LmdbLogOptions) {
    this.#directory = options.directory;
    this.#segmentBytesMax = options.segmentBytesMax ?? 64 * 1024 * 1024;
  }

  /**
   * Opens the log; `lastZxid` is right afterwards. What lies before the end is checked by `read`.
   */
  static async open(options: LmdbLogOptions): Promise<LmdbLog> {
    const log = new LmdbLog(options);
    log.#segments = await openChain(options.directory, log.#segmentBytesMax);
    try {
      log.#restoreTable();
      await log.#restoreEnd();
    } catch (failure) {
      await log.close();
      throw failure;
    }
    assert(log.#segments.length > 0, 'log: one that is open has a segment');
    // A batch that is known to be committed may have been in the torn tail.
    log.committedZxid = Math.min(log.committedZxid, log.lastZxid);
    return log;
  }

  get #newest(): LogSegment {
    return this.#segments.at(-1)!;
  }

  get #heritage(): Heritage {
    const { promises, committedZxid } = this;
    return { promises, committedZxid, start: this.#start };
  }

  get startZxid(): number {
    return this.#start.zxid;
  }

  get oldestZxid(): number {
    for (const { after } of this.#segments) if (after !== null) return after;
    return this.#start.zxid;
  }

  /**
   * Promises only rise, and the segment that was made ahead of need may hold older ones than the
   * one that was still written to: the highest are the valid ones. The same for the rest.
   */
  #restoreTable(): void {
    for (const { promises, committedZxid, start } of this.#segments) {
      const { acceptedEpoch, currentEpoch } = this.promises;
      this.promises = {
        acceptedEpoch: Math.max(acceptedEpoch, promises.acceptedEpoch),
        currentEpoch: Math.max(currentEpoch, promises.currentEpoch),
      };
      this.committedZxid = Math.max(this.committedZxid, committedZxid);
      if (start.segment >= this.#start.segment) this.#start = start;
    }
  }

  /**
   * Finds the last record. One that is short is a torn tail, which was never acknowledged, and is
   * cut: the next batch may have another key or go to another segment, and must not have a damaged
   * record before it. One of full length whose checksum is wrong was acknowledged: that is
   * corruption, also at the end.
   */
  async #restoreEnd(): Promise<void> {
    let torn: { readonly segment: LogSegment; readonly key: Buffer } | null = null;
    this.lastZxid = this.oldestZxid;
    search: for (const segment of this.#segments.toReversed()) {
      for (const key of segment.environment.keysDown(batchesEnd, zxidKey(0))) {
        const value = segment.environment.get(key)!;
        const fault = recordFault(key, value);
        if (fault === null) {
          this.lastZxid = lastZxidOf(value);
          break search;
        }
        if (fault === 'version') return;
        if (torn !== null || fault !== 'torn') {
          throw new StorageError(`${segment.faultAt(key, fault)}; ${remedy}`);
        }
        torn = { segment, key: Buffer.from(key) };
      }
    }
    if (torn === null) return;
    this.trimmed = torn.segment.faultAt(torn.key, 'torn');
    await torn.segment.removeTorn(torn.key);
  }

  append(frame: Buffer, isAtOnce = false): Promise<void> {
    this.#checkWritable();
    const after = this.lastZxid;
    checkSuccession(after, frame);
    this.lastZxid = lastZxidOf(frame);
    assert(this.lastZxid > after, 'log: a batch has a txn');
    this.bytesWritten += frame.length;
    if (this.#newest.bytes > this.#segmentBytesMax && this.#rolling === null) {
      this.#rolling = this.#roll();
      // Ahead of the writes that wait for it, so that none that comes later overtakes them.
      const rolled = () => {
        this.#rolling = null;
      };
      this.#rolling.then(rolled, rolled);
    }
    const write = () => this.#write(frame, after, isAtOnce);
    return this.#answered(this.#rolling === null ? write() : this.#rolling.then(write));
  }

  #checkWritable(): void {
    assert(!this.#isReplacing, 'log: nothing is written while its history is replaced');
  }

  /** Counts a write until it is answered. */
  #answered(write: Promise<void>): Promise<void> {
    this.#unsettled++;
    const settle = () => {
      this.#unsettled--;
    };
    // The failure is the caller's.
    write.then(settle, settle);
    return write;
  }

  #write(frame: Buffer, after: number, isAtOnce: boolean): Promise<void> {
    const segment = this.#newest;
    assert(this.#unsettled >= 0, 'log: each write is answered once');
    const written = segment.append(frame, after, isAtOnce);
    this.#lastWrite = written;
    if (segment.bytes > this.#segmentBytesMax / 2 && this.#next === null) {
      this.#next = this.#makeNext();
      // Its failure is that of the append that needs it.
      this.#next.catch(() => {});
    }
    return written;
  }

  async #makeNext(): Promise<LogSegment> {
    const newest = this.#newest;
    const segment = await LogSegment.open(
      this.#directory,
      newest.number + 1,
      this.#segmentBytesMax,
    );
    await segment.inherit(this.#heritage);
    await newest.writeNext(segment.number);
    return segment;
  }

  async #roll(): Promise<void> {
    const next = await (this.#next ?? this.#makeNext());
    this.#next = null;
    // A crash must not find a batch in the new segment and miss one before it in the old.
    await this.#lastWrite;
    // They may have risen since it was made, and may while they are written.
    for (let copied: Promises | null = null; copied !== this.promises; ) {
      copied = this.promises;
      await next.inherit(this.#heritage);
    }
    assert(next.number === this.#newest.number + 1, 'log: segments are numbered without a gap');
    assert(next.isEmpty, 'log: a new segment is empty');
    this.#segments.push(next);
  }

  /**
   * @throws StorageError on a corrupt frame or a gap
   */
  read(zxid: number): Iterable<Buffer> {
    return readBatches(this.#segments, zxid);
  }

  lastBatchEndAtOrBelow(zxid: number): number {
    const end = batchEndAtOrBelow(this.#segments, Math.min(zxid, this.lastZxid));
    return end ?? (this.oldestZxid <= zxid ? this.oldestZxid : 0);
  }

  holds(zxid: number): boolean {
    return zxid >= this.oldestZxid && this.lastBatchEndAtOrBelow(zxid) === zxid;
  }

  startAfter(zxid: number): void {
    if (zxid <= this.lastZxid) return;
    assert(
      this.#segments.every(({ isEmpty }) => isEmpty),
      'log: none that holds batches ends before the state',
    );
    assert(zxid >= this.committedZxid, 'log: what is committed is in the state or in the log');
    this.lastZxid = zxid;
    this.#segments[0]!.after = zxid;
  }

  async adopt({ cutTo, frames, promises }: History): Promise<void> {
    checkPromises(this.promises, promises);
    await this.#replace(async () => {
      const end = this.lastBatchEndAtOrBelow(cutTo);
      assert(cutTo >= this.oldestZxid, 'log: a cut stays behind what was purged');
      const isBoundary = !this.#segments.some((segment) => segment.hasStartAbove(end, cutTo));
      assert(isBoundary, 'log: a cut goes through no batch');
      const lastZxid = checkFrames(end, frames);
      checkAgreement(this.committedZxid, end, frames);
      const target = this.#segments.find((segment) => segment.hasStartAbove(end)) ?? this.#newest;
      const voids = target !== this.#newest;
      const next = await this.#next;
      await target.cut(end, frames, { ...this.#heritage, promises }, { voids });
      this.#replaced(lastZxid, frames, promises);
      if (voids) await this.#endCut(target, next);
    });
  }

  /** The younger segments are void by now: youngest first, so that no hole is ever left. */
  async #endCut(target: LogSegment, next: LogSegment | null): Promise<void> {
    this.#next = null;
    const voided = this.#segments.splice(this.#segments.indexOf(target) + 1);
    if (next !== null) voided.push(next);
    assert(this.#newest === target, 'log: a cut segment is the newest');
    for (const segment of voided.toReversed()) await segment.discard();
    await target.endCut();
  }

  async restartAfter(
    zxid: number,
    promises: Promises,
    frames: readonly Buffer[] = [],
  ): Promise<void> {
    checkPromises(this.promises, promises);
    const lastZxid = checkFrames(zxid, frames);
    checkAgreement(this.committedZxid, zxid, frames);
    await this.#replace(async () => {
      const first = await (this.#next ?? this.#makeNext());
      assert(first.number > this.#newest.number, 'log: it is restarted in a younger segment');
      this.#next = null;
      const start = { zxid, segment: first.number };
      const committedZxid = Math.max(this.committedZxid, zxid);
      await first.restart(frames, { promises, committedZxid, start });
      this.#start = start;
      this.committedZxid = committedZxid;
      this.#replaced(lastZxid, frames, promises);
      const voided = this.#segments;
      this.#segments = [first];
      for (const segment of voided) await segment.discard();
    });
  }

  #replaced(lastZxid: number, frames: readonly Buffer[], promises: Promises): void {
    assert(lastZxid >= this.committedZxid, 'log: what is committed is not replaced');
    this.lastZxid = lastZxid;
    this.promises = promises;
    for (const { length } of frames) this.bytesWritten += length;
  }

  /** Nothing else may be under way but a purge, which is waited for. */
  async #replace(work: () => Promise<void>): Promise<void> {
    assert(!this.#isReplacing, 'log: its history is replaced by one at a time');
    assert(this.#unsettled === 0, 'log: nothing is being written when its history is replaced');
    this.#isReplacing = true;
    this.#endRest();
    try {
      await this.#reshape(work);
    } finally {
      this.#isReplacing = false;
    }
  }

  #reshape<T>(work: () => Promise<T>): Promise<T> {
    const reshaped = this.#reshaping.then(work);
    const settle = () => {};
    this.#reshaping = reshaped.then(settle, settle);
    return reshaped;
  }

  /** Whether the snapshot that the log was restarted behind has not taken its place yet. */
  get isSnapshotAwaited(): boolean {
    return this.#segments.some((segment) => segment.isSnapshotAwaited);
  }

  /** It has, durably. */
  async endAwaiting(): Promise<void> {
    for (const segment of this.#segments) await segment.endAwaiting();
  }

  writePromises(promises: Promises): Promise<void> {
    this.#checkWritable();
    checkPromises(this.promises, promises);
    this.promises = promises;
    return this.#answered(this.#newest.writePromises(promises));
  }

  async noteCommitted(zxid: number): Promise<void> {
    const known = Math.min(zxid, this.lastZxid);
    if (known <= this.committedZxid) return;
    this.#checkWritable();
    assert(known <= this.lastZxid, 'log: what is committed is in it');
    this.committedZxid = known;
    await this.#answered(this.#newest.writeCommitted(known));
  }

  purge(zxid: number, rest = noRest): Promise<number> {
    const restIfNobodyWaits = () =>
      new Promise<void>((resolve, reject) => {
        if (this.#isReplacing || this.#isClosing) return resolve();
        this.#endRest = resolve;
        rest().then(resolve, reject);
      });
    return this.#reshape(() => this.#purge(zxid, restIfNobodyWaits));
  }

  async #purge(zxid: number, rest: Rest): Promise<number> {
    let count = 0;
    while (this.#segments.length > 1 && this.#segments[1]!.firstZxid <= zxid + 1) {
      // One by one: a crash must not leave one behind without the one that follows it.
      await this.#segments.shift()!.discard(rest);
      count++;
    }
    assert(this.#segments.length > 0, 'log: a purge leaves the newest segment');
    return count;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#endRest();
    // After a failure there is nothing to wait for, but the files are closed all the same.
    await this.#reshaping;
    await this.#rolling?.catch(() => {});
    const next = await this.#next?.catch(() => null);
    for (const segment of next ? [...this.#segments, next] : this.#segments) {
      await segment.close();
    }
  }
}
