/**
 * Recovery: what was durable comes back as it was, from snapshot and log in any proportion; what
 * does not add up is refused.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JuteWriter } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { LmdbLog } from '../../storage/lmdb-log.ts';
import { LmdbSnapshots } from '../../storage/lmdb-snapshots.ts';
import { recover, replayer } from '../../storage/recovery.ts';
import type { ReplicatedState } from '../../storage/replicated-state.ts';
import { SnapshotPass } from '../../storage/snapshot-pass.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { MemorySnapshots } from '../support/memory-snapshots.ts';
import { createBody, deleteBody, Pipeline, setDataBody } from '../support/pipeline.ts';
import { temporaryFolder } from '../support/temp.ts';
import { contents, freshDigest } from '../support/tree-model.ts';
import { commands, prepareCommand, workloadSessions } from '../support/workload.ts';

const mapBytes = 64 * 1024 * 1024;
const secretBody = new JuteWriter().bytes(Buffer.alloc(32, 7)).copy();
const seen = (state: ReplicatedState) => ({
  contents: contents(state.tree),
  digest: state.tree.digest.value,
  sessions: [...state.sessions.entries()].sort(),
  secret: state.secret?.toString('hex') ?? null,
  lastZxid: state.lastZxid,
  ephemerals: state.tree.special.ephemeralCount,
  containers: state.tree.special.containers.size,
  ttls: [...state.tree.special.ttls.values()].sort(),
});

async function snapshot(pipeline: Pipeline, store: LmdbSnapshots | MemorySnapshots) {
  const pass = new SnapshotPass(pipeline.state, store, 0);
  while (await pass.writeSlice(2));
  await pass.finish();
}

describe('the state comes back', () => {
  test('from LMDB, through many lives with snapshots at random (random requests)', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ list: commands(25), snapshots: fc.boolean() }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.integer({ min: 1, max: 7 }),
        async (lives, perBatch) => {
          const folder = temporaryFolder();
          let expected: object | null = null;
          for (const { list, snapshots } of lives) {
            const store = await LmdbSnapshots.open(folder, mapBytes);
            const log = await LmdbLog.open({ directory: `${folder}/log`, segmentBytesMax: 65_536 });
            const { state } = recover(store, log);
            await store.endReading();
            if (expected !== null) expect(seen(state)).toEqual(expected);
            expect(freshDigest(state.tree)).toBe(state.tree.digest.value);
            const isFirst = state.lastZxid === 0;
            const pipeline = new Pipeline({ state, sessions: isFirst ? workloadSessions : [] });
            if (isFirst) pipeline.run(Opcode.setSecret, secretBody);
            for (const one of list) prepareCommand(pipeline, one);
            for (const frame of pipeline.frames(perBatch)) await log.append(frame);
            pipeline.applyAll();
            if (snapshots) {
              await snapshot(pipeline, store);
              await log.purge(state.lastZxid);
            }
            expected = seen(state);
            await log.close();
            await store.close();
          }
        },
      ),
      { numRuns: 25 },
    ));

  test('from the log alone, and counts what it replayed', async () => {
    const pipeline = new Pipeline();
    pipeline.run(Opcode.setSecret, secretBody);
    pipeline.run(Opcode.create, createBody('/a'));
    const log = new MemoryLog();
    for (const frame of pipeline.frames(3)) await log.append(frame);

    const { state, txnsReplayed, snapshotZxid } = recover(new MemorySnapshots(), log);

    expect(seen(state)).toEqual(seen(pipeline.state));
    expect([txnsReplayed, snapshotZxid]).toEqual([4, 0]);
  });

  test('from a snapshot that ends inside a batch', async () => {
    const pipeline = new Pipeline();
    const store = new MemorySnapshots();
    pipeline.run(Opcode.create, createBody('/a'));
    await snapshot(pipeline, store);
    pipeline.run(Opcode.setData, setDataBody('/a', 'x'));
    const log = new MemoryLog();
    for (const frame of pipeline.frames(4)) await log.append(frame);

    const { state, txnsReplayed } = recover(store, log);

    expect(seen(state)).toEqual(seen(pipeline.state));
    expect(txnsReplayed).toBe(1);
  });

  test('and goes on: freed slots are used, usage of quotas is counted anew', async () => {
    const store = new MemorySnapshots();
    const pipeline = new Pipeline();
    for (let at = 0; at < 100; at++) pipeline.run(Opcode.create, createBody(`/z${at}`));
    for (let at = 0; at < 100; at += 2) pipeline.run(Opcode.delete, deleteBody(`/z${at}`));
    const limit = pipeline.state.tree.rows.slotLimit;
    await snapshot(pipeline, store);

    const { state } = recover(store, MemoryLog.endingAt(pipeline.state.lastZxid));
    const next = new Pipeline({ state, sessions: [] });
    for (let at = 0; at < 50; at++) next.run(Opcode.create, createBody(`/y${at}`));

    expect(state.tree.count).toBe(104);
    expect(state.tree.rows.slotLimit).toBeLessThanOrEqual(Math.ceil(limit / 64) * 64);
  });
});

describe('the end of the log that may not be committed', () => {
  async function logged(perBatch: number) {
    const pipeline = new Pipeline();
    for (let at = 0; at < 8; at++) pipeline.run(Opcode.create, createBody(`/z${at}`));
    const log = new MemoryLog();
    for (const frame of pipeline.frames(perBatch)) await log.append(frame);
    return { pipeline, log };
  }

  test('is not applied, but whole batches up to there are, and stays in the log', async () => {
    const { pipeline, log } = await logged(3);
    const { lastZxid } = pipeline.state;
    const ends = [0, 2, 3, 5, 6, lastZxid, 2 ** 40].map((upTo) => {
      const { state, txnsReplayed } = recover(new MemorySnapshots(), log, { upTo });
      expect(txnsReplayed).toBe(state.lastZxid);
      expect(log.lastZxid).toBe(lastZxid);
      return state.lastZxid;
    });

    expect(ends).toEqual([0, 0, 3, 3, 6, lastZxid, lastZxid]);
  });

  test('is applied later, batch by batch, and once', async () => {
    const { pipeline, log } = await logged(3);
    const { state } = recover(new MemorySnapshots(), log, { upTo: 5 });
    const replay = replayer(state);

    const counts = Array.from(log.read(state.lastZxid), replay);

    expect(seen(state)).toEqual(seen(pipeline.state));
    expect(counts.reduce((sum, one) => sum + one, 0)).toBe(pipeline.state.lastZxid - 3);
    expect(Array.from(log.read(0), replay).every((count) => count === 0)).toBe(true);
  });

  test('begins behind the snapshot at the earliest', async () => {
    const { pipeline, log } = await logged(1);
    const store = new MemorySnapshots();
    await snapshot(pipeline, store);

    const { state } = recover(store, log, { upTo: 2 });

    expect(state.lastZxid).toBe(pipeline.state.lastZxid);
  });

  test('is looked at, nevertheless', async () => {
    const { log } = await logged(1);
    class Corrupt extends MemoryLog {
      override *read() {
        yield* log.read(0);
        throw new StorageError('corrupt');
      }
    }

    expect(() => recover(new MemorySnapshots(), new Corrupt(), { upTo: 2 })).toThrow('corrupt');
  });
});

describe('refused', () => {
  const frames = () => {
    const pipeline = new Pipeline();
    for (let at = 0; at < 6; at++) pipeline.run(Opcode.create, createBody(`/z${at}`));
    return { pipeline, frames: pipeline.frames(1) };
  };

  test('a log that starts behind the end of the snapshot, or of nothing', async () => {
    const made = frames();
    const log = new MemoryLog();
    log.startAfter(4);
    for (const frame of made.frames.slice(4)) await log.append(frame);

    expect(() => recover(new MemorySnapshots(), log)).toThrow(/txns between them are missing/);
  });

  test('a log that ends before the snapshot does', async () => {
    const { pipeline } = frames();
    const store = new MemorySnapshots();
    await snapshot(pipeline, store);

    expect(() => recover(store, MemoryLog.endingAt(3))).toThrow(/end of the log is missing/);
  });

  test('a log that was restarted behind another snapshot, but not behind this one', async () => {
    const { pipeline } = frames();
    const store = new MemorySnapshots();
    await snapshot(pipeline, store);
    const { lastZxid } = pipeline.state;
    const none = { acceptedEpoch: 0, currentEpoch: 0 };
    const log = new MemoryLog();
    await log.restartAfter(lastZxid, none);
    expect(recover(store, log).state.lastZxid).toBe(lastZxid);

    await log.restartAfter(lastZxid + 1, none);
    expect(() => recover(store, log)).toThrow(/txns between them are missing/);
  });

  test('a snapshot of which a page is missing', async () => {
    const { pipeline } = frames();
    for (let at = 0; at < 100; at++) pipeline.run(Opcode.create, createBody(`/more${at}`));
    class Forgetful extends MemorySnapshots {
      override *readPages() {
        for (const one of super.readPages()) if (one.page !== 1) yield one;
      }
    }
    const store = new Forgetful();
    await snapshot(pipeline, store);
    const log = MemoryLog.endingAt(pipeline.state.lastZxid);

    expect(() => recover(store, log)).toThrow(StorageError);
    expect(() => recover(store, log)).toThrow(/pages are missing or stale/);
  });
});
