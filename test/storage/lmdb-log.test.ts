/**
 * What only the log in LMDB can do and suffer: segments as files, damage in stored frames, formats,
 * promises that must outlive segments.
 */

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { Environment } from '../../storage/environment.ts';
import { LmdbLog } from '../../storage/lmdb-log.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { smallSegmentBytes, testFrame, zxidsOf } from '../support/log-suite.ts';
import { temporaryFolder } from '../support/temp.ts';

const format = 'natskeeper log 2';
const open = (directory: string) => LmdbLog.open({ directory, segmentBytesMax: smallSegmentBytes });
const files = (directory: string) => readdirSync(directory).filter((name) => name.endsWith('.mdb'));

const keyOf = (zxid: number): Buffer => {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(BigInt(zxid));
  return key;
};

async function filled(count: number, bytes = 100): Promise<string> {
  const directory = temporaryFolder();
  const log = await open(directory);
  for (let zxid = 1; zxid <= count; zxid++) await log.append(testFrame(zxid, 1, bytes));
  await log.close();
  return directory;
}

async function edit(directory: string, act: (file: Environment) => Promise<void>, number = 1) {
  const path = join(directory, `log.${String(number).padStart(8, '0')}.mdb`);
  const file = await Environment.open(path, { format, mapBytes: 1024 * 1024 });
  await act(file);
  await file.close();
}

/** Changes the stored frame of `zxid`. */
function damage(directory: string, zxid: number, change: (frame: Buffer) => Buffer, number = 1) {
  return edit(
    directory,
    (file) => file.put(keyOf(zxid), change(Buffer.from(file.get(keyOf(zxid))!))),
    number,
  );
}

const flip =
  (at: number) =>
  (frame: Buffer): Buffer => {
    frame[at]! ^= 0x40;
    return frame;
  };
type Damage = readonly [name: string, change: (frame: Buffer) => Buffer];
const rot: readonly Damage[] = [
  ['a flipped bit in its txns', flip(60)],
  ['a flipped bit in its zxid', flip(19)],
  ['a flipped bit in its length', flip(3)],
  ['a flipped bit in its checksum', flip(5)],
];
const tears: readonly Damage[] = [
  ['its end missing', (frame) => frame.subarray(0, 50)],
  ['nothing but a few bytes', (frame) => frame.subarray(0, 3)],
];
const tear = tears[0]![1];

describe('damage', () => {
  for (const [name, change] of rot) {
    test(`at the end, of a record that is all there, is corruption (${name})`, async () => {
      const directory = await filled(4);
      await damage(directory, 4, change);

      await expect(open(directory)).rejects.toThrow(/corrupt/);
    });
  }

  for (const [name, change] of tears) {
    test(`at the end is a torn tail, which is cut and written over (${name})`, async () => {
      const directory = await filled(4);
      await damage(directory, 4, change);

      const log = await open(directory);
      expect(log.lastZxid).toBe(3);
      expect(zxidsOf(log)).toEqual([1, 2, 3]);
      await log.append(testFrame(4, 2));
      await log.append(testFrame(6));
      await log.close();

      const again = await open(directory);
      expect(zxidsOf(again)).toEqual([1, 2, 3, 5, 6]);
      await again.close();
    });
  }

  for (const [name, change] of [...rot, ...tears]) {
    test(`before a sound record is corruption, which is refused (${name})`, async () => {
      const directory = await filled(4);
      await damage(directory, 3, change);

      const log = await open(directory);
      expect(() => zxidsOf(log)).toThrow(StorageError);
      expect(() => zxidsOf(log)).toThrow(/corrupt/);
      await log.close();
    });
  }

  test('of the last two records is corruption', async () => {
    const directory = await filled(4);
    await damage(directory, 3, flip(60));
    await damage(directory, 4, flip(60));

    await expect(open(directory)).rejects.toThrow(/corrupt/);
  });

  test('at the end does not stand in the way of a new epoch', async () => {
    const directory = await filled(4);
    await damage(directory, 4, tear);
    const log = await open(directory);
    const next = 2 ** 32 + 1;
    await log.append(testFrame(next));
    await log.close();

    const again = await open(directory);

    expect(zxidsOf(again)).toEqual([1, 2, 3, next]);
    await again.close();
  });

  test('at the end of a segment that is not the newest is a torn tail too', async () => {
    // The newest segment was made ahead of need and is still empty.
    const directory = await filled(1, 40_000);
    expect(files(directory)).toHaveLength(2);
    await damage(directory, 1, tear);

    const log = await open(directory);
    await log.append(testFrame(1));
    await log.close();

    const again = await open(directory);
    expect(zxidsOf(again)).toEqual([1]);
    await again.close();
  });

  test('of all there is leaves an empty log', async () => {
    const directory = await filled(1);
    await damage(directory, 1, tear);

    const log = await open(directory);

    expect([log.lastZxid, zxidsOf(log)]).toEqual([0, []]);
    log.startAfter(7);
    await log.append(testFrame(8));
    expect([log.oldestZxid, zxidsOf(log)]).toEqual([7, [8]]);
    await log.close();
  });

  test('at the end takes back what was known to be committed there', async () => {
    const directory = await filled(4);
    const before = await open(directory);
    await before.noteCommitted(4);
    await before.close();
    await damage(directory, 4, tear);

    const log = await open(directory);

    expect([log.lastZxid, log.committedZxid]).toEqual([3, 3]);
    await log.close();
  });
});

describe('refuses', () => {
  test('a gap in an epoch, and a segment that is missing', async () => {
    const directory = await filled(4);
    await edit(directory, (file) => file.removeAll([keyOf(2)]));
    const log = await open(directory);
    expect(() => zxidsOf(log)).toThrow(/txns are missing/);
    await log.close();

    const segments = await filled(12, 40_000);
    expect(files(segments).length).toBeGreaterThan(3);
    rmSync(join(segments, 'log.00000002.mdb'));
    await expect(open(segments)).rejects.toThrow(/segment 2 .* missing/);
  });

  test('a record of a newer version, and leaves it alone', async () => {
    const directory = await filled(2);
    const newer = (frame: Buffer): Buffer => {
      frame[8] = 9;
      frame.writeUInt32BE(crc32(frame.subarray(8)), 4);
      return frame;
    };
    await damage(directory, 2, newer);
    for (let round = 0; round < 2; round++) {
      const log = await open(directory);
      expect(() => zxidsOf(log)).toThrow(/newer program/);
      await log.close();
    }
  });

  test('a file of another format', async () => {
    const directory = await filled(1);
    await edit(directory, (file) =>
      file.put(Buffer.from('\u00ffformat', 'latin1'), Buffer.from('natskeeper log 99')),
    );

    await expect(open(directory)).rejects.toThrow(/natskeeper log 99.*start the version/s);
  });
});

describe('segments', () => {
  test('roll, are purged as files, and number on after that', async () => {
    const directory = await filled(12, 40_000);
    const before = files(directory);
    const log = await open(directory);

    const count = await log.purge(12);

    expect(count).toBeGreaterThan(2);
    expect(files(directory)).toEqual(before.slice(count));
    for (let zxid = 13; zxid <= 20; zxid++) await log.append(testFrame(zxid, 1, 40_000));
    await log.close();
    const again = await open(directory);
    expect(zxidsOf(again, 12)).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
    await again.close();
  });

  test('go with a rest behind each step, but not while somebody waits', async () => {
    const log = await open(await filled(12, 40_000));
    let rests = 0;
    const rest = async () => void rests++;

    const count = await log.purge(6, rest);
    expect(count).toBeGreaterThan(1);
    expect(rests).toBeGreaterThanOrEqual(count);
    const forGood = () => new Promise<void>(() => void rests++);
    rests = 0;
    const purged = log.purge(12, forGood);
    await vi.waitFor(() => expect(rests).toBe(1));
    await log.close();

    expect(await purged).toBeGreaterThan(1);
    expect(rests).toBe(1);
  });

  test('roll although the log was opened anew before each became full', async () => {
    const directory = temporaryFolder();
    for (let zxid = 1; zxid <= 8; zxid++) {
      const log = await open(directory);
      log.startAfter(zxid - 1);
      await log.append(testFrame(zxid, 1, 20_000));
      await log.close();
    }

    expect(files(directory).length).toBeGreaterThan(2);
  });
});

describe('promises', () => {
  test('survive rolling, purging and reopening', async () => {
    const directory = temporaryFolder();
    const log = await open(directory);
    await log.writePromises({ acceptedEpoch: 7, currentEpoch: 6 });
    for (let zxid = 1; zxid <= 12; zxid++) await log.append(testFrame(zxid, 1, 40_000));
    await log.purge(12);
    await log.close();

    const again = await open(directory);

    expect(again.promises).toEqual({ acceptedEpoch: 7, currentEpoch: 6 });
    await again.close();
  });

  test('made after the next segment was go over to it when the log rolls', async () => {
    const directory = temporaryFolder();
    const log = await open(directory);
    await log.append(testFrame(1, 1, 40_000));
    await log.append(testFrame(2, 1, 40_000));
    await vi.waitFor(() => expect(files(directory)).toHaveLength(2));
    await log.writePromises({ acceptedEpoch: 9, currentEpoch: 8 });
    await log.noteCommitted(2);
    await log.append(testFrame(3));
    expect(await log.purge(3)).toBe(1);
    expect(files(directory), 'nothing but the second').toEqual(['log.00000002.mdb']);
    await log.close();

    const again = await open(directory);
    expect(again.promises).toEqual({ acceptedEpoch: 9, currentEpoch: 8 });
    expect([again.committedZxid, again.oldestZxid]).toEqual([2, 2]);
    await again.close();
  });

  test('made after the next segment was are not lost with it (rolled or not)', async () => {
    for (const more of [0, 3]) {
      const directory = temporaryFolder();
      const log = await open(directory);
      await log.append(testFrame(1, 1, 40_000));
      const ahead = 'the next segment is made ahead of need';
      await vi.waitFor(() => expect(files(directory), ahead).toHaveLength(2));
      for (let zxid = 2; zxid <= 6; zxid++) await log.append(testFrame(zxid));
      await log.writePromises({ acceptedEpoch: 9, currentEpoch: 8 });
      for (let zxid = 7; zxid < 7 + more; zxid++) await log.append(testFrame(zxid, 1, 40_000));
      if (more > 0) expect(await log.purge(6 + more)).toBeGreaterThan(0);
      await log.close();

      const again = await open(directory);
      expect(again.promises).toEqual({ acceptedEpoch: 9, currentEpoch: 8 });
      await again.close();
    }
  });
});
