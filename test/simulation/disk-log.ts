/**
 * The log of a replica on its simulated disk, for one life. It answers as LmdbLog does: what was
 * appended raises `lastZxid` at once, promises and what is committed are raised when they are
 * begun, and all else is seen when it is durable.
 */

import { crc32 } from 'node:zlib';
import { assert } from '../../protocol/assert.ts';
import { batchFault, firstZxidOf, lastZxidOf } from '../../protocol/batch.ts';
import { epochOf, formatZxid } from '../../protocol/zxid.ts';
import {
  checkAgreement,
  checkFrames,
  checkPromises,
  checkSuccession,
} from '../../storage/log-order.ts';
import type { History, LogStore, Promises } from '../../storage/log-store.ts';
import { remedy, StorageError } from '../../storage/storage-error.ts';
import {
  Append,
  endAwaiting,
  Purge,
  Replacement,
  removeTorn,
  setCommitted,
  setPromises,
} from './disk-changes.ts';
import type { DiskDevice } from './disk-device.ts';
import type { DiskFile, DiskLife } from './disk-file.ts';
import type { LogImage, Removed } from './disk-log-image.ts';

export const logName = 'log.mdb';

export class SimLog implements LogStore {
  readonly #device: DiskDevice;
  readonly #life: DiskLife;
  readonly #file: DiskFile;
  /** Where `startAfter` raised an empty log to. */
  #raisedTo = 0;
  #isReplacing = false;
  /** Purges and replacements, one after the other; never rejects. */
  #reshaping: Promise<void> = Promise.resolve();
  lastZxid: number;
  committedZxid: number;
  promises: Promises;
  bytesWritten = 0;
  trimmed: string | null = null;

  private constructor(device: DiskDevice, life: DiskLife) {
    this.#device = device;
    this.#life = life;
    this.#file = life.file(logName);
    const { lastZxid, committedZxid, promises } = this.#image;
    this.lastZxid = lastZxid;
    this.committedZxid = Math.min(committedZxid, lastZxid);
    this.promises = promises;
  }

  /** Looks at the end of the log: a torn tail is cut. Rejects with StorageError on worse. */
  static async open(device: DiskDevice, life: DiskLife): Promise<SimLog> {
    const image = device.image.log;
    if (image.arePromisesDamaged) {
      throw new StorageError(`${logName}: the promises are corrupt; ${remedy}`);
    }
    const torn = tornTail(image);
    if (torn !== null) await life.file(logName).write(removeTorn);
    const log = new SimLog(device, life);
    log.trimmed = torn;
    return log;
  }

  get #image(): LogImage {
    return this.#device.image.log;
  }

  get startZxid(): number {
    return this.#image.startZxid;
  }

  get oldestZxid(): number {
    return Math.max(this.#image.oldestZxid, this.#raisedTo);
  }

  get isSnapshotAwaited(): boolean {
    return this.#image.isSnapshotAwaited;
  }

  append(frame: Buffer): Promise<void> {
    this.#checkWritable();
    const after = this.lastZxid;
    checkSuccession(after, frame);
    this.lastZxid = lastZxidOf(frame);
    this.bytesWritten += frame.length;
    return this.#file.write(new Append(frame, after));
  }

  #checkWritable(): void {
    assert(!this.#isReplacing, 'log: nothing is written while its history is replaced');
  }

  *read(zxid: number): Iterable<Buffer> {
    const image = this.#image;
    let last = 0;
    let damage: string | null = null;
    for (let at = Math.max(image.indexAbove(zxid + 1) - 1, 0); at < image.frames.length; at++) {
      if (damage !== null) {
        throw new StorageError(
          `${damage}, with sound records behind it: the log is corrupt; ${remedy}`,
        );
      }
      const frame = image.frames[at]!;
      damage = faultAt(image, at);
      if (damage !== null) continue;
      const first = firstZxidOf(frame);
      if (last > 0 && first !== last + 1 && epochOf(first) === epochOf(last)) {
        throw new StorageError(
          `${logName}: ${formatZxid(first)} follows ${formatZxid(last)}: ` +
            `txns are missing; ${remedy}`,
        );
      }
      last = lastZxidOf(frame);
      if (last > zxid) yield frame;
    }
    // A torn end was cut as it was opened: this was sound then.
    if (damage !== null) throw new StorageError(`${damage}: the log is corrupt; ${remedy}`);
  }

  lastBatchEndAtOrBelow(zxid: number): number {
    const image = this.#image;
    for (let at = image.indexAbove(zxid) - 1; at >= 0; at--) {
      const damage = faultAt(image, at);
      if (damage !== null) throw new StorageError(`${damage}; ${remedy}`);
      if (image.ends[at]! <= zxid) return image.ends[at]!;
    }
    return this.oldestZxid <= zxid ? this.oldestZxid : 0;
  }

  holds(zxid: number): boolean {
    return zxid >= this.oldestZxid && this.lastBatchEndAtOrBelow(zxid) === zxid;
  }

  startAfter(zxid: number): void {
    if (zxid <= this.lastZxid) return;
    const isEmpty = this.#image.frames.length === 0;
    assert(isEmpty, 'log: none that holds batches ends before the state');
    this.lastZxid = zxid;
    this.#raisedTo = zxid;
  }

  async adopt({ cutTo, frames, promises }: History): Promise<void> {
    checkPromises(this.promises, promises);
    await this.#replace(async () => {
      const image = this.#image;
      const end = this.lastBatchEndAtOrBelow(cutTo);
      assert(cutTo >= this.oldestZxid, 'log: a cut stays behind what was purged');
      const isBoundary = image.indexAbove(end) === image.indexAbove(cutTo);
      assert(isBoundary, 'log: a cut goes through no batch');
      const lastZxid = checkFrames(end, frames);
      checkAgreement(this.committedZxid, end, frames);
      await this.#file.write(new Replacement('cut', end, frames, promises));
      this.#replaced(lastZxid, frames, promises);
    });
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
      await this.#file.write(new Replacement('restart', zxid, frames, promises));
      this.#raisedTo = 0;
      this.committedZxid = Math.max(this.committedZxid, zxid);
      this.#replaced(lastZxid, frames, promises);
    });
  }

  #replaced(lastZxid: number, frames: readonly Buffer[], promises: Promises): void {
    this.lastZxid = lastZxid;
    this.promises = promises;
    for (const { length } of frames) this.bytesWritten += length;
  }

  /** Nothing else may be under way but a purge, which is waited for. */
  async #replace(work: () => Promise<void>): Promise<void> {
    assert(!this.#isReplacing, 'log: its history is replaced by one at a time');
    const isSettled = this.#file.unsettled === 0;
    assert(isSettled, 'log: nothing is being written when its history is replaced');
    this.#isReplacing = true;
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

  async endAwaiting(): Promise<void> {
    await this.#file.write(endAwaiting);
  }

  writePromises(promises: Promises): Promise<void> {
    this.#checkWritable();
    checkPromises(this.promises, promises);
    this.promises = promises;
    return this.#file.write(setPromises(promises));
  }

  async noteCommitted(zxid: number): Promise<void> {
    const known = Math.min(zxid, this.lastZxid);
    if (known <= this.committedZxid) return;
    this.#checkWritable();
    this.committedZxid = known;
    await this.#file.write(setCommitted(known));
  }

  purge(zxid: number): Promise<number> {
    return this.#reshape(() => (this.#life.isOver ? new Promise(() => {}) : this.#purge(zxid)));
  }

  /** Files are removed at once and for good a little later, oldest first. */
  async #purge(zxid: number): Promise<number> {
    const purge = new Purge(zxid);
    this.#device.change(purge);
    const { removed } = purge;
    if (removed.length === 0) return 0;
    this.#life.onCrash = (isPowerCut) => {
      if (isPowerCut) this.#bringBack(removed);
    };
    await this.#life.wait(this.#device.flushMs(0));
    this.#life.onCrash = null;
    return removed.length;
  }

  #bringBack(removed: readonly Removed[]): void {
    const gone = this.#device.random.below(removed.length + 1);
    for (const one of removed.slice(gone).toReversed()) this.#image.unpurge(one);
  }

  async close(): Promise<void> {
    await this.#reshaping;
    await this.#file.settled();
  }
}

/** What is wrong with a record; null when it is sound. Only flagged ones may be damaged. */
function faultAt({ damaged, frames, starts }: LogImage, at: number): string | null {
  const frame = frames[at]!;
  let fault: string | null = damaged.has(frame) ? batchFault(frame, crc32) : null;
  if (fault === null && firstZxidOf(frame) !== starts[at]) fault = 'of another place';
  return fault && `${logName}: the record at ${formatZxid(starts[at]!)} is ${fault}`;
}

/** The torn end of a log, which was never acknowledged; StorageError when there is more to it. */
function tornTail(image: LogImage): string | null {
  let torn: string | null = null;
  for (let at = image.frames.length - 1; at >= 0; at--) {
    const fault = faultAt(image, at);
    if (fault === null) break;
    if (torn !== null || !fault.endsWith('torn')) throw new StorageError(`${fault}; ${remedy}`);
    torn = fault;
  }
  return torn;
}
