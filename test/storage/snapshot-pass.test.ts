/**
 * A snapshot pass is exact: while txns go on between its slices, it stores the state as it was when
 * it began. Held against the store in LMDB and its twin in memory.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Opcode } from '../../protocol/opcode.ts';
import { LmdbSnapshots } from '../../storage/lmdb-snapshots.ts';
import { recover } from '../../storage/recovery.ts';
import { SnapshotPass } from '../../storage/snapshot-pass.ts';
import type { SnapshotStore } from '../../storage/snapshot-store.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { MemorySnapshots } from '../support/memory-snapshots.ts';
import { createBody, deleteBody, Pipeline, sessionA, setDataBody } from '../support/pipeline.ts';
import { temporaryFolder } from '../support/temp.ts';
import { contents, freshDigest } from '../support/tree-model.ts';
import { commands, prepareCommand, workloadSessions } from '../support/workload.ts';

const seen = ({ state }: Pipeline) => ({
  contents: contents(state.tree),
  digest: state.tree.digest.value,
  sessions: [...state.sessions.entries()].sort(),
  special: [...state.tree.special.ttls.values()].sort(),
  bytes: state.tree.dataBytes,
  count: state.tree.count,
});
const loaded = (store: SnapshotStore) => {
  const { state } = recover(store, MemoryLog.endingAt(store.meta!.zxid));
  return { shown: seen({ state } as Pipeline), state };
};

/** Enough znodes for several pages, so that a slice leaves some owed. */
function wide(count = 200): Pipeline {
  const pipeline = new Pipeline({ sessions: [...workloadSessions, sessionA] });
  for (let at = 0; at < count; at++) {
    pipeline.run(Opcode.create, createBody(`/w${at}`, at % 7 === 0 ? 1 : 0, `data ${at}`), {
      session: workloadSessions[at % 3]!,
    });
  }
  return pipeline;
}

async function finish(pass: SnapshotPass, between: () => void = () => {}): Promise<void> {
  while (await pass.writeSlice(1)) between();
  await pass.finish();
}

describe('a pass stores the state of its begin', () => {
  test('while random txns go on between its slices (memory)', () =>
    fc.assert(
      fc.asyncProperty(commands(30), commands(120), async (before, during) => {
        const pipeline = wide(150);
        for (const one of before) prepareCommand(pipeline, one);
        pipeline.applyAll();
        const store = new MemorySnapshots();
        const expected = seen(pipeline);
        const left = [...during];

        const pass = new SnapshotPass(pipeline.state, store, 0);
        const apply = () => {
          for (const one of left.splice(0, 40)) prepareCommand(pipeline, one);
          pipeline.applyAll();
        };
        apply();
        await finish(pass, apply);

        const { shown, state } = loaded(store);
        expect(shown).toEqual(expected);
        expect(freshDigest(state.tree)).toBe(expected.digest);
        const live = pipeline.state.tree;
        expect(freshDigest(live), 'nor does a pass harm the tree').toBe(live.digest.value);
      }),
      { numRuns: 80 },
    ));

  test('over several passes, each with the changes since the one before (LMDB)', async () => {
    const store = await LmdbSnapshots.open(temporaryFolder(), 64 * 1024 * 1024);
    const pipeline = wide();
    for (let round = 0; round < 4; round++) {
      const expected = seen(pipeline);
      const pass = new SnapshotPass(pipeline.state, store, 0);
      pipeline.run(Opcode.setData, setDataBody(`/w${round}`, `round ${round}`));
      await finish(pass, () => {
        pipeline.run(Opcode.delete, deleteBody(`/w${pipeline.txns.length % 150}`));
        pipeline.run(Opcode.create, createBody(`/r${pipeline.txns.length}`, 0, 'x'.repeat(300)));
      });

      expect(store.meta?.pass).toBe(round + 1);
      expect(loaded(store).shown).toEqual(expected);
      const live = pipeline.state.tree;
      const digest = live.digest.value;
      expect(freshDigest(live), 'saving a page does not disturb the change that caused it').toBe(
        digest,
      );
    }
    await store.close();
  });
});

describe('cost', () => {
  test('follows what changed: one page for one znode, none for nothing', async () => {
    const pipeline = wide();
    const store = new MemorySnapshots();
    await finish(new SnapshotPass(pipeline.state, store, 0));
    const all = store.pagesWritten;

    await finish(new SnapshotPass(pipeline.state, store, 0));
    expect([all > 3, store.pagesWritten]).toEqual([true, all]);

    pipeline.run(Opcode.setData, setDataBody('/w100', 'new'));
    const pass = new SnapshotPass(pipeline.state, store, 0);
    expect(pass.pagesOwed).toBe(1);
    await finish(pass);
    expect(store.pagesWritten).toBe(all + 1);
    expect(loaded(store).shown).toEqual(seen(pipeline));
  });
});

describe('a crash in the middle of a pass', () => {
  test('leaves the pass before it whole', async () => {
    const folder = temporaryFolder();
    const store = await LmdbSnapshots.open(folder, 64 * 1024 * 1024);
    const pipeline = wide();
    await finish(new SnapshotPass(pipeline.state, store, 0));
    const expected = seen(pipeline);
    for (let at = 0; at < 150; at++) {
      pipeline.run(Opcode.setData, setDataBody(`/w${at}`, `${at} anew`));
    }
    await new SnapshotPass(pipeline.state, store, 0).writeSlice(2);
    await store.close();

    const again = await LmdbSnapshots.open(folder, 64 * 1024 * 1024);

    expect(loaded(again).shown).toEqual(expected);
    await again.close();
  });

  test('leaves nothing that a later pass would take for its own', async () => {
    const folder = temporaryFolder();
    const first = await LmdbSnapshots.open(folder, 64 * 1024 * 1024);
    const pipeline = wide();
    await finish(new SnapshotPass(pipeline.state, first, 0));
    const kept = loaded(first).state;
    // This pass writes pages that the next life, which goes another way, does not change.
    for (let at = 0; at < 200; at++) pipeline.run(Opcode.setData, setDataBody(`/w${at}`, 'lost'));
    await new SnapshotPass(pipeline.state, first, 0).writeSlice(3);
    await first.close();

    const second = await LmdbSnapshots.open(folder, 64 * 1024 * 1024);
    const { state } = recover(second, MemoryLog.endingAt(second.meta!.zxid));
    await second.endReading();
    expect(state.tree.digest.value).toBe(kept.tree.digest.value);
    const next = new Pipeline({ state, sessions: [] });
    next.run(Opcode.setData, setDataBody('/w199', 'kept'));
    await finish(new SnapshotPass(state, second, 0));
    const expected = seen(next);
    await second.close();

    const third = await LmdbSnapshots.open(folder, 64 * 1024 * 1024);
    expect(loaded(third).shown).toEqual(expected);
    await third.close();
  });
});

test('a write that fails is the failure of the pass, in a slice or in its end', async () => {
  const store = new MemorySnapshots();
  const pipeline = wide();
  const pass = new SnapshotPass(pipeline.state, store, 0);
  store.failure = new Error('no space');
  pipeline.run(Opcode.setData, setDataBody('/w1', 'owed pages are saved at once'));

  await expect(pass.writeSlice(1)).rejects.toThrow('no space');
  store.failure = null;
  while (await pass.writeSlice(1));
  store.failure = new Error('no space');
  await expect(pass.finish()).rejects.toThrow('no space');
  expect(store.meta).toBeNull();
});
