/**
 * The snapshotter: passes go on beside the writes, the log is trimmed behind a finished one, and a
 * failure is told.
 */

import { describe, expect, test } from 'vitest';
import { Snapshotter } from '../../actors/snapshotter.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { recover } from '../../storage/recovery.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { MemorySnapshots } from '../support/memory-snapshots.ts';
import { createBody, Pipeline } from '../support/pipeline.ts';
import { tapOf } from '../support/steps.ts';

/** A log whose purge takes until it is told to end. */
class SlowPurgeLog extends MemoryLog {
  readonly waiting: (() => void)[] = [];
  readonly purged: number[] = [];

  override async purge(zxid: number): Promise<number> {
    this.purged.push(zxid);
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    return 0;
  }
}

/** A log of which each segment that goes takes two steps of a millisecond. */
class SteppingLog extends MemoryLog {
  readonly #clock: FakeClock;
  steps = 0;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  override async purge(_zxid: number, rest?: () => Promise<void>): Promise<number> {
    for (let step = 0; step < 2; step++) {
      this.#clock.advance(1);
      this.steps++;
      await rest?.();
    }
    return 1;
  }
}

/** Snapshots of which each page takes a millisecond. */
class SlowSnapshots extends MemorySnapshots {
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  override writePage(page: number, bytes: Buffer): Promise<void> {
    this.#clock.advance(1);
    return super.writePage(page, bytes);
  }
}

function rig(
  log: MemoryLog = new MemoryLog(),
  clock = new FakeClock(),
  snapshots = new MemorySnapshots(),
) {
  const pipeline = new Pipeline();
  const failures: string[] = [];
  const states: string[] = [];
  const claimed = { zxid: Number.POSITIVE_INFINITY };
  const snapshotter = new Snapshotter(
    pipeline.state,
    { snapshots, log },
    clock,
    { txnsMax: 10, bytesMax: 1_000_000 },
    {
      failed: (reason) => failures.push(reason.message),
      note: () => {},
      claimedZxid: () => claimed.zxid,
    },
    tapOf(({ event, to }) => states.push(`${event}: ${to}`)),
  );
  let created = 0;
  const create = (count: number): void => {
    for (let left = count; left > 0; left--) {
      pipeline.run(Opcode.create, createBody(`/z${created++}`, 0, 'data'));
    }
    snapshotter.batchApplied(count, count * 100);
  };
  return { pipeline, snapshots, snapshotter, failures, states, create, claimed };
}

/** Lets promises that are settled already have their effect. */
async function turns(count = 30): Promise<void> {
  for (let left = count; left > 0; left--) await Promise.resolve();
}

describe('snapshotter', () => {
  test('makes a pass after enough txns; what comes later is not in it', async () => {
    const { pipeline, snapshots, snapshotter, create, states } = rig();
    create(9);
    expect(snapshotter.stateName).toBe('idle');
    create(1);
    const { lastZxid } = pipeline.state;
    const digest = pipeline.state.tree.digest.value;
    create(3);
    await snapshotter.settled();

    expect(snapshots.meta).toMatchObject({ zxid: lastZxid, digest, pass: 1 });
    const { state } = recover(snapshots, MemoryLog.endingAt(lastZxid));
    expect(state.tree.digest.value).toBe(digest);
    expect(states.at(-1)).toBe('snapshot.finished: idle');
  });

  test('brings the snapshot up to date when asked, also during a pass', async () => {
    const { pipeline, snapshots, snapshotter, create } = rig();
    create(10);
    create(2);

    await snapshotter.snapshotNow();

    expect(snapshots.meta).toMatchObject({ pass: 2, zxid: pipeline.state.lastZxid });
  });

  test('begins the next pass while the log is still being trimmed', async () => {
    const log = new SlowPurgeLog();
    const { snapshots, snapshotter, create, failures, pipeline } = rig(log);
    create(10);
    await turns();
    expect(log.purged).toHaveLength(1);
    create(10);
    log.waiting.shift()!();
    await turns();
    expect(snapshots.meta).toMatchObject({ pass: 2, zxid: pipeline.state.lastZxid });
    expect(snapshotter.stateName).toBe('idle');

    let isSettled = false;
    const settled = snapshotter.settled().then(() => {
      isSettled = true;
    });
    await turns();
    expect(isSettled, 'the log is still being trimmed behind the second pass').toBe(false);
    log.waiting.shift()!();
    await settled;
    expect(failures).toEqual([]);
  });

  describe('of a large tree', () => {
    const large = () => {
      const clock = new FakeClock();
      const made = rig(new MemoryLog(), clock, new SlowSnapshots(clock));
      made.create(64 * 30);
      return { ...made, clock };
    };

    test('rests between slices, for a while that has an end', async () => {
      const { snapshots, snapshotter, clock } = large();
      await turns();
      const written = snapshots.pagesWritten;
      expect(written).toBeLessThan(20);
      clock.advance(9);
      await turns();
      expect(snapshots.pagesWritten).toBe(written);

      clock.advance(1);
      await turns();
      expect(snapshots.pagesWritten).toBeGreaterThan(written);
      expect(snapshotter.stateName).toBe('writing');
    });

    test('does not rest while it is behind the log', async () => {
      const { snapshots, snapshotter, clock, create } = large();
      create(10);
      await turns();

      expect(clock.timerCount).toBe(0);
      expect(snapshots.meta).toMatchObject({ pass: 1 });
      expect(snapshotter.stateName).toBe('idle');
    });

    test('rests no more as soon as somebody waits for it', async () => {
      const { snapshots, snapshotter, clock, pipeline } = large();
      await turns();
      expect(clock.timerCount).toBe(1);

      await snapshotter.settled();

      expect(snapshots.meta).toMatchObject({ pass: 1, zxid: pipeline.state.lastZxid });
      expect(clock.timerCount).toBe(0);
    });
  });

  test('tells of a failed write once, and does not try again', async () => {
    const { snapshots, snapshotter, create, failures } = rig();
    snapshots.failure = new Error('no space left');
    create(10);
    await snapshotter.settled();
    create(10);
    await snapshotter.snapshotNow();

    expect(failures).toEqual(['no space left']);
    expect(snapshotter.stateName).toBe('failed');
    expect(snapshots.meta).toBeNull();
  });

  test('rests between the steps of a trim, until somebody waits', async () => {
    const clock = new FakeClock();
    const log = new SteppingLog(clock);
    const { create, snapshotter } = rig(log, clock);
    create(10);
    await turns();
    expect(log.steps).toBe(1);
    clock.advance(2);
    await turns();
    expect(log.steps).toBe(1);
    clock.advance(1);
    await turns();
    expect(log.steps).toBe(2);
    clock.advance(3);
    await turns();

    create(10);
    await turns();
    expect(log.steps).toBe(3);
    await snapshotter.settled();
    expect(log.steps).toBe(4);
    expect(clock.timerCount).toBe(0);
  });

  test('trims no further than what somebody still claims', async () => {
    const log = new SlowPurgeLog();
    const { create, claimed } = rig(log);
    claimed.zxid = 4;

    create(10);
    await turns();

    expect(log.purged).toEqual([4]);
  });

  test('tells of a purge that failed', async () => {
    class BrokenLog extends MemoryLog {
      override purge(): Promise<number> {
        return Promise.reject(new Error('cannot unlink'));
      }
    }
    const { snapshotter, create, failures } = rig(new BrokenLog());
    create(10);
    await snapshotter.settled();

    expect(failures).toEqual(['cannot unlink']);
  });
});
