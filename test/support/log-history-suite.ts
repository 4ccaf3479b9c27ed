/**
 * One suite for what a leader may do to a log: cut it, extend it, replace it; and for what is asked
 * of it before. Run on LMDB and on its twin in memory.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastZxidOf } from '../../protocol/batch.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import type { LogStore } from '../../storage/log-store.ts';
import { bigBytes, factsOf, HistoryModel, historyStep } from './log-history-model.ts';
import { type LogBench, testFrame, zxidsOf } from './log-suite.ts';

const none = { acceptedEpoch: 0, currentEpoch: 0 };

async function filled(log: LogStore, count: number, bytes = 100): Promise<LogStore> {
  for (let zxid = 1; zxid <= count; zxid++) await log.append(testFrame(zxid, 1, bytes));
  return log;
}

export function logHistorySuite(makeBench: () => LogBench): void {
  /** The same log, opened again where it outlives that. */
  async function again(bench: LogBench, log: LogStore): Promise<LogStore> {
    if (!bench.isDurable) return log;
    await log.close();
    return bench.open();
  }

  describe('what a log knows of its batches', () => {
    test('their ends, also by a zxid inside one or behind all', async () => {
      const log = await makeBench().open();
      await log.append(testFrame(1, 3));
      await log.append(testFrame(4));
      await log.append(testFrame(makeZxid(1, 1), 2));
      const asked = [0, 1, 2, 3, 4, 5, makeZxid(1, 0), makeZxid(1, 1), makeZxid(1, 2), 2 ** 40];

      const found = asked.map((zxid) => log.lastBatchEndAtOrBelow(zxid));

      expect(found).toEqual([0, 0, 0, 3, 4, 4, 4, 4, makeZxid(1, 2), makeZxid(1, 2)]);
      expect(asked.filter((zxid) => log.holds(zxid))).toEqual([0, 3, 4, makeZxid(1, 2)]);
      await log.close();
    });

    test('what was purged is known by its end only', async () => {
      const bench = makeBench();
      let log = await filled(await bench.open(), 12, bigBytes);
      expect(log.oldestZxid).toBe(0);
      await log.purge(9);
      const { oldestZxid } = log;
      log = await again(bench, log);

      expect([log.startZxid, log.oldestZxid]).toEqual([0, oldestZxid]);
      expect(oldestZxid).toBeGreaterThan(0);
      expect(zxidsOf(log, oldestZxid)[0]).toBe(oldestZxid + 1);
      expect(log.holds(oldestZxid)).toBe(true);
      expect([log.holds(oldestZxid - 1), log.holds(0)]).toEqual([false, false]);
      expect(log.lastBatchEndAtOrBelow(oldestZxid - 1)).toBe(0);
      await log.close();
    });

    test('the first batch that is left may have begun an epoch', async () => {
      const bench = makeBench();
      let log = await filled(await bench.open(), 4, bigBytes);
      for (let counter = 1; counter <= 6; counter++) {
        await log.append(testFrame(makeZxid(1, counter), 1, bigBytes));
      }
      await log.purge(makeZxid(1, 0));
      log = await again(bench, log);

      expect(log.oldestZxid).toBeLessThanOrEqual(4);
      expect(log.holds(4)).toBe(true);
      expect(zxidsOf(log, 4)[0]).toBe(makeZxid(1, 1));
      await log.close();
    });
  });

  describe('what is known to be committed', () => {
    test('only rises, and never above the end of the log', async () => {
      const bench = makeBench();
      let log = await filled(await bench.open(), 5);
      const seen = [log.committedZxid];
      for (const zxid of [3, 2, 4, 9, 1]) {
        await log.noteCommitted(zxid);
        seen.push(log.committedZxid);
      }
      log = await again(bench, log);

      expect(seen).toEqual([0, 3, 3, 4, 5, 5]);
      expect(log.committedZxid).toBe(5);
      await log.close();
    });

    test('outlives the segments in which it was noted', async () => {
      const bench = makeBench();
      let log = await filled(await bench.open(), 2);
      await log.noteCommitted(2);
      for (let zxid = 3; zxid <= 12; zxid++) await log.append(testFrame(zxid, 1, bigBytes));
      expect(await log.purge(12)).toBeGreaterThan(0);
      log = await again(bench, log);

      expect(log.committedZxid).toBe(2);
      await log.close();
    });
  });

  describe('a history is adopted', () => {
    const promises = { acceptedEpoch: 3, currentEpoch: 3 };
    const cases: [name: string, count: number, bytes: number, cutTo: number][] = [
      ['at the end, nothing is cut', 5, 100, 5],
      ['behind the end, nothing is cut', 5, 100, 99],
      ['in the newest segment', 5, 100, 3],
      ['in an older segment', 12, bigBytes, 5],
      ['in the oldest segment', 12, bigBytes, 1],
      ['all of it', 5, 100, 0],
      ['all of it, in several segments', 12, bigBytes, 0],
      ['of an empty log', 0, 0, 0],
    ];
    for (const [name, count, bytes, cutTo] of cases) {
      for (const isExtended of [false, true]) {
        test(`${name}${isExtended ? ', and others follow' : ''}`, async () => {
          const bench = makeBench();
          let log = await filled(await bench.open(), count, bytes);
          const kept = zxidsOf(log).filter((zxid) => zxid <= cutTo);
          const frames = isExtended
            ? [testFrame(makeZxid(3, 1), 2, bytes), testFrame(makeZxid(3, 3))]
            : [];
          const written = log.bytesWritten;

          await log.adopt({ cutTo, frames, promises });

          const expected = [...kept, ...frames.map(lastZxidOf)];
          const lastZxid = expected.at(-1) ?? 0;
          for (let round = 0; round < 2; round++) {
            expect(zxidsOf(log)).toEqual(expected);
            expect(factsOf(log)).toEqual({
              ...{ startZxid: 0, oldestZxid: 0, lastZxid, committedZxid: 0 },
            });
            expect(log.promises).toEqual(promises);
            log = await again(bench, log);
          }
          if (!bench.isDurable) expect(log.bytesWritten - written).toBe(sizeOf(frames));
          const next = makeZxid(4, 1);
          for (let at = 0; at < 6; at++) await log.append(testFrame(next + at, 1, bigBytes));
          log = await again(bench, log);
          expect(zxidsOf(log)).toEqual([...expected, ...[0, 1, 2, 3, 4, 5].map((at) => next + at)]);
          await log.close();
        });
      }
    }

    test('and the log goes on in the same life, over several segments', async () => {
      const bench = makeBench();
      let log = await filled(await bench.open(), 12, bigBytes);
      await log.adopt({ cutTo: 5, frames: [], promises });
      for (let zxid = 6; zxid <= 15; zxid++) await log.append(testFrame(zxid, 1, bigBytes));
      await log.adopt({ cutTo: 7, frames: [testFrame(8)], promises });
      for (let zxid = 9; zxid <= 15; zxid++) await log.append(testFrame(zxid, 1, bigBytes));
      log = await again(bench, log);

      expect(zxidsOf(log)).toEqual(Array.from({ length: 15 }, (_, at) => at + 1));
      await log.close();
    });

    test('more of it than a segment has room for', async () => {
      const bench = makeBench();
      let log = await filled(await bench.open(), 8, bigBytes);
      const frames = Array.from({ length: 40 }, (_, at) => testFrame(4 + at, 1, bigBytes));

      await log.adopt({ cutTo: 3, frames, promises });
      log = await again(bench, log);

      expect(Buffer.concat([...log.read(3)]).equals(Buffer.concat(frames))).toBe(true);
      await log.append(testFrame(44));
      expect(log.lastZxid).toBe(44);
      await log.close();
    });

    test('all that is left of a purged log is cut', async () => {
      const bench = makeBench();
      let log = await filled(await bench.open(), 12, bigBytes);
      await log.purge(12);
      const { oldestZxid } = log;
      await log.adopt({ cutTo: oldestZxid, frames: [], promises });
      log = await again(bench, log);

      expect(factsOf(log)).toMatchObject({ startZxid: 0, oldestZxid, lastZxid: oldestZxid });
      await log.append(testFrame(oldestZxid + 1));
      log = await again(bench, log);
      expect(zxidsOf(log)).toEqual([oldestZxid + 1]);
      expect(log.oldestZxid).toBe(oldestZxid);
      await log.close();
    });

    test('but not through a batch, behind a purge, or without what is committed', async () => {
      const log = await filled(await makeBench().open(), 12, bigBytes);
      await log.append(testFrame(13, 3));
      await log.purge(9);
      await log.noteCommitted(11);
      const adopt = (cutTo: number, ...frames: Buffer[]) =>
        log.adopt({ cutTo, frames, promises: none });

      await expect(adopt(14)).rejects.toThrow(/goes through no batch/);
      await expect(adopt(log.oldestZxid - 1)).rejects.toThrow(/behind what was purged/);
      await expect(adopt(10)).rejects.toThrow(/Agreement/);
      await expect(adopt(10, testFrame(makeZxid(1, 1)))).rejects.toThrow(/Agreement/);
      await expect(adopt(10, testFrame(12))).rejects.toThrow(/without a gap/);
      await adopt(10, testFrame(11));

      expect([log.lastZxid, log.committedZxid]).toEqual([11, 11]);
      await log.close();
    });

    test('but not while something is being written', async () => {
      const log = await makeBench().open();
      const appended = log.append(testFrame(1));
      const refused = await Promise.allSettled([
        log.adopt({ cutTo: 0, frames: [], promises: none }),
        log.restartAfter(0, none),
      ]);

      for (const one of refused) {
        expect(one).toMatchObject({
          reason: expect.objectContaining({ message: expect.stringMatching(/is being written/) }),
        });
      }
      await appended;
      await log.adopt({ cutTo: 0, frames: [], promises: none });

      expect(zxidsOf(log)).toEqual([]);
      await log.close();
    });
  });

  describe('a log is restarted behind a snapshot', () => {
    const promises = { acceptedEpoch: 2, currentEpoch: 1 };
    const zxid = makeZxid(1, 40);
    for (const [name, count, bytes] of [
      ['an empty one', 0, 0],
      ['of one segment', 5, 100],
      ['of several segments', 12, bigBytes],
    ] as const) {
      test(name, async () => {
        const bench = makeBench();
        let log = await filled(await bench.open(), count, bytes);

        await log.restartAfter(zxid, promises);

        for (let round = 0; round < 2; round++) {
          expect(zxidsOf(log)).toEqual([]);
          expect(factsOf(log)).toEqual({
            ...{ startZxid: zxid, oldestZxid: zxid, lastZxid: zxid, committedZxid: zxid },
          });
          expect(log.promises).toEqual(promises);
          expect([log.holds(zxid), log.holds(zxid - 1)]).toEqual([true, false]);
          expect(log.lastBatchEndAtOrBelow(zxid - 1)).toBe(0);
          log = await again(bench, log);
        }
        for (let at = 1; at <= 12; at++) await log.append(testFrame(zxid + at, 1, bigBytes));
        expect(await log.purge(zxid + 12)).toBeGreaterThan(0);
        log = await again(bench, log);
        expect([log.startZxid, log.lastZxid]).toEqual([zxid, zxid + 12]);
        await log.close();
      });
    }

    test('with what follows the snapshot, in the same transaction', async () => {
      const bench = makeBench();
      let log = await filled(await bench.open(), 12, bigBytes);
      await log.noteCommitted(12);

      await expect(log.restartAfter(7, none)).rejects.toThrow(/Agreement/);
      await log.restartAfter(7, none, [testFrame(8, 5), testFrame(13)]);
      log = await again(bench, log);

      expect(zxidsOf(log)).toEqual([12, 13]);
      expect(factsOf(log)).toEqual({
        ...{ startZxid: 7, oldestZxid: 7, lastZxid: 13, committedZxid: 12 },
      });
      await log.close();
    });

    test('again, behind an earlier one than before', async () => {
      const bench = makeBench();
      let log = await bench.open();
      await log.restartAfter(makeZxid(1, 5), none);
      log = await again(bench, log);
      await log.restartAfter(makeZxid(1, 9), none);
      log = await again(bench, log);

      expect(log.startZxid).toBe(makeZxid(1, 9));
      await log.append(testFrame(makeZxid(2, 1)));
      await log.restartAfter(makeZxid(1, 9), none);
      log = await again(bench, log);
      expect([log.lastZxid, zxidsOf(log)]).toEqual([makeZxid(1, 9), []]);
      await log.close();
    });
  });

  test('any sequence of these leaves what a list of batches would hold (random)', () =>
    fc.assert(
      fc.asyncProperty(fc.array(historyStep, { minLength: 5, maxLength: 25 }), async (steps) => {
        const bench = makeBench();
        const model = new HistoryModel();
        let log = await bench.open();
        for (const one of steps) {
          if (one.kind === 'reopen') log = await again(bench, log);
          else await model.play(one, log);
          model.check(log);
        }
        log = await again(bench, log);
        model.check(log);
        await log.close();
      }),
      { numRuns: makeBench().isDurable ? 15 : 100 },
    ));
}

const sizeOf = (frames: readonly Buffer[]) => frames.reduce((sum, { length }) => sum + length, 0);
