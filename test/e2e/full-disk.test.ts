/**
 * A full disk, on a small tmpfs mounted for the test: the replica stops acknowledging at once, says
 * why, and exits with 3. With room made it starts again, and all that was acknowledged is there,
 * without a hole. Needs root on Linux; skipped with the reason elsewhere.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, connect } from '../../client/client.ts';
import { examine } from './evidence.ts';
import { Keeper, whyNoKeeper, whyNoTmpfs } from './keeper.ts';

const why = whyNoKeeper ?? whyNoTmpfs;
const failed = { code: 3, signal: null };
const kilobyte = Buffer.alloc(1024, 'k');

class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'natskeeper-disk-'));

  constructor(size: string) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', this.folder]);
  }

  resize(size: string): void {
    execFileSync('mount', ['-o', `remount,size=${size}`, this.folder]);
  }

  /** Takes what is free. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.folder);
    const size = bavail * bsize;
    writeFileSync(join(this.folder, 'ballast'), Buffer.alloc(size));
  }

  remove(): void {
    // Lazily: after a failed test a process may still be in it.
    execFileSync('umount', ['-l', this.folder]);
    rmSync(this.folder, { recursive: true });
  }
}

/** Creates until the server is gone, many at a time; returns the numbers that were acknowledged. */
async function createUntilGone(client: Client, keeper: Keeper): Promise<number[]> {
  const acked: number[] = [];
  const pending = new Set<Promise<void>>();
  let isGone = false;
  void keeper.ended.then(() => {
    isGone = true;
  });
  for (let number = 0; !isGone && client.state === 'connected'; number++) {
    const write = client.create(`/n${number}`, kilobyte).then(
      () => void acked.push(number),
      () => {},
    );
    pending.add(write);
    void write.finally(() => pending.delete(write));
    if (pending.size >= 32) await Promise.race(pending);
  }
  await Promise.all(pending);
  return acked;
}

describe.skipIf(why !== null)(`a full disk${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let disk: SmallDisk;
  let other: string;

  beforeEach(() => {
    disk = new SmallDisk('3m');
    other = mkdtempSync(join(tmpdir(), 'natskeeper-other-'));
  });
  afterEach(() => {
    disk.remove();
    rmSync(other, { recursive: true, force: true });
  });

  const places: [name: string, file: RegExp, settings: string[]][] = [
    ['log', /cannot write .*log\.\d+\.mdb/, []],
    ['log, at small segments', /cannot write .*(log\.\d+|tree)\.mdb/, ['txnLogSizeLimitInKb=64']],
    ['snapshots', /cannot write .*tree\.mdb/, ['snapCount=200']],
  ];
  for (const [name, file, settings] of places) {
    test(`under the ${name} ends the replica, and nothing acknowledged is lost`, async () => {
      const small = join(disk.folder, 'small');
      mkdirSync(small);
      const isLog = name !== 'snapshots';
      const dataDir = isLog ? other : small;
      const keeper = await Keeper.make({ dataDir, dataLogDir: isLog ? small : other });
      await keeper.start(settings);
      const client = await connect(keeper.address, { sessionTimeoutMs: 20_000 });
      const acked = await createUntilGone(client, keeper);
      const ending = await keeper.ended;
      const { stdout } = keeper;
      disk.resize('64m');
      const evidence = await examine(keeper.dataDir, keeper.dataLogDir);
      await keeper.start(settings);
      await client.connected();
      const { children } = await client.getChildren('/');
      const numbers = children.filter((child) => child !== 'zookeeper').map((c) => +c.slice(1));
      await client.close();
      await keeper.remove();

      expect(ending).toEqual(failed);
      expect(stdout).toMatch(/this replica ends: its storage failed/);
      expect(stdout).toMatch(file);
      expect(stdout).toMatch(/its disk is full: \d+ bytes are free/);
      expect(acked.length).toBeGreaterThan(500);
      // No hole: what is there is a first part of what was asked for, with all that was answered.
      expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, at) => at));
      expect(numbers.length).toBeGreaterThan(acked.at(-1)!);
      expect(evidence.digest).toBeGreaterThan(0);
    });
  }

  test('at a start is named, and the data stay as they were', async () => {
    const keeper = await Keeper.make({ dataDir: join(disk.folder, 'data') });
    await keeper.start();
    const client = await connect(keeper.address, { sessionTimeoutMs: 20_000 });
    await client.create('/kept', kilobyte);
    await keeper.stop();
    disk.fill();
    const ending = await keeper.refusal();
    const { stderr } = keeper;
    disk.resize('64m');
    await keeper.start();
    await client.connected();
    const kept = await client.exists('/kept');
    await client.close();
    await keeper.remove();

    expect(ending).toEqual(failed);
    expect(stderr).toMatch(/^natskeeper: cannot write .*no space left/);
    expect(kept).not.toBeNull();
  });
});
