/**
 * One replica per data directory: two would overwrite each other's log. The lock names the process
 * and when it started, so that a lock left behind by a crash, and a pid that was given to somebody
 * else since, are recognised.
 */

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assert } from '../protocol/assert.ts';
import { makeDirectory } from './directory.ts';
import { StorageError, WriteFailure } from './storage-error.ts';

/** The holder may be just about to end: worth another try. */
export class DirectoryInUse extends StorageError {}

export class DataLock {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /** @throws StorageError when another process that is alive holds it */
  static take(directory: string, pid: number): DataLock {
    assert(pid > 0, 'data lock: a process has a pid');
    makeDirectory(directory);
    const file = join(directory, 'lock');
    const own = `${file}.${pid}`;
    try {
      writeOwn(own, pid);
      refuseIfHeld(file, pid);
      removeStale(file, pid);
      // A link appears with its content, and only where there is none: of two one gets it.
      linkSync(own, file);
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== 'EEXIST') throw failure;
      throw new DirectoryInUse(`${directory} was taken by another process just now`);
    } finally {
      rmSync(own, { force: true });
    }
    return new DataLock(file);
  }

  release(): void {
    rmSync(this.#file, { force: true });
  }
}

function writeOwn(own: string, pid: number): void {
  try {
    writeFileSync(own, `${pid} ${startOf(pid) ?? ''}\n`);
  } catch (failure) {
    throw new WriteFailure(own, failure);
  }
}

function refuseIfHeld(file: string, pid: number): void {
  const holder = read(file);
  if (holder === null || holder.pid === pid || startOf(holder.pid) !== holder.started) return;
  throw new DirectoryInUse(
    `${dirname(file)} is in use by process ${holder.pid}: stop it, or choose another dataDir`,
  );
}

/** Takes a lock that nobody holds out of the way; puts one back that was taken in this moment. */
function removeStale(file: string, pid: number): void {
  const stale = `${file}.${pid}.stale`;
  try {
    renameSync(file, stale);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw failure;
  }
  try {
    refuseIfHeld(stale, pid);
  } catch (failure) {
    linkSync(stale, file);
    throw failure;
  } finally {
    rmSync(stale, { force: true });
  }
}

/** Null for none, and for one that was never written to its end: nobody got to hold it. */
function read(file: string): { pid: number; started: string } | null {
  try {
    const [, pid, started] = /^(\d+) (\w+)\n$/.exec(readFileSync(file, 'utf8')) ?? [];
    return pid === undefined || started === undefined ? null : { pid: Number(pid), started };
  } catch {
    return null;
  }
}

/** When a process started, in the kernel's own count; null when there is no such process. */
function startOf(pid: number): string | null {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold blanks; the start time is the 20th field behind it.
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return startOfElsewhere(pid);
  }
}

/** Without /proc all that can be asked is whether it is alive. */
function startOfElsewhere(pid: number): string | null {
  try {
    process.kill(pid, 0);
    return process.platform === 'linux' ? null : 'alive';
  } catch {
    return null;
  }
}
