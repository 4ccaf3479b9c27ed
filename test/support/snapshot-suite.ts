/**
 * One suite for the store of snapshots, run on LMDB and on its twin in memory.
 */

import { expect, test } from 'vitest';
import type { SnapshotMeta, SnapshotReader, SnapshotStore } from '../../storage/snapshot-store.ts';

export const metaOf = (pass: number, zxid = pass * 10): SnapshotMeta => ({
  pass,
  zxid,
  digest: 2 ** 47 + pass,
  pageCount: 3,
  secret: 'ab'.repeat(32),
  time: 1_700_000_000_000,
});

export const pagesOf = (store: SnapshotStore) =>
  Array.from(store.readPages(), ({ page, bytes }) => `${page} ${bytes}`);

/** A finished pass over these pages. */
export async function writePass(
  store: SnapshotStore,
  pass: number,
  pages: Readonly<Record<number, string>>,
): Promise<void> {
  await Promise.all(
    Object.entries(pages).map(([page, text]) => store.writePage(Number(page), Buffer.from(text))),
  );
  await store.finish(metaOf(pass), Buffer.from(`sessions ${pass}`), Buffer.from(`acls ${pass}`));
}

/** What a reader gives in slices of this many bytes. */
export function slicesOf(reader: SnapshotReader, bytesMax: number): string[][] {
  const slices: string[][] = [];
  for (let pages = reader.next(bytesMax); pages.length > 0; pages = reader.next(bytesMax)) {
    slices.push(pages.map(({ page, bytes }) => `${page} ${bytes}`));
  }
  return slices;
}

export interface SnapshotBench {
  open(): Promise<SnapshotStore>;
  readonly isDurable: boolean;
}

export function snapshotSuite(makeBench: () => SnapshotBench): void {
  test('a new store holds no snapshot', async () => {
    const store = await makeBench().open();

    expect(store.meta).toBeNull();
    expect(pagesOf(store)).toEqual([]);
    await store.close();
  });

  test('a finished pass is the snapshot: its pages in order, its tables, its meta', async () => {
    const store = await makeBench().open();
    await writePass(store, 1, { 300: 'late', 0: 'first', 2: '', 70000: 'far' });

    expect(store.meta).toEqual(metaOf(1));
    expect(pagesOf(store)).toEqual(['0 first', '2 ', '300 late', '70000 far']);
    expect(String(store.readTable('sessions'))).toBe('sessions 1');
    expect(String(store.readTable('acls'))).toBe('acls 1');
    await store.close();
  });

  test('a later pass replaces the pages that it wrote, and no others (ten passes)', async () => {
    const store = await makeBench().open();
    await writePass(store, 1, { 0: 'a1', 1: 'b1', 2: 'c1' });
    for (let pass = 2; pass <= 10; pass++) {
      await writePass(store, pass, { [pass % 3]: `p${pass}` });
    }

    expect(store.meta).toEqual(metaOf(10));
    expect(pagesOf(store)).toEqual(['0 p9', '1 p10', '2 p8']);
    expect(String(store.readTable('sessions'))).toBe('sessions 10');
    await store.close();
  });

  test('pages of a pass that is under way are not the snapshot', async () => {
    const store = await makeBench().open();
    await writePass(store, 1, { 0: 'a1', 1: 'b1' });
    await store.writePage(0, Buffer.from('a2'));
    await store.writePage(5, Buffer.from('f2'));

    expect(pagesOf(store)).toEqual(['0 a1', '1 b1']);
    await writePass(store, 2, { 1: 'b2' });
    expect(pagesOf(store)).toEqual(['0 a2', '1 b2', '5 f2']);
    await store.close();
  });

  test('a page that is written twice in one pass counts as it was last', async () => {
    const store = await makeBench().open();
    await writePass(store, 1, { 0: 'a1' });
    await store.writePage(0, Buffer.from('a2'));
    await writePass(store, 2, { 0: 'a3' });

    expect(pagesOf(store)).toEqual(['0 a3']);
    await store.close();
  });

  test.skipIf(!makeBench().isDurable)('it is there when the store is opened again', async () => {
    const bench = makeBench();
    const store = await bench.open();
    await writePass(store, 1, { 0: 'a1', 1: 'b1' });
    await writePass(store, 2, { 1: 'b2' });
    await store.writePage(0, Buffer.from('a3'));
    await store.close();

    const again = await bench.open();
    expect(again.meta).toEqual(metaOf(2));
    expect(pagesOf(again)).toEqual(['0 a1', '1 b2']);
    await again.endReading();
    await writePass(again, 3, { 1: 'b3' });
    expect(pagesOf(again), 'what the lost pass wrote stays lost').toEqual(['0 a1', '1 b3']);
    await again.close();
  });

  test('a reader gives the last finished pass in slices, then nothing', async () => {
    const store = await makeBench().open();
    await writePass(store, 1, { 0: 'a1', 1: 'b1', 2: 'c1' });
    await writePass(store, 2, { 1: 'b2' });
    await store.writePage(2, Buffer.from('c3'));

    const reader = store.openReader();

    expect(reader.meta).toEqual(metaOf(2));
    expect([String(reader.sessions), String(reader.acls)]).toEqual(['sessions 2', 'acls 2']);
    expect(slicesOf(reader, 4)).toEqual([['0 a1', '1 b2'], ['2 c1']]);
    expect(reader.next(100)).toEqual([]);
    expect(slicesOf(store.openReader(), 1), 'at least one page').toHaveLength(3);
    expect(slicesOf(store.openReader(), 100)).toEqual([['0 a1', '1 b2', '2 c1']]);
    await store.close();
  });

  test('a reader keeps its pass while the next one is written and ends', async () => {
    const store = await makeBench().open();
    await writePass(store, 1, { 0: 'a1', 1: 'b1', 2: 'c1' });
    await writePass(store, 2, { 1: 'b2' });
    const reader = store.openReader();
    const early = reader.next(2);

    await writePass(store, 3, { 0: 'a3', 1: 'b3', 2: 'c3', 3: 'd3' });

    expect(slicesOf(reader, 2)).toEqual([['1 b2'], ['2 c1']]);
    expect(String(early[0]!.bytes), 'copies stay as they were').toBe('a1');
    expect(String(reader.sessions)).toBe('sessions 2');
    expect(slicesOf(store.openReader(), 100)).toEqual([['0 a3', '1 b3', '2 c3', '3 d3']]);
    await store.close();
  });

  test('the pass after that waits until the reader is closed', async () => {
    const store = await makeBench().open();
    await writePass(store, 1, { 0: 'a1' });
    const reader = store.openReader();
    await writePass(store, 2, { 0: 'a2' });

    expect(() => store.writePage(0, Buffer.from('a3'))).toThrow(/being read/);
    await expect(store.finish(metaOf(3), Buffer.alloc(0), Buffer.alloc(0))).rejects.toThrow(
      /being read/,
    );
    await reader.close();
    await reader.close();
    await writePass(store, 3, { 0: 'a3' });

    expect(() => reader.next(1)).toThrow(/after it was closed/);
    expect(pagesOf(store)).toEqual(['0 a3']);
    await store.close();
  });

  test('without a finished pass there is nothing to read', async () => {
    const store = await makeBench().open();

    expect(() => store.openReader()).toThrow(/only a finished one/);
    await store.close();
  });

  test('what is received does not touch the present snapshot, finished or not', async () => {
    const store = await makeBench().open();
    await writePass(store, 1, { 0: 'a1' });
    const receiver = await store.receive();
    await receiver.writePage(0, Buffer.from('other'));
    await writePass(store, 2, { 1: 'b2' });
    await receiver.finish(metaOf(17), Buffer.from('sessions'), Buffer.from('acls'));

    expect(store.meta).toEqual(metaOf(2));
    expect(pagesOf(store)).toEqual(['0 a1', '1 b2']);
    await writePass(store, 3, { 0: 'a3' });
    expect(pagesOf(store)).toEqual(['0 a3', '1 b2']);
    await store.close();
  });

  test('one is received at a time: until it is finished or abandoned', async () => {
    const store = await makeBench().open();
    const first = await store.receive();

    await expect(store.receive()).rejects.toThrow(/one is received at a time/);
    await first.abandon();
    await first.abandon();
    const second = await store.receive();
    await second.writePage(0, Buffer.from('a'));
    await second.finish(metaOf(1), Buffer.alloc(0), Buffer.alloc(0));
    expect(() => second.writePage(1, Buffer.from('b'))).toThrow(/before the end/);
    const third = await store.receive();
    await third.abandon();

    expect([store.meta, pagesOf(store)]).toEqual([null, []]);
    await store.close();
  });
}
