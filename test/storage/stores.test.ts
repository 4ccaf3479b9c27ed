/**
 * A snapshot from a peer takes the place of everything: the same on disk and in memory, and after a
 * crash at any point either all of the old or all of the new is there.
 */

import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Opcode } from '../../protocol/opcode.ts';
import { LmdbLog } from '../../storage/lmdb-log.ts';
import { recover } from '../../storage/recovery.ts';
import { SnapshotPass } from '../../storage/snapshot-pass.ts';
import type { SnapshotReceiver } from '../../storage/snapshot-store.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { openStores, type Stores } from '../../storage/stores.ts';
import { memoryStores } from '../support/memory-stores.ts';
import { createBody, Pipeline, setDataBody } from '../support/pipeline.ts';
import { temporaryFolder } from '../support/temp.ts';
import { contents } from '../support/tree-model.ts';

const promises = { acceptedEpoch: 1, currentEpoch: 1 };
/** Stands for a process of its own. */
let fakePid = 2 ** 25;
const open = (directory: string) => openStores(directory, directory, fakePid++);
const received = (directory: string) => join(directory, 'natskeeper', 'tree.received.mdb');

afterEach(() => {
  vi.restoreAllMocks();
});

/** Makes a state with a snapshot at `snapshotAt` txns and the rest in the log. */
async function fill(stores: Stores, names: readonly string[], snapshotAt: number) {
  const { state } = recover(stores.snapshots, stores.log);
  await stores.snapshots.endReading();
  const pipeline = new Pipeline({ state });
  for (const frame of pipeline.frames(1)) await stores.log.append(frame);
  let logged = pipeline.txns.length;
  for (const [index, name] of names.entries()) {
    if (index === snapshotAt) await snapshot(pipeline, stores);
    pipeline.run(Opcode.create, createBody(name));
    pipeline.run(Opcode.setData, setDataBody(name, `data of ${name}`));
    for (const frame of pipeline.frames(1).slice(logged)) await stores.log.append(frame);
    logged = pipeline.txns.length;
  }
  return pipeline;
}

async function snapshot(pipeline: Pipeline, { snapshots }: Stores): Promise<void> {
  const pass = new SnapshotPass(pipeline.state, snapshots, 0);
  while (await pass.writeSlice(2));
  await pass.finish();
}

const recovered = ({ snapshots, log }: Stores) => {
  const { state, snapshotZxid } = recover(snapshots, log);
  return { contents: contents(state.tree), zxid: state.lastZxid, snapshotZxid };
};
type Seen = ReturnType<typeof recovered>;

/** Sends the last finished snapshot of one to the other, a page at a time. */
async function send(from: Stores, receiver: SnapshotReceiver): Promise<void> {
  const reader = from.snapshots.openReader();
  for (let pages = reader.next(1); pages.length > 0; pages = reader.next(1)) {
    for (const { page, bytes } of pages) await receiver.writePage(page, bytes);
  }
  await receiver.finish(reader.meta, reader.sessions, reader.acls);
  await reader.close();
}

const many = (count: number) => Array.from({ length: count }, (_, at) => `/l${at}`);

/** A leader whose snapshot holds more than one page, and what it says. */
async function leader(): Promise<{ stores: Stores; state: Seen }> {
  const stores = memoryStores();
  await snapshot(await fill(stores, many(100), -1), stores);
  return { stores, state: recovered(stores) };
}

describe.each([
  ['on disk', () => open(temporaryFolder())],
  ['in memory', async () => memoryStores()],
])('a snapshot from a peer, %s', (_, openAny) => {
  test('takes the place of all when the stores are opened again', async () => {
    const from = await leader();
    const stores = await openAny();
    await fill(stores, ['/a', '/b', '/c'], 1);
    const receiver = await stores.snapshots.receive();
    await send(from.stores, receiver);
    await stores.log.restartAfter(from.state.zxid, promises);

    const again = await stores.reopen();

    expect(recovered(again)).toEqual(from.state);
    expect(again.log.promises).toEqual(promises);
    const pipeline = await fill(again, ['/d'], 0);
    expect(pipeline.state.lastZxid).toBeGreaterThan(from.state.zxid);
    const third = await again.reopen();
    expect(recovered(third).zxid).toBe(pipeline.state.lastZxid);
    expect(third.snapshots.meta?.pass, 'passes are counted on').toBe(2);
    await third.close();
  });

  test('also an earlier one than the present', async () => {
    const from = await leader();
    const stores = await openAny();
    await snapshot(await fill(stores, many(150), 3), stores);
    expect(stores.snapshots.meta!.zxid).toBeGreaterThan(from.state.zxid);
    await send(from.stores, await stores.snapshots.receive());
    await stores.log.restartAfter(from.state.zxid, promises);

    const again = await stores.reopen();

    expect(recovered(again)).toEqual(from.state);
    await again.close();
  });

  test('is forgotten unless the log was restarted behind it', async () => {
    const from = await leader();
    let stores = await openAny();
    await fill(stores, ['/a', '/b', '/c'], 1);
    const before = recovered(stores);
    await send(from.stores, await stores.snapshots.receive());

    stores = await stores.reopen();
    expect(recovered(stores)).toEqual(before);
    await send(from.stores, await stores.snapshots.receive());
    const abandoned = await stores.snapshots.receive();
    await abandoned.abandon();
    stores = await stores.reopen();

    expect(recovered(stores)).toEqual(before);
    await stores.close();
  });

  test('is asked for when the log was restarted without it', async () => {
    const stores = await openAny();
    await fill(stores, ['/a', '/b', '/c'], 1);
    await stores.log.restartAfter(1000, promises);

    await expect(stores.reopen()).rejects.toThrow(StorageError);
  });
});

describe('a crash while a snapshot is received', () => {
  /** Copies of the directory at each point, with the point's name. */
  async function crashes() {
    const from = await leader();
    const directory = temporaryFolder();
    const stores = await open(directory);
    await fill(stores, ['/a', '/b', '/c'], 1);
    const before = recovered(stores);
    const copies: { point: string; copied: string }[] = [];
    const note = (point: string) => {
      const copied = temporaryFolder();
      cpSync(directory, copied, { recursive: true });
      copies.push({ point, copied });
    };

    const receiver = await stores.snapshots.receive();
    note('nothing received');
    await receiver.writePage(0, Buffer.from('of no use'));
    note('received in part');
    await send(from.stores, receiver);
    note('received, the log not restarted');
    await stores.log.restartAfter(from.state.zxid, promises);
    note('the log restarted, the tree not renamed');
    const endAwaiting = LmdbLog.prototype.endAwaiting;
    vi.spyOn(LmdbLog.prototype, 'endAwaiting').mockImplementation(async function (this: LmdbLog) {
      note('the tree renamed');
      await endAwaiting.call(this);
      note('and noted');
    });
    const again = await stores.reopen();
    note('opened again');
    await again.close();
    note('closed');
    vi.restoreAllMocks();
    return { before, after: from.state, copies };
  }

  test('leaves all of the old or all of the new, with stale locks or without', async () => {
    const { before, after, copies } = await crashes();

    expect(copies.map(({ point }) => point)).toHaveLength(8);
    for (const [index, { point, copied }] of copies.entries()) {
      const expected = index < 3 ? before : after;
      for (const isStale of [false, true]) {
        const directory = temporaryFolder();
        cpSync(copied, directory, { recursive: true });
        for (const name of isStale ? ['tree.mdb-lock', 'tree.received.mdb-lock'] : []) {
          writeFileSync(join(directory, 'natskeeper', name), Buffer.alloc(8192, 0xa5));
        }
        for (let round = 0; round < 2; round++) {
          const stores = await open(directory);
          expect(recovered(stores), point).toEqual(expected);
          await stores.close();
        }
        expect(existsSync(received(directory)), point).toBe(false);
      }
    }
  });

  test('and goes on from each point: changes, passes and another start', async () => {
    const { copies } = await crashes();

    for (const { point, copied } of copies) {
      const stores = await open(copied);
      const pipeline = await fill(stores, ['/more', '/most'], 1);
      await snapshot(pipeline, stores);
      await stores.close();
      const again = await open(copied);
      expect(recovered(again).contents, point).toEqual(contents(pipeline.state.tree));
      await again.close();
    }
  });

  test('leaves no file behind that was on its way out', async () => {
    const directory = temporaryFolder();
    await (await open(directory)).close();
    writeFileSync(`${received(directory)}.discarded`, 'x');

    await (await open(directory)).close();

    const names = readdirSync(join(directory, 'natskeeper'));
    expect(names.filter((name) => name.includes('received'))).toEqual([]);
  });
});

test('after a failed start nothing is open, and the directory is free', async () => {
  const directory = temporaryFolder();
  const stores = await open(directory);
  await stores.log.restartAfter(1000, promises);
  await expect(stores.reopen()).rejects.toThrow(/was received from a peer, and it is not there/);

  expect(existsSync(join(directory, 'natskeeper', 'lock'))).toBe(false);
  await stores.close();
});
