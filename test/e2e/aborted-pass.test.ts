/**
 * A snapshot pass that a crash interrupts has no effect, not even on the passes after it: a page
 * that it wrote need not be among those that the next pass writes, for a replayed log may put its
 * znodes into other slots than life did.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LmdbSnapshots } from '../../storage/lmdb-snapshots.ts';

let folder: string;
const none = Buffer.alloc(0);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'natskeeper-pass-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Reads the snapshot as a start does, before anything is written. */
async function opened(): Promise<{ snapshots: LmdbSnapshots; pages: string[] }> {
  const snapshots = await LmdbSnapshots.open(folder);
  const pages = Array.from(snapshots.readPages(), ({ page, bytes }) => `${page} ${bytes}`);
  await snapshots.endReading();
  return { snapshots, pages };
}

function finish(snapshots: LmdbSnapshots, pass: number): Promise<void> {
  const meta = { pass, zxid: pass * 10, digest: 0, pageCount: 3, secret: null, time: 0 };
  return snapshots.finish(meta, none, none);
}

const nextPass = ({ meta }: LmdbSnapshots): number => (meta?.pass ?? 0) + 1;

test('what an interrupted pass wrote does not come back with the next pass', async () => {
  const first = (await opened()).snapshots;
  await first.writePage(0, Buffer.from('first'));
  await first.writePage(1, Buffer.from('first'));
  await finish(first, nextPass(first));
  await first.writePage(1, Buffer.from('interrupted'));
  await first.writePage(2, Buffer.from('interrupted'));
  await first.close();

  const second = await opened();
  await second.snapshots.writePage(0, Buffer.from('second'));
  await finish(second.snapshots, nextPass(second.snapshots));
  await second.snapshots.close();
  const third = await opened();
  await third.snapshots.close();

  expect(second.pages).toEqual(['0 first', '1 first']);
  expect(third.pages).toEqual(['0 second', '1 first']);
});

test('nor does what an interrupted first pass wrote', async () => {
  const first = (await opened()).snapshots;
  await first.writePage(0, Buffer.from('interrupted'));
  await first.writePage(2, Buffer.from('interrupted'));
  await first.close();

  const second = await opened();
  await second.snapshots.writePage(0, Buffer.from('second'));
  await finish(second.snapshots, nextPass(second.snapshots));
  await second.snapshots.close();
  const third = await opened();
  await third.snapshots.close();

  expect(second.pages).toEqual([]);
  expect(third.pages).toEqual(['0 second']);
});
