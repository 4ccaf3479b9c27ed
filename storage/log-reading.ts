/**
 * What is looked up in the segments of a log, oldest first. All that was flushed is found, and
 * nothing else.
 */

import { assert } from '../protocol/assert.ts';
import { firstZxidOf, lastZxidOf } from '../protocol/batch.ts';
import { formatZxid } from '../protocol/zxid.ts';
import type { Environment } from './environment.ts';
import { batchesEnd, type LogSegment, recordFault, zxidKey } from './log-segment.ts';
import { remedy, StorageError } from './storage-error.ts';

/**
 * All batch frames that hold a txn above `zxid`.
 * @throws StorageError on a corrupt frame or a gap
 */
export function* readBatches(segments: readonly LogSegment[], zxid: number): Iterable<Buffer> {
  let last: number | null = null;
  let damaged: string | null = null;
  for (const segment of segmentsFrom(segments, zxid)) {
    if (segment.isEmpty) continue;
    const { environment } = segment;
    for (const { key, value } of environment.entries(floorKey(environment, zxid), batchesEnd)) {
      if (damaged !== null) {
        throw new StorageError(
          `${damaged}, with sound records behind it: the log is corrupt; ${remedy}`,
        );
      }
      const fault = recordFault(key, value);
      if (fault === 'version') {
        throw new StorageError(`${environment.path}: a newer program wrote this log`);
      }
      if (fault !== null) {
        damaged = segment.faultAt(key, fault);
        continue;
      }
      checkGap(segment, last, firstZxidOf(value));
      last = lastZxidOf(value);
      if (last > zxid) yield value;
    }
  }
  if (damaged !== null) throw new StorageError(`${damaged}: the log is corrupt; ${remedy}`);
}

/** `last`: the end of the batch before it; null when it was not looked at. */
function checkGap(segment: LogSegment, last: number | null, first: number): void {
  const noted = first === segment.firstZxid ? segment.after : null;
  const before = last ?? noted;
  if (before === null) return;
  const isNext = first === before + 1 || segment.beginOf(first) === before;
  if (isNext && (noted ?? before) === before) return;
  throw new StorageError(
    `${segment.environment.path}: ${formatZxid(first)} follows ${formatZxid(before)}: ` +
      `txns are missing; ${remedy}`,
  );
}

/** The segments that may hold txns above `zxid`: from the last one that starts at or below it. */
function segmentsFrom(segments: readonly LogSegment[], zxid: number): readonly LogSegment[] {
  const start = segments.findLastIndex(({ firstZxid }) => firstZxid <= zxid + 1);
  return segments.slice(Math.max(start, 0));
}

/** Key of the last batch that starts at or below `zxid` + 1: what lies before it is not needed. */
function floorKey(environment: Environment, zxid: number): Buffer {
  for (const key of environment.keysDown(zxidKey(zxid + 1), zxidKey(0))) return key;
  return zxidKey(0);
}

/**
 * End of the last batch that ends at or below `zxid`; null when none does.
 * @throws StorageError on a record that is corrupt
 */
export function batchEndAtOrBelow(segments: readonly LogSegment[], zxid: number): number | null {
  for (const segment of segments.toReversed()) {
    if (segment.firstZxid > zxid) continue;
    const end = segment.endAtOrBelow(zxid);
    assert(end === null || end <= zxid, 'log: what ends at or below a zxid is not above it');
    if (end !== null) return end;
  }
  return null;
}
