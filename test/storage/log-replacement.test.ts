/**
 * A crash at any point while a leader's history, or a snapshot, takes the place of the log: the
 * files of each point are copied, and what opens from them is the log before or the log after.
 */

import { cpSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { discarded } from '../../storage/directory.ts';
import { LmdbLog } from '../../storage/lmdb-log.ts';
import { LogSegment } from '../../storage/log-segment.ts';
import { smallSegmentBytes, testFrame, zxidsOf } from '../support/log-suite.ts';
import { temporaryFolder } from '../support/temp.ts';

const open = (directory: string) => LmdbLog.open({ directory, segmentBytesMax: smallSegmentBytes });
const bigBytes = 40_000;
const old = { acceptedEpoch: 1, currentEpoch: 0 };
const promises = { acceptedEpoch: 2, currentEpoch: 2 };
const frames = [testFrame(2 ** 33 + 1, 2), testFrame(2 ** 33 + 3, 1, bigBytes)];
const framesEnd = 2 ** 33 + 3;

const files = (directory: string) =>
  readdirSync(directory).filter((name) => name.endsWith('.mdb')).length;

interface Copy {
  readonly point: string;
  readonly directory: string;
}

/** Copies of the directory at every step that makes something durable. */
class Recorder {
  readonly copies: Copy[] = [];
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    for (const step of ['cut', 'restart', 'discard', 'endCut'] as const) this.#watch(step);
  }

  #watch(step: 'cut' | 'restart' | 'discard' | 'endCut'): void {
    const original = LogSegment.prototype[step] as (...args: unknown[]) => Promise<void>;
    const recorder = this;
    vi.spyOn(LogSegment.prototype, step).mockImplementation(async function (
      this: LogSegment,
      ...args: unknown[]
    ) {
      const name = this.environment.path.slice(-12);
      recorder.copy(`before ${step} of ${name}`);
      if (step === 'discard') recorder.#copyRenamed(this.environment.path);
      await original.apply(this, args);
      recorder.copy(`after ${step} of ${name}`);
    } as never);
  }

  copy(point: string): string {
    const directory = temporaryFolder();
    cpSync(this.#directory, directory, { recursive: true });
    this.copies.push({ point, directory });
    return directory;
  }

  /** Discarding has renamed the file, and not yet removed it. */
  #copyRenamed(path: string): void {
    const directory = this.copy(`within discard of ${path.slice(-12)}`);
    const copied = join(directory, path.slice(this.#directory.length + 1));
    renameSync(copied, copied + discarded);
  }
}

async function filled(count: number, bytes: number): Promise<string> {
  const directory = temporaryFolder();
  const log = await open(directory);
  await log.writePromises(old);
  for (let zxid = 1; zxid <= count; zxid++) await log.append(testFrame(zxid, 1, bytes));
  await log.noteCommitted(1);
  await log.close();
  return directory;
}

afterEach(() => {
  vi.restoreAllMocks();
});

interface Expected {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly startZxid: number;
}

/** Opens every copy twice and goes on in it; returns how many were as before. */
async function checkAll(copies: readonly Copy[], expected: Expected): Promise<number> {
  vi.restoreAllMocks();
  let asBefore = 0;
  let isAfter = false;
  for (const { point, directory } of copies) {
    const log = await open(directory);
    const isOld = log.promises.acceptedEpoch === old.acceptedEpoch;
    expect(isOld && isAfter, `${point}: there is no way back`).toBe(false);
    isAfter = !isOld;
    if (isOld) asBefore++;
    const zxids = isOld ? expected.before : expected.after;
    const startZxid = isOld ? 0 : expected.startZxid;
    expect(log.promises, point).toEqual(isOld ? old : promises);
    expect(zxidsOf(log), point).toEqual(zxids);
    expect([log.startZxid, log.lastZxid], point).toEqual([startZxid, zxids.at(-1) ?? startZxid]);
    const next = 2 ** 34 + 1;
    for (let at = 0; at < 5; at++) await log.append(testFrame(next + at, 1, bigBytes));
    await log.close();

    const again = await open(directory);
    expect(zxidsOf(again), point).toEqual([...zxids, ...[0, 1, 2, 3, 4].map((at) => next + at)]);
    expect(again.committedZxid, point).toBe(Math.max(1, startZxid));
    await again.close();
    expect(readdirSync(directory).filter((name) => name.endsWith(discarded))).toEqual([]);
  }
  return asBefore;
}

const upTo = (zxid: number) => Array.from({ length: zxid }, (_, at) => at + 1);

describe('a crash while a history is adopted', () => {
  for (const [name, count, bytes, cutTo, isAcross] of [
    ['in the newest segment', 6, 100, 4, false],
    ['in the newest segment, with one made ahead', 1, 100, 2, false],
    ['in an older segment', 12, bigBytes, 5, true],
    ['in an older segment, with one made ahead', 3, bigBytes, 1, true],
    ['in the oldest segment', 12, bigBytes, 3, true],
  ] as const) {
    test(`${name} leaves the log before or after it`, async () => {
      const directory = await filled(count, bytes);
      const log = await open(directory);
      if (name.endsWith('ahead')) {
        const present = files(directory);
        await log.append(testFrame(count + 1, 1, bigBytes));
        await log.append(testFrame(count + 2));
        await vi.waitFor(() => expect(files(directory)).toBe(present + 1));
      }
      const before = zxidsOf(log);
      const recorder = new Recorder(directory);

      await log.adopt({ cutTo, frames, promises });
      await log.close();

      recorder.copy('closed');
      const after = [...upTo(cutTo), framesEnd - 1, framesEnd];
      const asBefore = await checkAll(recorder.copies, { before, after, startZxid: 0 });
      expect(asBefore).toBe(1);
      expect(recorder.copies.length > 6).toBe(isAcross);
    });
  }
});

describe('a crash while the log is restarted behind a snapshot', () => {
  for (const [name, count, bytes, following] of [
    ['from one segment', 6, 100, []],
    ['from several', 12, bigBytes, []],
    ['from several, with what follows', 12, bigBytes, frames],
  ] as const) {
    test(`${name} leaves the log before or after it`, async () => {
      const directory = await filled(count, bytes);
      const log = await open(directory);
      const recorder = new Recorder(directory);

      await log.restartAfter(2 ** 32 + 7, promises, following);
      await log.close();

      recorder.copy('closed');
      const asBefore = await checkAll(recorder.copies, {
        before: upTo(count),
        after: following.length > 0 ? [framesEnd - 1, framesEnd] : [],
        startZxid: 2 ** 32 + 7,
      });
      expect(asBefore).toBe(1);
      expect(recorder.copies.length).toBeGreaterThan(count === 12 ? 10 : 4);
    });
  }
});

test('nothing is written while a history is replaced, and a purge waits for it', async () => {
  const log = await open(await filled(12, bigBytes));
  const purged = log.purge(5);
  const adopted = log.adopt({ cutTo: 8, frames, promises });

  expect(() => log.append(testFrame(13))).toThrow(/while its history is replaced/);
  expect(() => log.writePromises(promises)).toThrow(/while its history is replaced/);
  await expect(log.noteCommitted(6)).rejects.toThrow(/while its history is replaced/);
  await expect(log.restartAfter(20, promises)).rejects.toThrow(/by one at a time/);
  const late = log.purge(8);
  await Promise.all([purged, adopted, late]);

  expect(zxidsOf(log, 8)).toEqual([framesEnd - 1, framesEnd]);
  await log.append(testFrame(framesEnd + 1));
  await log.close();
});
