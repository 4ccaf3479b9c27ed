/**
 * What a simulated disk holds of a log: records by their first zxid, in segments, and the small
 * table beside them. Each method is one transaction. Records are never changed in place, so that
 * copies of an image share them; a damaged one is another record in the same place.
 */

import { firstZxidOf, lastZxidOf } from '../../protocol/batch.ts';
import type { Promises } from '../../storage/log-store.ts';

interface Segment {
  /** Records in it. */
  count: number;
  bytes: number;
  /** zxid that its first batch follows. */
  after: number;
}

/** A segment that was purged, for the case that a power cut brings it back. */
export interface Removed {
  readonly segment: Segment;
  readonly frames: Buffer[];
  readonly starts: number[];
  readonly ends: number[];
}

export class LogImage {
  readonly #segmentBytesMax: number;
  frames: Buffer[] = [];
  /** First and last zxid of each record. Invariant: as many as there are frames. */
  starts: number[] = [];
  ends: number[] = [];
  /** Oldest first; the last one is written to. Invariant: never empty. */
  segments: Segment[] = [{ count: 0, bytes: 0, after: 0 }];
  promises: Promises = { acceptedEpoch: 0, currentEpoch: 0 };
  committedZxid = 0;
  startZxid = 0;
  /** The snapshot that the log was restarted behind has not taken its place yet. */
  isSnapshotAwaited = false;
  /** Records that must not be believed unseen. */
  damaged = new Set<Buffer>();
  arePromisesDamaged = false;
  /** Where purged records go that the checkers want to see; null: nowhere. */
  purged: Buffer[] | null;

  constructor(segmentBytesMax: number, keepsPurged: boolean) {
    this.#segmentBytesMax = segmentBytesMax;
    this.purged = keepsPurged ? [] : null;
  }

  clone(): LogImage {
    const copy = new LogImage(this.#segmentBytesMax, false);
    copy.frames = this.frames.slice();
    copy.starts = this.starts.slice();
    copy.ends = this.ends.slice();
    copy.segments = this.segments.map((segment) => ({ ...segment }));
    copy.promises = this.promises;
    copy.committedZxid = this.committedZxid;
    copy.startZxid = this.startZxid;
    copy.isSnapshotAwaited = this.isSnapshotAwaited;
    copy.damaged = new Set(this.damaged);
    copy.arePromisesDamaged = this.arePromisesDamaged;
    copy.purged = this.purged?.slice() ?? null;
    return copy;
  }

  get oldestZxid(): number {
    return this.segments[0]!.after;
  }

  /** End of the last record; what the log begins behind when there is none. */
  get lastZxid(): number {
    return this.ends.at(-1) ?? this.oldestZxid;
  }

  /** `after` is the end of the batch before it. */
  append(frame: Buffer, after: number, start: number, end: number): void {
    let newest = this.segments.at(-1)!;
    if (newest.bytes > this.#segmentBytesMax) {
      newest = { count: 0, bytes: 0, after };
      this.segments.push(newest);
    }
    if (newest.count === 0) newest.after = after;
    this.#push(newest, frame, start, end);
  }

  #push(segment: Segment, frame: Buffer, start: number, end: number): void {
    segment.count++;
    segment.bytes += frame.length;
    this.frames.push(frame);
    this.starts.push(start);
    this.ends.push(end);
  }

  /** What ends above `end` goes, and `frames` follow. */
  adopt(end: number, frames: readonly Buffer[], promises: Promises): void {
    const kept = this.indexAbove(end);
    let from = 0;
    let at = this.segments.findIndex(({ count }) => {
      from += count;
      return from > kept;
    });
    if (at < 0) at = this.segments.length - 1;
    else this.segments[at]!.count -= from - kept;
    this.segments.length = at + 1;
    this.#truncate(kept);
    const target = this.segments[at]!;
    if (target.count === 0) target.after = end;
    for (const frame of frames) this.#push(target, frame, firstZxidOf(frame), lastZxidOf(frame));
    this.promises = promises;
  }

  restart(zxid: number, frames: readonly Buffer[], promises: Promises): void {
    this.#truncate(0);
    const segment = { count: 0, bytes: 0, after: zxid };
    this.segments = [segment];
    for (const frame of frames) this.#push(segment, frame, firstZxidOf(frame), lastZxidOf(frame));
    this.startZxid = zxid;
    this.committedZxid = Math.max(this.committedZxid, zxid);
    this.isSnapshotAwaited = true;
    this.promises = promises;
    if (this.purged !== null) this.purged = [];
  }

  #truncate(count: number): void {
    this.frames.length = count;
    this.starts.length = count;
    this.ends.length = count;
  }

  removeLast(): void {
    this.#truncate(this.frames.length - 1);
    let at = this.segments.length - 1;
    while (this.segments[at]!.count === 0) at--;
    this.segments[at]!.count--;
  }

  /** Segments of which no txn above `zxid` would be lost go, oldest first. */
  purge(zxid: number): Removed[] {
    const removed: Removed[] = [];
    let count = this.segments[0]!.count;
    while (this.segments.length > 1 && (this.starts[count] ?? Infinity) <= zxid + 1) {
      const segment = this.segments.shift()!;
      const [frames, starts, ends] = [this.frames, this.starts, this.ends].map((list) =>
        list.splice(0, count),
      ) as [Buffer[], number[], number[]];
      removed.push({ segment, frames, starts, ends });
      this.purged?.push(...frames);
      count = this.segments[0]!.count;
    }
    return removed;
  }

  /** Takes back what was purged last. */
  unpurge({ segment, frames, starts, ends }: Removed): void {
    this.segments.unshift(segment);
    this.frames.unshift(...frames);
    this.starts.unshift(...starts);
    this.ends.unshift(...ends);
    if (this.purged !== null) this.purged.length -= frames.length;
  }

  /** Index of the first record that begins above `zxid`; their number when none does. */
  indexAbove(zxid: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle]! <= zxid) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
