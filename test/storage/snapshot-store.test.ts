/**
 * The suite of the store of snapshots on LMDB and on its twin in memory, and what only a file can
 * suffer.
 */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Environment } from '../../storage/environment.ts';
import { LmdbSnapshots } from '../../storage/lmdb-snapshots.ts';
import { MemorySnapshots } from '../support/memory-snapshots.ts';
import { pagesOf, snapshotSuite, writePass } from '../support/snapshot-suite.ts';
import { temporaryFolder } from '../support/temp.ts';

const mapBytes = 16 * 1024 * 1024;
const format = 'natskeeper tree 3';

describe('snapshots in LMDB', () => {
  snapshotSuite(() => {
    let directory = '';
    return {
      isDurable: true,
      open: () => {
        if (directory === '') directory = temporaryFolder();
        return LmdbSnapshots.open(directory, mapBytes);
      },
    };
  });

  async function damaged(from: string, to: string): Promise<LmdbSnapshots> {
    const directory = temporaryFolder();
    const store = await LmdbSnapshots.open(directory, mapBytes);
    await writePass(store, 1, { 0: 'a1', 1: 'b1' });
    await store.close();
    const file = await Environment.open(join(directory, 'tree.mdb'), { format, mapBytes });
    for (const { key, value } of file.entries(Buffer.from(from), Buffer.from(to))) {
      const copy = Buffer.from(value);
      copy[copy.length - 1]! ^= 1;
      await file.put(Buffer.from(key), copy);
      break;
    }
    await file.close();
    return LmdbSnapshots.open(directory, mapBytes);
  }

  test('small and large pages come back as they were written, of two passes', async () => {
    const directory = temporaryFolder();
    const store = await LmdbSnapshots.open(directory, mapBytes);
    await writePass(store, 1, { 0: 'a1', 1: 'b'.repeat(200_000), 2: 'c1' });
    await writePass(store, 2, { 1: 'b2', 2: 'c'.repeat(100_000) });
    await store.close();

    const again = await LmdbSnapshots.open(directory, mapBytes);

    const isEqual = pagesOf(again).join() === ['0 a1', '1 b2', `2 ${'c'.repeat(100_000)}`].join();
    expect(isEqual).toBe(true);
    await again.close();
  });

  test('refuses a page whose checksum is wrong', async () => {
    const store = await damaged('p', 'q');

    expect(() => pagesOf(store)).toThrow(/page 0 is corrupt/);
    await store.close();
  });

  test('refuses a table whose checksum is wrong, and one that is missing', async () => {
    const store = await damaged('sessions', 'sessionz');
    expect(() => store.readTable('sessions')).toThrow(/corrupt/);
    await store.close();

    const fresh = await LmdbSnapshots.open(temporaryFolder(), mapBytes);
    expect(() => fresh.readTable('acls')).toThrow(/missing/);
    await fresh.close();
  });

  test('drops what a first pass wrote that never finished', async () => {
    const directory = temporaryFolder();
    const store = await LmdbSnapshots.open(directory, mapBytes);
    await store.writePage(9, Buffer.from('lost'));
    await store.close();
    const again = await LmdbSnapshots.open(directory, mapBytes);
    await again.endReading();

    await writePass(again, 1, { 0: 'a1' });

    expect(pagesOf(again)).toEqual(['0 a1']);
    await again.close();
  });
});

describe('snapshots in memory', () => {
  snapshotSuite(() => ({ isDurable: false, open: async () => new MemorySnapshots() }));
});
