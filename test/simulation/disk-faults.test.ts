/**
 * Faults of a simulated disk: what each does to the replica that has it open, and what is there
 * afterwards.
 */

import { describe, expect, test } from 'vitest';
import { Opcode } from '../../protocol/opcode.ts';
import { recover } from '../../storage/recovery.ts';
import { SnapshotPass } from '../../storage/snapshot-pass.ts';
import { StorageError, WriteFailure } from '../../storage/storage-error.ts';
import type { Stores } from '../../storage/stores.ts';
import { testFrame, zxidsOf } from '../support/log-suite.ts';
import { createBody, Pipeline, setDataBody } from '../support/pipeline.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { pagesOf, writePass } from '../support/snapshot-suite.ts';
import { contents } from '../support/tree-model.ts';
import { SimDisk } from './disk.ts';
import { type Damage, damages } from './disk-damage.ts';
import { Schedule } from './schedule.ts';

/** Lets time pass until `work` is done. */
async function simulate<T>(
  seed: number,
  work: (disk: SimDisk, schedule: Schedule) => Promise<T>,
): Promise<T> {
  const schedule = new Schedule();
  const disk = new SimDisk(schedule, new SeededRandom(seed));
  let isDone = false;
  const done = work(disk, schedule).finally(() => {
    isDone = true;
  });
  await Promise.all([done, schedule.run(() => isDone)]);
  return done;
}

const outcomes = async (started: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(started)).map(({ status }) => status);

describe('a sync that fails', () => {
  test('fails what it was for, and all that is written later in this life', async () => {
    const left = new Set<string>();
    for (let seed = 1; seed <= 30; seed++) {
      await simulate(seed, async (disk) => {
        const { log, snapshots } = await disk.open();
        await log.append(testFrame(1));
        disk.faults.syncErrors = 1;
        const started = [log.append(testFrame(2)), log.append(testFrame(3))];
        await expect(started[0]).rejects.toThrow(WriteFailure);

        expect(await outcomes(started)).toEqual(['rejected', 'rejected']);
        expect(await outcomes([log.append(testFrame(4))])).toEqual(['rejected']);
        await expect(log.noteCommitted(4)).rejects.toThrow(/log\.mdb: EIO/);
        expect(zxidsOf(log), 'nothing of it is seen').toEqual([1]);
        await writePass(snapshots, 1, { 0: 'another file' });
        disk.crash('process');
        const again = (await disk.open()).log;
        left.add(zxidsOf(again).join());
        await again.append(testFrame(again.lastZxid + 1));
      });
    }

    expect([...left].sort(), 'it may be there nevertheless').toEqual(['1', '1,2', '1,2,3']);
  });

  test('for ever', () =>
    simulate(1, async (disk) => {
      disk.faults.syncErrors = Number.POSITIVE_INFINITY;
      for (let life = 0; life < 3; life++) {
        const { log, close } = await disk.open();
        expect(await outcomes([log.append(testFrame(log.lastZxid + 1))])).toEqual(['rejected']);
        await close();
      }
      expect(disk.counts.syncErrors).toBe(3);
    }));

  test('a disk that cannot be read is refused', () =>
    simulate(1, async (disk) => {
      disk.faults.openErrors = 1;

      await expect(disk.open()).rejects.toThrow(StorageError);
      await (await disk.open()).close();
    }));
});

test('a full disk takes nothing more, until there is room', () =>
  simulate(1, async (disk) => {
    const { log, snapshots } = await disk.open();
    await log.append(testFrame(1, 1, 1000));
    disk.faults.roomBytes = 1500;
    await log.append(testFrame(2, 1, 1000));

    await expect(log.append(testFrame(3, 1, 1000))).rejects.toThrow(/ENOSPC.*its disk is full/);
    await expect(snapshots.writePage(0, Buffer.from('a'))).rejects.toThrow(/tree\.mdb.*is full/);
    disk.crash('process');
    disk.faults.heal();
    const again = (await disk.open()).log;
    expect(zxidsOf(again)).toEqual([1, 2]);
    await again.append(testFrame(3));
  }));

test('a slow disk takes its time for a while', () =>
  simulate(1, async (disk, schedule) => {
    const { log } = await disk.open();
    const took = async () => {
      const begunMs = schedule.nowMs;
      await log.append(testFrame(log.lastZxid + 1));
      return schedule.nowMs - begunMs;
    };
    disk.slow(1000, 5000);

    expect(await took()).toBeGreaterThan(300);
    await schedule.sleep(5000);
    expect(await took()).toBeLessThan(60);
    expect(disk.counts.slowSyncs).toBe(1);
  }));

describe('a disk that lies about its syncs', () => {
  /** What is there after the crash, of five batches of which one was truly synced. */
  const left = (seed: number, kind: 'process' | 'power', isHealed: boolean) =>
    simulate(seed, async (disk) => {
      const { log } = await disk.open();
      await log.append(testFrame(1));
      disk.faults.isLying = true;
      for (let zxid = 2; zxid <= 5; zxid++) await log.append(testFrame(zxid));
      disk.faults.isLying = false;
      if (isHealed) await log.append(testFrame(6));
      disk.crash(kind);
      return zxidsOf((await disk.open()).log).join();
    });
  const all = async (kind: 'process' | 'power', isHealed = false) => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) seen.add(await left(seed, kind, isHealed));
    return [...seen].sort();
  };

  test('loses nothing when the process is killed', async () => {
    expect(await all('process')).toEqual(['1,2,3,4,5']);
  });

  test('loses what was acknowledged when the power is cut', async () => {
    expect(await all('power')).toEqual(['1', '1,2', '1,2,3', '1,2,3,4', '1,2,3,4,5']);
  });

  test('loses nothing any more after a true sync', async () => {
    expect(await all('power', true)).toEqual(['1,2,3,4,5,6']);
  });
});

test('a disk is lost, and an old one returns', () =>
  simulate(1, async (disk) => {
    const first = await disk.open();
    await first.log.append(testFrame(1));
    await writePass(first.snapshots, 1, { 0: 'a1' });
    const saved = disk.backup();
    await first.log.append(testFrame(2));
    await writePass(first.snapshots, 2, { 0: 'a2' });
    expect(() => disk.wipe()).toThrow(/nobody has it open/);
    await first.close();
    disk.wipe();
    const empty = await disk.open();
    expect([empty.log.lastZxid, empty.snapshots.meta]).toEqual([0, null]);
    await empty.close();
    for (let round = 0; round < 2; round++) {
      disk.restore(saved);
      const old = await disk.open();
      expect([zxidsOf(old.log), pagesOf(old.snapshots)]).toEqual([[1], ['0 a1']]);
      await old.log.append(testFrame(2));
      disk.crash('process');
    }
  }));

describe('damage', () => {
  /** A replica's worth: two passes, and a log that goes on behind them. */
  async function fill({ log, snapshots }: Stores): Promise<Pipeline> {
    const { state } = recover(snapshots, log);
    const pipeline = new Pipeline({ state });
    let logged = 0;
    const store = async () => {
      const frames = pipeline.frames(1);
      for (const frame of frames.slice(logged)) await log.append(frame);
      logged = frames.length;
    };
    for (let at = 0; at < 200; at++) pipeline.run(Opcode.create, createBody(`/n${at}`));
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < 200; at += 7) {
        pipeline.run(Opcode.setData, setDataBody(`/n${at}`, `${round} ${at}`));
      }
      await store();
      const pass = new SnapshotPass(pipeline.state, snapshots, 0);
      while (await pass.writeSlice(2));
      await pass.finish();
    }
    for (let at = 0; at < 20; at++) pipeline.run(Opcode.create, createBody(`/late${at}`));
    await store();
    return pipeline;
  }

  /** Opens and recovers a disk that was hit: the contents, or why it was refused. */
  const after = (seed: number, kind: Damage) =>
    simulate(seed, async (disk) => {
      const stores = await disk.open();
      const pipeline = await fill(stores);
      await stores.close();
      const hit = disk.damage(kind);
      expect(disk.counts.damages, `${kind} finds something`).toBe(1);
      const before = contents(pipeline.state.tree);
      try {
        const again = await disk.open();
        const { state } = recover(again.snapshots, again.log);
        return { hit, before, found: contents(state.tree), refusal: null };
      } catch (failure) {
        return { hit, before, found: null, refusal: failure as Error };
      }
    });

  for (const kind of damages) {
    test(`${kind} is refused with a reason, or does no harm (20 seeds)`, async () => {
      let refused = 0;
      for (let seed = 1; seed <= 20; seed++) {
        const { hit, before, found, refusal } = await after(seed, kind);
        if (refusal === null) expect(found, `seed ${seed}: ${hit}`).toEqual(before);
        else {
          refused++;
          expect(refusal, `seed ${seed}: ${hit}: ${refusal.stack}`).toBeInstanceOf(StorageError);
        }
      }
      expect(refused).toBeGreaterThan(0);
    });
  }

  test('names what was hit', async () => {
    const { hit, refusal } = await after(3, 'page.rot');

    expect(refusal!.message).toContain(`tree.mdb: ${hit} is corrupt`);
  });
});
