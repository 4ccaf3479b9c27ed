/**
 * What a log should hold after any sequence of appends, cuts, restarts and purges: a list of
 * batches.
 */

import fc from 'fast-check';
import { expect } from 'vitest';
import { lastZxidOf } from '../../protocol/batch.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import type { LogStore } from '../../storage/log-store.ts';
import { testFrame } from './log-suite.ts';

/** Frames of this size make segments roll after a few. */
export const bigBytes = 40_000;

export const factsOf = ({ startZxid, oldestZxid, lastZxid, committedZxid }: LogStore) => ({
  ...{ startZxid, oldestZxid, lastZxid, committedZxid },
});

export const historyStep = fc.record({
  kind: fc.constantFrom(
    'append',
    'append',
    'append',
    'adopt',
    'restart',
    'purge',
    'note',
    'reopen',
  ),
  /** Where among the batches, from their beginning to their end. */
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  batches: fc.integer({ min: 0, max: 5 }),
  isNewEpoch: fc.boolean(),
  isBig: fc.boolean(),
});
type Step = typeof historyStep extends fc.Arbitrary<infer T> ? T : never;

/** The frames that a log should hold, as a list. */
export class HistoryModel {
  #frames: Buffer[] = [];
  #startZxid = 0;
  #committedZxid = 0;
  #epoch = 0;

  get #lastZxid(): number {
    return this.#frames.length > 0 ? lastZxidOf(this.#frames.at(-1)!) : this.#startZxid;
  }

  #made(after: number, { batches, isNewEpoch, isBig }: Step): Buffer[] {
    if (isNewEpoch) this.#epoch++;
    let zxid = isNewEpoch ? makeZxid(this.#epoch, 1) : after + 1;
    return Array.from({ length: batches }, (_, at) => {
      const frame = testFrame(zxid, 1 + (at % 3), isBig ? bigBytes : 100);
      zxid = lastZxidOf(frame) + 1;
      return frame;
    });
  }

  async play(one: Step, log: LogStore): Promise<void> {
    const promises = { acceptedEpoch: this.#epoch, currentEpoch: this.#epoch };
    const ends = [this.#startZxid, ...this.#frames.map(lastZxidOf)];
    const end = ends[Math.floor(one.share * (ends.length - 1))]!;
    if (one.kind === 'append') {
      const frames = this.#made(this.#lastZxid, one);
      await Promise.all(frames.map((frame) => log.append(frame)));
      this.#frames.push(...frames);
    } else if (one.kind === 'adopt') {
      const cutTo = Math.max(end, log.oldestZxid, this.#committedZxid);
      const frames = this.#made(cutTo, one);
      await log.adopt({ cutTo, frames, promises });
      this.#frames = [...this.#frames.filter((frame) => lastZxidOf(frame) <= cutTo), ...frames];
    } else if (one.kind === 'restart') {
      const zxid = Math.max(end, this.#committedZxid);
      this.#frames = this.#made(zxid, one);
      await log.restartAfter(zxid, promises, this.#frames);
      this.#startZxid = zxid;
      this.#committedZxid = zxid;
    } else if (one.kind === 'purge') {
      const before = log.oldestZxid;
      await log.purge(end);
      expect(log.oldestZxid).toBeLessThanOrEqual(Math.max(end, before));
    } else {
      await log.noteCommitted(end);
      this.#committedZxid = Math.max(this.#committedZxid, end);
    }
  }

  check(log: LogStore): void {
    const { oldestZxid, committedZxid } = log;
    expect(factsOf(log)).toEqual({
      ...{ startZxid: this.#startZxid, oldestZxid, lastZxid: this.#lastZxid },
      committedZxid: this.#committedZxid,
    });
    expect(oldestZxid).toBeGreaterThanOrEqual(this.#startZxid);
    expect(committedZxid).toBeLessThanOrEqual(log.lastZxid);
    const readable = this.#frames.filter((frame) => lastZxidOf(frame) > oldestZxid);
    expect([...log.read(oldestZxid)].map(lastZxidOf)).toEqual(readable.map(lastZxidOf));
    for (const frame of readable) {
      const end = lastZxidOf(frame);
      expect(log.holds(end)).toBe(true);
      expect(log.lastBatchEndAtOrBelow(end + 1)).toBeGreaterThanOrEqual(end);
    }
    expect(log.holds(oldestZxid)).toBe(true);
  }
}
