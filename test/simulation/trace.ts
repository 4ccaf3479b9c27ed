/**
 * What happened in a run, as one number: two runs that did the same have the same. On demand the
 * lines themselves are kept, so that a failure can be read.
 */

import { crc32 } from 'node:zlib';
import type { Schedule } from './schedule.ts';

/** Lines that are kept; what is older than that is forgotten. */
const linesMax = 200_000;

export class Trace {
  readonly #schedule: Schedule;
  readonly #keeps: boolean;
  readonly lines: string[] = [];
  #hash = 0;
  /** Everything that was noted. */
  count = 0;

  constructor(schedule: Schedule, keepsLines: boolean) {
    this.#schedule = schedule;
    this.#keeps = keepsLines;
  }

  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }

  /** Bytes that reached somebody. */
  bytes(from: number, to: number, bytes: Uint8Array): void {
    this.count++;
    this.#hash = (crc32(bytes, this.#hash) ^ Math.imul(from * 256 + to, 0x9e3779b1)) >>> 0;
  }

  /** Something that is told in words. */
  say(who: string | number, what: string): void {
    this.count++;
    const line = `${this.#schedule.nowMs.toFixed(3)} ${who} ${what}`;
    this.#hash = crc32(line, this.#hash);
    if (!this.#keeps) return;
    this.lines.push(line);
    if (this.lines.length > linesMax) this.lines.splice(0, linesMax / 2);
  }
}
