/**
 * What this process holds in memory. Files that are mapped (LMDB's) do not count: the system takes
 * such pages back as it likes.
 */

import { existsSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const statusFile = '/proc/self/status';
const hasStatus = existsSync(statusFile);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Resident bytes now, garbage included. */
export function residentBytes(): number {
  if (!hasStatus) return process.memoryUsage.rss();
  const kilobytes = /RssAnon:\s+(\d+)/.exec(readFileSync(statusFile, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** Resident bytes once the garbage is gone. */
export async function settledBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((done) => setImmediate(done));
  }
  return residentBytes();
}

/** Watches the peak while it runs. */
export class PeakWatch {
  readonly #before: number;
  readonly #timer: NodeJS.Timeout;
  #peak = 0;

  /** `before`: what was held already. */
  constructor(before: number) {
    this.#before = before;
    this.#timer = setInterval(() => this.look(), 5);
  }

  look(): void {
    this.#peak = Math.max(this.#peak, residentBytes() - this.#before);
  }

  /** Bytes by which memory was up at most. */
  stop(): number {
    this.look();
    clearInterval(this.#timer);
    return this.#peak;
  }
}
