/** A file that is made longer ahead of its use. */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Environment } from '../../storage/environment.ts';
import { LmdbLog } from '../../storage/lmdb-log.ts';
import { bytesInLmdb } from '../../storage/lmdb-room.ts';
import { reserve } from '../../storage/reserve.ts';
import { testFrame } from '../support/log-suite.ts';
import { temporaryFolder } from '../support/temp.ts';

const megabyte = 1024 * 1024;

test('is filled with zeros behind what it holds', async () => {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, 'held');
  await reserve(path, 2 * megabyte + 3);
  const bytes = readFileSync(path);
  expect(bytes.length).toBe(2 * megabyte + 3);
  expect(bytes.toString('latin1', 0, 4)).toBe('held');
  expect(bytes.subarray(4).every((byte) => byte === 0)).toBe(true);
});

test('stays as it is when it is long enough, or there is not plenty of room', async () => {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, 'held');
  await reserve(path, 3);
  await reserve(path, Number.MAX_SAFE_INTEGER);
  expect(readFileSync(path, 'latin1')).toBe('held');
});

test('an environment begins with its reserve, and tells what of it is in use', async () => {
  const path = join(temporaryFolder(), 'a.mdb');
  const options = { format: 'test 1', mapBytes: 8 * megabyte, reservedBytes: 4 * megabyte };
  const file = await Environment.open(path, options);
  expect(statSync(path).size).toBe(4 * megabyte);
  expect(file.bytes).toBeLessThan(megabyte);

  await file.put(Buffer.from('a'), Buffer.alloc(megabyte));
  expect(file.bytes).toBeGreaterThan(megabyte);
  expect(statSync(path).size).toBe(4 * megabyte);
  await file.close();

  const again = await Environment.open(path, options);
  expect(again.get(Buffer.from('a'))?.length).toBe(megabyte);
  expect(again.bytes).toBeLessThan(2 * megabyte);
  await again.close();
});

test.each([900, 1900, 2100, 70_000])('a log knows what frames of %i bytes take', async (bytes) => {
  const directory = temporaryFolder();
  const log = await LmdbLog.open({ directory, segmentBytesMax: 32 * megabyte });
  const count = 300;
  for (let zxid = 1; zxid <= count; zxid++) await log.append(testFrame(zxid, 1, bytes));
  await log.close();

  const path = join(directory, 'log.00000001.mdb');
  const file = await Environment.open(path, {
    format: 'natskeeper log 2',
    mapBytes: 64 * megabyte,
  });
  const taken = file.bytes;
  await file.close();
  expect(statSync(path).size).toBe(32 * megabyte);
  // And some pages of the table and the tree, and those that are free.
  expect(taken / (count * bytesInLmdb(bytes))).toBeLessThan(1.3);
  expect(taken).toBeGreaterThan(0.9 * count * bytesInLmdb(bytes));
});
