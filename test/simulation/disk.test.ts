/**
 * What a simulated disk holds after a crash: all that was acknowledged, and of the rest some, in
 * order. The same seed has the same outcome.
 */

import { describe, expect, test } from 'vitest';
import { lastZxidOf } from '../../protocol/batch.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { smallSegmentBytes, testFrame, zxidsOf } from '../support/log-suite.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { metaOf, pagesOf, writePass } from '../support/snapshot-suite.ts';
import { SimDisk } from './disk.ts';
import type { DiskProfile } from './disk-faults.ts';
import { Schedule } from './schedule.ts';

const promises = { acceptedEpoch: 1, currentEpoch: 1 };

/** Lets time pass until `work` is done. */
async function simulate<T>(
  seed: number,
  profile: Partial<DiskProfile>,
  work: (disk: SimDisk, schedule: Schedule, random: SeededRandom) => Promise<T>,
): Promise<T> {
  const schedule = new Schedule();
  const random = new SeededRandom(seed);
  const disk = new SimDisk(schedule, new SeededRandom(seed + 1), profile);
  let isDone = false;
  const done = work(disk, schedule, random).finally(() => {
    isDone = true;
  });
  await Promise.all([done, schedule.run(() => isDone)]);
  return done;
}

interface Outcome {
  readonly lives: { readonly ends: number[]; readonly trimmed: string | null }[];
  readonly disk: SimDisk;
}

/** Lives that append, promise and note at random, and are killed in the middle of it. */
async function crashes(
  seed: number,
  disk: SimDisk,
  schedule: Schedule,
  random: SeededRandom,
): Promise<Outcome> {
  const lives: { ends: number[]; trimmed: string | null }[] = [];
  let promised = 0;
  for (let life = 0; life < 6; life++) {
    const { log } = await disk.open();
    const before = zxidsOf(log);
    const ends = before.slice();
    let logged = log.lastZxid;
    let stored = log.promises.acceptedEpoch;
    const killAtMs = schedule.nowMs + random.unit() * 30;
    expect(stored).toBeGreaterThanOrEqual(promised);
    while (schedule.nowMs < killAtMs) {
      const what = random.below(10);
      if (what === 0) {
        const next = log.promises.acceptedEpoch + 1;
        void log.writePromises({ acceptedEpoch: next, currentEpoch: 0 }).then(() => {
          stored = next;
        });
      } else if (what === 1) void log.noteCommitted(log.lastZxid);
      else {
        const frame = testFrame(log.lastZxid + 1, 1 + random.below(3), random.below(3000));
        const end = lastZxidOf(frame);
        ends.push(end);
        void log.append(frame).then(() => {
          expect(end, `seed ${seed}: in order`).toBeGreaterThan(logged);
          logged = end;
        });
      }
      await schedule.sleep(random.unit());
    }
    disk.crash(random.chance(0.5) ? 'process' : 'power');
    const heard = logged;
    promised = stored;

    const stores = await disk.open();
    const found = zxidsOf(stores.log);
    expect(found, `seed ${seed}: a beginning of all`).toEqual(ends.slice(0, found.length));
    expect(stores.log.lastZxid, `seed ${seed}`).toBeGreaterThanOrEqual(heard);
    expect(stores.log.committedZxid).toBeLessThanOrEqual(stores.log.lastZxid);
    expect(logged, 'nothing is heard in a life that is over').toBe(heard);
    lives.push({ ends: found, trimmed: stores.log.trimmed ?? null });
    await stores.close();
  }
  return { lives, disk };
}

describe('a crash', () => {
  test('keeps what was acknowledged and a beginning of the rest (200 seeds)', async () => {
    const totals = { kept: 0, lost: 0, torn: 0, trimmed: 0 };
    for (let seed = 1; seed <= 200; seed++) {
      const { lives, disk } = await simulate(seed, {}, (...parts) => crashes(seed, ...parts));
      totals.kept += disk.counts.keptWrites;
      totals.lost += disk.counts.lostWrites;
      totals.torn += disk.counts.tornWrites;
      totals.trimmed += lives.filter(({ trimmed }) => trimmed?.endsWith('torn')).length;
    }

    expect(Math.min(totals.kept, totals.lost, totals.torn)).toBeGreaterThan(50);
    expect(totals.trimmed, 'every torn tail is cut off').toBe(totals.torn);
  });

  test('has the same outcome for the same seed', async () => {
    const run = async (seed: number) => {
      const { lives, disk } = await simulate(seed, { archives: true }, (...parts) =>
        crashes(seed, ...parts),
      );
      return { lives, counts: { ...disk.counts }, logged: disk.everLogged };
    };

    expect(await run(7)).toEqual(await run(7));
    expect(await run(7)).not.toEqual(await run(8));
  });

  test('leaves all of a replaced history or nothing', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      await simulate(seed, {}, async (disk, schedule, random) => {
        const { log } = await disk.open();
        for (let zxid = 1; zxid <= 4; zxid++) await log.append(testFrame(zxid));
        const next = makeZxid(1, 1);
        const frames = [testFrame(next), testFrame(next + 1)];
        void log.adopt({ cutTo: 2, frames, promises });
        await schedule.sleep(random.unit() * 2);
        disk.crash('power');
        const again = (await disk.open()).log;
        seen.add(`${zxidsOf(again)} epoch ${again.promises.currentEpoch}`);
      });
    }

    const next = makeZxid(1, 1);
    expect([...seen].sort()).toEqual(['1,2,3,4 epoch 0', `1,2,${next},${next + 1} epoch 1`]);
  });

  test('in the middle of a pass leaves the snapshot before it', () =>
    simulate(1, {}, async (disk, schedule) => {
      const { snapshots } = await disk.open();
      await writePass(snapshots, 1, { 0: 'a1', 1: 'b1' });
      await snapshots.writePage(0, Buffer.from('a2'));
      void snapshots.writePage(5, Buffer.from('f2'));
      await schedule.sleep(0.1);
      disk.crash('process');
      const again = (await disk.open()).snapshots;

      expect([again.meta, pagesOf(again)]).toEqual([metaOf(1), ['0 a1', '1 b1']]);
      await again.endReading();
      await writePass(again, 2, { 1: 'b2' });
      expect(pagesOf(again), 'what the lost pass wrote stays lost').toEqual(['0 a1', '1 b2']);
    }));

  test('may come at any point of a start', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      await simulate(seed, {}, async (disk, schedule, random) => {
        const { log, snapshots } = await disk.open();
        await log.append(testFrame(1));
        const receiver = await snapshots.receive();
        await receiver.writePage(0, Buffer.from('theirs'));
        await receiver.finish(metaOf(3, 70), Buffer.from('s'), Buffer.from('a'));
        await log.restartAfter(70, promises, [testFrame(71)]);
        for (let round = 0; round < 4; round++) {
          disk.crash(random.chance(0.5) ? 'process' : 'power');
          void disk.open();
          await schedule.sleep(random.unit() * 14);
        }
        disk.crash('process');
        const again = await disk.open();

        expect([zxidsOf(again.log), pagesOf(again.snapshots)]).toEqual([[71], ['0 theirs']]);
        expect(again.snapshots.meta!.zxid).toBe(70);
      });
    }
  });
});

test('whoever lives on after a crash hears nothing and changes nothing', () =>
  simulate(1, { segmentBytesMax: smallSegmentBytes }, async (disk, schedule) => {
    const { log, snapshots, close } = await disk.open();
    for (let zxid = 1; zxid <= 6; zxid++) await log.append(testFrame(zxid, 1, 40_000));
    disk.crash('process');
    const again = await disk.open();
    let answers = 0;
    const asked = [log.append(testFrame(7)), log.purge(6), log.noteCommitted(6), close()];
    asked.push(snapshots.writePage(0, Buffer.from('a')), snapshots.endReading());
    for (const one of asked) void (one as Promise<unknown>).finally(() => answers++);
    await schedule.sleep(1000);

    expect([answers, zxidsOf(again.log), disk.isOpen]).toEqual([0, [1, 2, 3, 4, 5, 6], true]);
  }));

describe('a received snapshot', () => {
  test('is forgotten unless the log was restarted behind it', () =>
    simulate(1, {}, async (disk) => {
      const { snapshots, reopen } = await disk.open();
      await writePass(snapshots, 1, { 0: 'ours' });
      const receiver = await snapshots.receive();
      await receiver.writePage(0, Buffer.from('theirs'));
      await receiver.finish(metaOf(3, 70), Buffer.from('s'), Buffer.from('a'));
      const again = await reopen();

      expect(pagesOf(again.snapshots)).toEqual(['0 ours']);
    }));

  test('is asked for when the log was restarted without it', () =>
    simulate(1, {}, async (disk) => {
      const { log, reopen } = await disk.open();
      await log.restartAfter(70, promises);

      await expect(reopen()).rejects.toThrow(StorageError);
      expect(disk.isOpen).toBe(false);
    }));
});

describe('for the checkers', () => {
  const profile = { segmentBytesMax: smallSegmentBytes, keepsPurged: true, archives: true };

  test('what was purged and what was cut can be had', () =>
    simulate(1, profile, async (disk) => {
      const { log } = await disk.open();
      for (let zxid = 1; zxid <= 12; zxid++) await log.append(testFrame(zxid, 1, 40_000));
      await log.purge(7);
      await log.adopt({ cutTo: 10, frames: [testFrame(makeZxid(1, 1))], promises });

      expect(zxidsOf(log)[0], 'the replica does not see it').toBeGreaterThan(1);
      const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, makeZxid(1, 1)];
      expect(Array.from(disk.frames(), lastZxidOf)).toEqual(all);
      const events = disk.everLogged.map(({ kind, zxid }) => `${kind} ${zxid}`);
      expect(events.slice(-4)).toEqual([
        ...['append 12', `purge ${log.oldestZxid}`, 'cut 10', `append ${makeZxid(1, 1)}`],
      ]);
    }));

  test('a power cut may bring back what was just purged', async () => {
    const found = new Set<number>();
    for (let seed = 1; seed <= 40; seed++) {
      await simulate(seed, profile, async (disk) => {
        const { log } = await disk.open();
        for (let zxid = 1; zxid <= 12; zxid++) await log.append(testFrame(zxid, 1, 40_000));
        void log.purge(12);
        await log.append(testFrame(13));
        disk.crash('power');
        const again = (await disk.open()).log;
        const first = zxidsOf(again)[0]!;
        found.add(first);

        expect(again.oldestZxid).toBe(first - 1);
        expect(Array.from(disk.frames(), lastZxidOf)).toHaveLength(13);
      });
    }

    expect(found.size).toBeGreaterThan(2);
  });
});
