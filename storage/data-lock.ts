/**
 * One replica per data directory: two would overwrite each other's log. The lock names the process
 * and when it started, so that a lock left behind by a crash, and a pid that was given to somebody
 * else since, are recognised.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StorageError } from './storage-error.ts';

/** The holder may be just about to end: worth another try. */
export class DirectoryInUse extends StorageError {}

export class DataLock {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /** @throws StorageError when another process that is alive holds it */
  static take(directory: string, pid: number): DataLock {
    mkdirSync(directory, { recursive: true });
    const file = join(directory, 'lock');
    const holder = read(file);
    if (holder !== null && holder.pid !== pid && startOf(holder.pid) === holder.started) {
      throw new DirectoryInUse(
        `${directory} is in use by process ${holder.pid}: stop it, or choose another dataDir`,
      );
    }
    writeFileSync(file, `${pid} ${startOf(pid) ?? ''}\n`);
    return new DataLock(file);
  }

  release(): void {
    rmSync(this.#file, { force: true });
  }
}

function read(file: string): { pid: number; started: string | null } | null {
  try {
    const [pid, started] = readFileSync(file, 'utf8').trim().split(' ');
    return { pid: Number(pid), started: started ?? null };
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
