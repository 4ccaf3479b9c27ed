/**
 * One suite for the write-ahead log, run on LMDB and on its twin in memory.
 */

import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { beginBatch, endBatch, lastZxidOf } from '../../protocol/batch.ts';
import { JuteWriter } from '../../protocol/jute.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import type { LogStore } from '../../storage/log-store.ts';

/** A frame of `count` made-up txns from `zxid` on, about `bytes` long. */
export function testFrame(zxid: number, count = 1, bytes = 100): Buffer {
  const writer = new JuteWriter();
  beginBatch(writer);
  writer.raw(Buffer.alloc(bytes, zxid), 0, bytes);
  return Buffer.from(endBatch(writer, zxid, count, crc32));
}

export const zxidsOf = (log: LogStore, after = 0): number[] =>
  Array.from(log.read(after), (frame) => lastZxidOf(frame));

/** Frames of this size make segments roll after a few. */
const bigBytes = 40_000;
export const smallSegmentBytes = 64 * 1024;

/** A log on the test's own place, and the way to open it again after it was closed. */
export interface LogBench {
  /** With segments of about `smallSegmentBytes`. */
  open(): Promise<LogStore>;
  /** False where nothing outlives `close`. */
  readonly isDurable: boolean;
}

export function logSuite(makeBench: () => LogBench): void {
  test('a new log is empty', async () => {
    const log = await makeBench().open();

    expect(log.lastZxid).toBe(0);
    expect(zxidsOf(log)).toEqual([]);
    expect(log.promises).toEqual({ acceptedEpoch: 0, currentEpoch: 0 });
    await log.close();
  });

  test('gives back the frames that it took, byte by byte, in order', async () => {
    const log = await makeBench().open();
    const frames = [testFrame(1, 3), testFrame(4), testFrame(5, 2, 5000)];
    for (const frame of frames) await log.append(frame);

    expect([...log.read(0)]).toEqual(frames);
    expect(log.lastZxid).toBe(6);
    expect(log.bytesWritten).toBe(frames.reduce((sum, { length }) => sum + length, 0));
    await log.close();
  });

  test('reads the frames that hold a txn above a zxid (also from inside a batch)', async () => {
    const log = await makeBench().open();
    for (const [first, count] of [
      [1, 3],
      [4, 1],
      [5, 3],
      [8, 1],
    ]) {
      await log.append(testFrame(first!, count));
    }

    const ends = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((zxid) => zxidsOf(log, zxid).join(' '));

    expect(ends).toEqual([
      ...['3 4 7 8', '3 4 7 8', '3 4 7 8', '4 7 8', '7 8', '7 8', '7 8', '8', '', ''],
    ]);
    await log.close();
  });

  test('takes frames that follow each other, or begin a new epoch, and no others', async () => {
    const log = await makeBench().open();
    await log.append(testFrame(1, 2));
    const append = async (zxid: number) => log.append(testFrame(zxid));

    await expect(append(2)).rejects.toThrow(/without a gap/);
    await expect(append(4)).rejects.toThrow(/without a gap/);
    await append(3);
    await append(makeZxid(1, 1));
    await expect(append(4)).rejects.toThrow(/without a gap/);
    await append(makeZxid(1, 2));

    expect(zxidsOf(log)).toEqual([2, 3, makeZxid(1, 1), makeZxid(1, 2)]);
    await log.close();
  });

  test('starts behind a state that holds more than it', async () => {
    const log = await makeBench().open();
    log.startAfter(41);
    await log.append(testFrame(42));
    log.startAfter(7);

    expect([log.lastZxid, zxidsOf(log)]).toEqual([42, [42]]);
    await log.close();
  });

  test('keeps order and all frames while segments roll (appended without waiting)', async () => {
    const log = await makeBench().open();
    const appended: Promise<void>[] = [];
    const done: number[] = [];
    for (let zxid = 1; zxid <= 12; zxid++) {
      const one = log.append(testFrame(zxid, 1, bigBytes));
      appended.push(one.then(() => void done.push(zxid)));
      if (zxid % 3 === 0) await one;
    }
    await Promise.all(appended);

    expect(zxidsOf(log)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    await log.close();
  });

  test('purges segments of which nothing above a zxid would be lost', async () => {
    const log = await makeBench().open();
    for (let zxid = 1; zxid <= 12; zxid++) await log.append(testFrame(zxid, 1, bigBytes));

    expect(await log.purge(0)).toBe(0);
    expect(await log.purge(7)).toBeGreaterThan(0);
    const kept = zxidsOf(log, 7);
    await log.purge(12);
    await log.append(testFrame(13));

    expect(kept).toEqual([8, 9, 10, 11, 12]);
    expect(zxidsOf(log, 12)).toEqual([13]);
    expect(zxidsOf(log).at(-1)).toBe(13);
    await log.close();
  });

  test('promises only rise, and the accepted epoch is never below the current one', async () => {
    const log = await makeBench().open();
    await log.writePromises({ acceptedEpoch: 3, currentEpoch: 2 });
    const write = async (acceptedEpoch: number, currentEpoch: number) =>
      log.writePromises({ acceptedEpoch, currentEpoch });

    await expect(write(2, 2)).rejects.toThrow(/ever goes down/);
    await expect(write(3, 4)).rejects.toThrow(/accepted >= current/);
    await write(3, 3);

    expect(log.promises).toEqual({ acceptedEpoch: 3, currentEpoch: 3 });
    await log.close();
  });

  test.skipIf(!makeBench().isDurable)('all of it is there when it is opened again', async () => {
    const bench = makeBench();
    const log = await bench.open();
    for (let zxid = 1; zxid <= 8; zxid++) await log.append(testFrame(zxid, 1, bigBytes));
    await log.writePromises({ acceptedEpoch: 5, currentEpoch: 4 });
    await log.close();

    const again = await bench.open();

    expect(again.lastZxid, 'before anything was read').toBe(8);
    expect(zxidsOf(again)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(again.promises).toEqual({ acceptedEpoch: 5, currentEpoch: 4 });
    await again.append(testFrame(9));
    expect(zxidsOf(again, 7)).toEqual([8, 9]);
    await again.close();
  });
}
