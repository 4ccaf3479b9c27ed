/**
 * What a file of snapshots notices of damage that leaves the file whole: each value has a seal over
 * its key too, so that no flipped bit and no value under another's key is believed.
 */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Environment } from '../../storage/environment.ts';
import { LmdbSnapshots } from '../../storage/lmdb-snapshots.ts';
import { settleReceived } from '../../storage/received-snapshot.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { metaOf, pagesOf, writePass } from '../support/snapshot-suite.ts';
import { temporaryFolder } from '../support/temp.ts';

const mapBytes = 16 * 1024 * 1024;
const key = (text: string) => Buffer.from(text);
const pageKey = (page: number, place: number) => Buffer.from([0x70, 0, 0, 0, page, place]);

/** Two passes over two pages. */
async function filled(): Promise<string> {
  const directory = temporaryFolder();
  const store = await LmdbSnapshots.open(directory, mapBytes);
  await writePass(store, 1, { 0: 'a1', 1: 'b1' });
  await writePass(store, 2, { 0: 'a2' });
  await store.close();
  return directory;
}

async function edit(
  directory: string,
  act: (file: Environment) => Promise<void>,
  name = 'tree.mdb',
) {
  const options = { format: 'natskeeper tree 3', mapBytes };
  const file = await Environment.open(join(directory, name), options);
  await act(file);
  await file.close();
}

/** All that a start reads. */
async function readAll(directory: string): Promise<readonly unknown[]> {
  const store = await LmdbSnapshots.open(directory, mapBytes);
  try {
    const tables = ['sessions', 'acls'] as const;
    return [store.meta, pagesOf(store), tables.map((name) => String(store.readTable(name)))];
  } finally {
    await store.close();
  }
}

const sound = [metaOf(2), ['0 a2', '1 b1'], ['sessions 2', 'acls 2']];

describe('a value of a snapshot', () => {
  for (const [name, at] of [
    ['what it stands for', key('meta')],
    ['sessions', key('sessions0')],
    ['acls', key('acls0')],
    ['a page', pageKey(1, 0)],
    ['a page of which there is an older version', pageKey(0, 1)],
    ['an older version of a page', pageKey(0, 0)],
  ] as const) {
    test(`of which a bit is flipped is refused (${name})`, async () => {
      const directory = await filled();
      expect(await readAll(directory)).toEqual(sound);
      let value = Buffer.alloc(0);
      await edit(directory, async (file) => {
        value = Buffer.from(file.get(at)!);
      });
      const wrong: string[] = [];
      for (let byte = 0; byte < value.length; byte++) {
        const damaged = Buffer.from(value);
        damaged[byte]! ^= 1 << (byte % 8);
        await edit(directory, (file) => file.put(at, damaged));
        const outcome = await readAll(directory).catch((failure: Error) => failure);
        const isRefused =
          outcome instanceof StorageError && /tree\.mdb.*corr/.test(outcome.message);
        if (!isRefused) wrong.push(`byte ${byte}: ${JSON.stringify(outcome)}`);
      }

      expect(wrong).toEqual([]);
    });
  }

  test('under the key of another one, or cut short, is refused', async () => {
    const moves: readonly (readonly [Buffer, Buffer, RegExp])[] = [
      [pageKey(0, 1), pageKey(1, 0), /page 1 is corrupt/],
      [key('sessions0'), key('acls0'), /the table of acls is corrupt/],
      [key('sessions1'), key('sessions0'), /the table of sessions is corrupt/],
    ];
    for (const [from, to, told] of moves) {
      const directory = await filled();
      await edit(directory, (file) => file.put(to, Buffer.from(file.get(from)!)));
      await expect(readAll(directory)).rejects.toThrow(told);

      await edit(directory, (file) => file.put(to, Buffer.from('abc')));
      await expect(readAll(directory)).rejects.toThrow(told);
    }
  });

  test('of which the key is damaged, or that is gone, is missed', async () => {
    for (const [from, to, told] of [
      [key('meta'), key('mepa'), /corrupt/],
      [key('meta'), pageKey(9, 0), /corrupt/],
      [key('acls0'), key('Acls0'), /a key of its tables is corrupt/],
      [pageKey(1, 0), Buffer.from([0x70, 0, 0, 0, 1]), /corrupt/],
    ] as const) {
      const directory = await filled();
      await edit(directory, (file) => file.change([[to, Buffer.from(file.get(from)!)]], [from]));
      await expect(readAll(directory)).rejects.toThrow(told);
    }
    const directory = await filled();
    await edit(directory, (file) => file.removeAll([key('acls0')]));
    await expect(readAll(directory)).rejects.toThrow(/the table of acls is missing/);
  });
});

test('a received snapshot that is damaged does not take the place of the tree', async () => {
  const directory = await filled();
  const store = await LmdbSnapshots.open(directory, mapBytes);
  const receiver = await store.receive();
  await receiver.writePage(0, Buffer.from('theirs'));
  await receiver.finish(metaOf(7), Buffer.from('s'), Buffer.from('a'));
  await store.close();
  await edit(
    directory,
    (file) => {
      const value = Buffer.from(file.get(key('meta'))!);
      value[12]! ^= 8;
      return file.put(key('meta'), value);
    },
    'tree.received.mdb',
  );
  const log = { startZxid: metaOf(7).zxid, isSnapshotAwaited: true, endAwaiting: async () => {} };

  await expect(settleReceived(directory, log)).rejects.toThrow(/tree\.received\.mdb.*corrupt/);
  expect(await readAll(directory)).toEqual(sound);
});
