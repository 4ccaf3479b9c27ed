/**
 * The history that a simulated ensemble has agreed upon, from its first txn on: put together from
 * what the disks hold in the end, and held before they were exchanged.
 */

import { firstZxidOf, lastZxidOf } from '../../protocol/batch.ts';
import { counterOf } from '../../protocol/zxid.ts';
import type { SimEnsemble } from './sim-ensemble.ts';

export class FinalHistory {
  /** By first zxid: batches that are known to be committed. */
  readonly #batches = new Map<number, Buffer>();

  /** What a disk holds up to there. */
  gather(frames: Iterable<Buffer>, committedZxid: number): void {
    for (const frame of frames) {
      if (lastZxidOf(frame) <= committedZxid) this.#batches.set(firstZxidOf(frame), frame);
    }
  }

  /** After all agree, so that everything that is logged is committed. */
  gatherAll({ replicas }: SimEnsemble): void {
    const worstFirst = [...replicas].sort((a, b) => b.disk.counts.damages - a.disk.counts.damages);
    for (const { disk } of worstFirst) this.gather(disk.frames(), Number.POSITIVE_INFINITY);
  }

  get frames(): Buffer[] {
    return [...this.#batches].sort(([a], [b]) => a - b).map(([, frame]) => frame);
  }

  /** When a txn was first durable anywhere, simulated ms. The disks must archive. */
  firstSeenMs({ replicas }: SimEnsemble): (zxid: number) => number {
    const times = new Map<number, number>();
    for (const { disk } of replicas) {
      for (const { kind, frame, atMs } of disk.everLogged) {
        if (kind !== 'append' || frame === null) continue;
        for (let zxid = firstZxidOf(frame); zxid <= lastZxidOf(frame); zxid++) {
          times.set(zxid, Math.min(atMs, times.get(zxid) ?? atMs));
        }
      }
    }
    return (zxid) => times.get(zxid) ?? 0;
  }

  /** Null when all of it is here, else where the first hole is. */
  get hole(): number | null {
    let last = 0;
    for (const frame of this.frames) {
      const first = firstZxidOf(frame);
      if (first !== last + 1 && counterOf(first) !== 1) return last;
      last = lastZxidOf(frame);
    }
    return null;
  }
}
