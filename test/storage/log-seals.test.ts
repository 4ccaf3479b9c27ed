/**
 * What a log of LMDB files notices of damage that leaves each file whole: batches under a wrong key
 * or lost, small values of which a bit was flipped, entries that are gone or have another name.
 */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeZxid } from '../../protocol/zxid.ts';
import { Environment } from '../../storage/environment.ts';
import { LmdbLog } from '../../storage/lmdb-log.ts';
import { LogSegment, zxidKey } from '../../storage/log-segment.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { smallSegmentBytes, testFrame, zxidsOf } from '../support/log-suite.ts';
import { temporaryFolder } from '../support/temp.ts';

const open = (directory: string) => LmdbLog.open({ directory, segmentBytesMax: smallSegmentBytes });
const tableKey = (name: string) => Buffer.from([0xff, ...Buffer.from(name)]);
const anyFile = /log\.0000000\d\.mdb/;

/** Of these zxids, each a batch of its own. */
async function filled(zxids: readonly number[], bytes = 100): Promise<string> {
  const directory = temporaryFolder();
  const log = await open(directory);
  for (const zxid of zxids) await log.append(testFrame(zxid, 1, bytes));
  await log.writePromises({ acceptedEpoch: 2, currentEpoch: 1 });
  await log.noteCommitted(zxids[0]!);
  await log.close();
  return directory;
}

async function edit(directory: string, act: (file: Environment) => Promise<void>, number = 1) {
  const path = join(directory, `log.0000000${number}.mdb`);
  const file = await Environment.open(path, { format: 'natskeeper log 2', mapBytes: 1024 * 1024 });
  await act(file);
  await file.close();
}

/** Opens it and reads all of it. */
async function readAll(directory: string): Promise<readonly number[]> {
  const log = await open(directory);
  try {
    return zxidsOf(log);
  } finally {
    await log.close();
  }
}

const epochs = [1, 2, makeZxid(1, 1), makeZxid(1, 2), makeZxid(3, 1)];

describe('a record under the key of another one', () => {
  for (const [name, from, to] of [
    ['of its epoch', 2, 3],
    ['of another epoch', makeZxid(1, 2), 2],
    ['at the end', 2, makeZxid(3, 1)],
  ] as const) {
    test(`is refused, with file and record (${name})`, async () => {
      const directory = await filled([1, 2, 3, makeZxid(1, 1), makeZxid(1, 2), makeZxid(3, 1)]);
      await edit(directory, (file) => file.put(zxidKey(to), Buffer.from(file.get(zxidKey(from))!)));

      const read = readAll(directory);
      await expect(read).rejects.toThrow(StorageError);
      await expect(read).rejects.toThrow(
        new RegExp(`${anyFile.source}.* 0x${to.toString(16)} is mis`),
      );
    });
  }

  test('does not count as the end of a batch either', async () => {
    const directory = await filled([1, 2, 3, 4]);
    const log = await open(directory);
    await log.close();
    await edit(directory, (file) => file.put(zxidKey(3), Buffer.from(file.get(zxidKey(1))!)));

    const damaged = await open(directory);
    expect(() => damaged.lastBatchEndAtOrBelow(3)).toThrow(/0x3 is misplaced/);
    await damaged.close();
  });
});

describe('a record that is lost', () => {
  for (const [name, zxid] of [
    ['the last of an epoch', 2],
    ['the first of an epoch', makeZxid(1, 1)],
    ['the first of the last epoch, and the only one', makeZxid(3, 1)],
    ['the first of all', 1],
  ] as const) {
    for (const [size, bytes] of [
      ['in one segment', 100],
      ['in several', 40_000],
    ] as const) {
      test(`is missed (${name}, ${size})`, async () => {
        const directory = await filled(epochs, bytes);
        expect(await readAll(directory)).toEqual(epochs);
        for (let number = 1; number <= 2; number++) {
          await edit(directory, (file) => file.removeAll([zxidKey(zxid)]), number).catch(() => {});
        }
        if (bytes > 1000) {
          for (let number = 3; number <= 4; number++) {
            await edit(directory, (file) => file.removeAll([zxidKey(zxid)]), number);
          }
        }

        await expect(readAll(directory)).rejects.toThrow(/missing/);
      });
    }
  }

  test('is missed by who reads on from the batch before it', async () => {
    const directory = await filled(epochs);
    await edit(directory, (file) => file.removeAll([zxidKey(2)]));
    const log = await open(directory);

    expect(() => zxidsOf(log, 1)).toThrow(/0x100000001 follows 0x1: txns are missing/);
    expect(zxidsOf(log, makeZxid(1, 1))).toEqual(epochs.slice(3));
    await log.close();
  });

  test('is not missed when its epoch was cut off, or it was torn', async () => {
    const directory = await filled(epochs);
    const log = await open(directory);
    const promises = { acceptedEpoch: 5, currentEpoch: 5 };
    await log.adopt({ cutTo: 2, frames: [testFrame(makeZxid(5, 1))], promises });
    await log.close();
    expect(await readAll(directory)).toEqual([1, 2, makeZxid(5, 1)]);

    const last = zxidKey(makeZxid(5, 1));
    await edit(directory, (file) => file.put(last, Buffer.from(file.get(last)!.subarray(0, 30))));
    expect(await readAll(directory)).toEqual([1, 2]);
    expect(await readAll(directory)).toEqual([1, 2]);
  });
});

describe('a small value', () => {
  async function everyFlip(name: string, directory: string): Promise<string[]> {
    const key = tableKey(name);
    let sound = Buffer.alloc(0);
    await edit(directory, async (file) => {
      sound = Buffer.from(file.get(key)!);
    });
    const wrong: string[] = [];
    for (let byte = 0; byte < sound.length; byte++) {
      const damaged = Buffer.from(sound);
      damaged[byte]! ^= 1 << (byte % 8);
      await edit(directory, (file) => file.put(key, damaged));
      const outcome = await readAll(directory).then(String, (failure: Error) => failure);
      const isRefused = outcome instanceof StorageError && anyFile.test(outcome.message);
      if (!isRefused || !outcome.message.includes(`its ${name} is corrupt`)) {
        wrong.push(`byte ${byte}: ${outcome}`);
      }
    }
    return wrong;
  }

  for (const name of ['promises', 'committed', 'start', 'after', 'next']) {
    test(`of which a bit is flipped is refused, with file and entry (${name})`, async () => {
      const directory = await filled([1, 2, 3, 4], 20_000);

      expect(await everyFlip(name, directory)).toEqual([]);
    });
  }

  test('of another entry, or cut short, is refused', async () => {
    for (const change of [
      (file: Environment) => Buffer.from(file.get(tableKey('committed'))!),
      (file: Environment) => Buffer.from(file.get(tableKey('after'))!.subarray(0, 3)),
    ]) {
      const directory = await filled([1, 2]);
      await edit(directory, (file) => file.put(tableKey('after'), change(file)));
      await expect(readAll(directory)).rejects.toThrow(/its after is corrupt/);
    }
  });

  test('that says where an epoch begins is one too', async () => {
    const directory = await filled(epochs);
    const key = Buffer.concat([tableKey('begin'), zxidKey(makeZxid(1, 1))]);
    await edit(directory, (file) => {
      const value = Buffer.from(file.get(key)!);
      value[4]! ^= 1;
      return file.put(key, value);
    });

    await expect(readAll(directory)).rejects.toThrow(/its begin of an epoch is corrupt/);
  });

  test('that is gone, or stands under a name of its own, is missed', async () => {
    for (const name of ['promises', 'committed', 'start', 'after']) {
      const directory = await filled([1, 2]);
      const move = (file: Environment, to: string) =>
        file.change([[tableKey(to), Buffer.from(file.get(tableKey(name))!)]], [tableKey(name)]);
      await edit(directory, (file) => move(file, 'Promises'));
      await expect(readAll(directory)).rejects.toThrow(/a key of its table is corrupt/);

      await edit(directory, (file) => file.removeAll([tableKey('Promises')]));
      await expect(readAll(directory)).rejects.toThrow(new RegExp(`its ${name} is missing`));
    }
  });
});

test('a new segment has its table from the first moment on', async () => {
  const segment = await LogSegment.open(temporaryFolder(), 1, 1024 * 1024);

  expect(segment.promises).toEqual({ acceptedEpoch: 0, currentEpoch: 0 });
  expect([segment.committedZxid, segment.start]).toEqual([0, { zxid: 0, segment: 0 }]);
  await segment.close();
});
