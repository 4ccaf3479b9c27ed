/**
 * Files that are damaged, missing, or not ours: a start says which and what can be done, with exit
 * code 2, and never goes on with less data in silence. Damage is done to copies of one sound
 * directory, to the bytes of the files themselves.
 */

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../client/client.ts';
import { Keeper, whyNoKeeper } from './keeper.ts';

const refused = { code: 2, signal: null };
const small = ['txnLogSizeLimitInKb=64'];
const batches = 120;

describe.skipIf(whyNoKeeper !== null)('a start on', () => {
  let pristine: string;
  /** With a finished snapshot and the segments before it purged. */
  let snapshotted: string;

  beforeAll(async () => {
    pristine = mkdtempSync(join(tmpdir(), 'natskeeper-pristine-'));
    snapshotted = mkdtempSync(join(tmpdir(), 'natskeeper-pristine-'));
    await fill(pristine, small);
    await fill(snapshotted, [...small, 'snapCount=40']);
  });
  afterAll(() => {
    rmSync(pristine, { recursive: true });
    rmSync(snapshotted, { recursive: true });
  });

  async function fill(dataDir: string, settings: string[]): Promise<void> {
    const keeper = await Keeper.make({ dataDir });
    await keeper.start(settings);
    const client = await connect(keeper.address);
    for (let at = 0; at < batches; at++) {
      await client.create(`/znode-${at}`, Buffer.alloc(2000, `data ${at} `));
    }
    await client.close();
    await keeper.stop();
    await keeper.remove();
  }

  /** Starts on a copy that `harm` has worked on; tells how that went. */
  async function started(
    source: string,
    harm: (folder: string) => unknown,
  ): Promise<{ ending: unknown; stderr: string; stdout: string; count: number | null }> {
    const keeper = await Keeper.make();
    cpSync(source, keeper.dataDir, { recursive: true });
    await harm(join(keeper.dataDir, 'natskeeper'));
    keeper.spawn(small);
    const ending = await Promise.race([
      keeper.ended,
      keeper.serving().then(
        () => null,
        () => null,
      ),
    ]);
    let count: number | null = null;
    if (ending === null && keeper.pid !== null) {
      const client = await connect(keeper.address);
      count = (await client.getChildren('/')).children.filter((c) => c !== 'zookeeper').length;
      await client.close();
      await keeper.stop();
    }
    const { stderr, stdout } = keeper;
    const told = ending ?? (count === null ? await keeper.ended : null);
    await keeper.remove();
    return { ending: told, stderr, stdout, count };
  }

  const segments = (folder: string): string[] =>
    readdirSync(folder)
      .filter((name) => /^log\.\d+\.mdb$/.test(name))
      .sort()
      .map((name) => join(folder, name));

  const segmentOf = (folder: string, text: string): string =>
    segments(folder).find((file) => readFileSync(file).includes(text))!;

  /** The newest one with records in it: an empty one is made ahead of need. */
  const lastUsed = (folder: string): string =>
    segments(folder).findLast((file) => readFileSync(file).includes('data '))!;

  /** Flips a bit in the middle of a znode's data, wherever the file holds it. */
  function flip(file: string, text: string): void {
    const bytes = readFileSync(file);
    let at = bytes.indexOf(text);
    if (at < 0) throw new Error(`${file} does not hold ${text}`);
    for (; at >= 0; at = bytes.indexOf(text, at + 1)) bytes[at + 3]! ^= 4;
    writeFileSync(file, bytes);
  }

  async function change(file: string, edit: (database: ReturnType<typeof open>) => unknown) {
    const database = open({
      path: file,
      noSubdir: true,
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    await edit(database);
    await database.close();
  }

  const format = Buffer.from([0xff, ...Buffer.from('format')]);

  test('sound files finds all', async () => {
    expect((await started(pristine, () => {})).count).toBe(batches);
    expect((await started(snapshotted, () => {})).count).toBe(batches);
  });

  const unlinkAll = (files: string[]): void => {
    for (const file of files) unlinkSync(file);
  };

  const harms: [name: string, source: () => string, harm: (folder: string) => unknown, RegExp][] = [
    [
      'a log of a newer format',
      () => pristine,
      (folder) =>
        change(segments(folder)[0]!, (db) => db.put(format, Buffer.from('natskeeper log 9'))),
      /holds 'natskeeper log 9', this program reads 'natskeeper log 2'/,
    ],
    [
      'snapshots of a newer format',
      () => snapshotted,
      (folder) =>
        change(join(folder, 'tree.mdb'), (db) => db.put(format, Buffer.from('natskeeper tree 7'))),
      /holds 'natskeeper tree 7', this program reads/,
    ],
    [
      'a log record of a newer version',
      () => pristine,
      (folder) =>
        change(segments(folder)[1]!, async (db) => {
          const [entry] = [...db.getRange({ start: Buffer.alloc(8), limit: 1 })];
          const { crc32 } = await import('node:zlib');
          const value = Buffer.from(entry!.value as Buffer);
          value[8] = 9;
          value.writeUInt32BE(crc32(value.subarray(8)), 4);
          await db.put(entry!.key, value);
        }),
      /a newer program wrote this log/,
    ],
    [
      'a flipped bit in the middle of the log',
      () => pristine,
      (folder) => flip(segmentOf(folder, 'data 50 '), 'data 50 '),
      /the record at 0x\w+ is corrupt, with sound records behind it/,
    ],
    [
      'a flipped bit at the end of a segment that others follow',
      () => pristine,
      (folder) =>
        change(segments(folder)[0]!, async (db) => {
          const last = [
            ...db.getKeys({
              end: Buffer.alloc(8),
              start: Buffer.from([0xfe]),
              reverse: true,
              limit: 1,
            }),
          ][0]!;
          const value = Buffer.from(db.get(last) as Buffer);
          value[40]! ^= 1;
          await db.put(last, value);
        }),
      /is corrupt, with sound records behind it/,
    ],
    [
      'a flipped bit in a snapshot page',
      () => snapshotted,
      (folder) => flip(join(folder, 'tree.mdb'), 'data 3 '),
      /tree\.mdb: page \d+ is corrupt/,
    ],
    [
      'a missing first segment',
      () => pristine,
      (f) => unlinkSync(segments(f)[0]!),
      /txns between them are missing/,
    ],
    ['a missing middle segment', () => pristine, (f) => unlinkSync(segments(f)[1]!), /missing/],
    [
      'a missing newest segment',
      () => pristine,
      (f) => unlinkAll(segments(f).slice(segments(f).indexOf(lastUsed(f)))),
      /missing/,
    ],
    ['no log beside a snapshot', () => snapshotted, (f) => unlinkAll(segments(f)), /missing/],
    [
      'no snapshot beside the rest of a log',
      () => snapshotted,
      (f) => unlinkSync(join(f, 'tree.mdb')),
      /txns between them are missing/,
    ],
    [
      'a segment cut in half',
      () => pristine,
      (f) => truncateSync(segments(f)[1]!, 32_768),
      /cut|shorter|usable/,
    ],
    [
      'a snapshot file cut in half',
      () => snapshotted,
      (f) => truncateSync(join(f, 'tree.mdb'), 49_152),
      /cut|shorter|usable/,
    ],
    [
      'an empty segment file',
      () => pristine,
      (f) => truncateSync(segments(f)[1]!, 0),
      /missing|empty/,
    ],
    [
      'a file that is no LMDB file',
      () => pristine,
      (f) => writeFileSync(segments(f)[1]!, 'x'.repeat(20_000)),
      /is not a usable LMDB file/,
    ],
  ];
  for (const [name, source, harm, said] of harms) {
    test(`${name} is refused with a reason`, async () => {
      const { ending, stderr, stdout, count } = await started(source(), harm);

      expect({ ending, count, stderr, stdout }).toMatchObject({ ending: refused, count: null });
      expect(stderr).toMatch(/^natskeeper: /);
      expect(stderr).toMatch(said);
      expect(stderr).not.toMatch(/ at .*\.js:\d/);
    });
  }

  test('a torn last record trims it, and says so', async () => {
    const tear = (folder: string) =>
      change(lastUsed(folder), async (db) => {
        const keys = [...db.getKeys({ start: Buffer.alloc(8), end: Buffer.from([0xff]) })];
        const last = keys.at(-1) as Buffer;
        const value = db.get(last) as Buffer;
        await db.put(last, Buffer.from(value.subarray(0, value.length - 9)));
      });
    const { ending, stdout, count } = await started(pristine, tear);

    expect(ending).toBeNull();
    // The last record is the end of the session.
    expect(count).toBe(batches);
    expect(stdout).toMatch(/record at 0x\w+ is torn/);
  });

  test('a directory of Apache ZooKeeper is refused, not begun anew', async () => {
    const keeper = await Keeper.make();
    mkdirSync(join(keeper.dataDir, 'version-2'));
    writeFileSync(join(keeper.dataDir, 'version-2', 'snapshot.0'), 'ZKSN');
    const ending = await keeper.refusal();
    const { stderr } = keeper;
    await keeper.remove();

    expect(ending).toEqual(refused);
    expect(stderr).toMatch(/^natskeeper: .*version-2 holds data of Apache ZooKeeper/);
  });
});
