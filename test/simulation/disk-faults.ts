/**
 * How a simulated disk behaves: its times, and what is wrong with it at the moment. All faults can
 * be set and taken back at any time; how often each had an effect is counted.
 */

import type { SeededRandom } from '../support/seeded-random.ts';

export interface DiskProfile {
  /** A flush takes a time between these two, evenly spread, and so much for its bytes. */
  readonly flushMinMs: number;
  readonly flushMaxMs: number;
  readonly bytesPerMs: number;
  /** Now and then one takes longer: up to `tailMs`, most of them far less. */
  readonly tailChance: number;
  readonly tailMs: number;
  /** Opening takes between half of this and all of it. */
  readonly openMs: number;
  /** That the first append that a power cut loses leaves its beginning. */
  readonly tornChance: number;
  readonly segmentBytesMax: number;
  /** Keeps what was purged, out of sight of the replica. */
  readonly keepsPurged: boolean;
  /** Keeps all that the log ever held. */
  readonly archives: boolean;
}

export const usualProfile: DiskProfile = {
  ...{ flushMinMs: 0.3, flushMaxMs: 1.5, bytesPerMs: 500_000, tailChance: 0.002, tailMs: 50 },
  ...{ openMs: 10, tornChance: 0.3, segmentBytesMax: 1024 * 1024 },
  ...{ keepsPurged: false, archives: false },
};

/** What was done, and which faults took effect. */
export class DiskCounts {
  opens = 0;
  syncs = 0;
  bytes = 0;
  processCrashes = 0;
  powerCuts = 0;
  /** Writes under way that a crash lost, kept, or left in part. */
  lostWrites = 0;
  keptWrites = 0;
  tornWrites = 0;
  syncErrors = 0;
  openErrors = 0;
  fullErrors = 0;
  slowSyncs = 0;
  /** Writes that were acknowledged too early, and those of them that a power cut lost. */
  lies = 0;
  liesLost = 0;
  damages = 0;
  wipes = 0;
  restores = 0;
}

export type FlushFault = 'error' | 'full' | null;

export class DiskFaults {
  readonly counts: DiskCounts;
  /** So many of the next syncs fail; Infinity: all. */
  syncErrors = 0;
  /** So many of the next opens fail: the disk cannot be read. */
  openErrors = 0;
  /** What can still be written until the disk is full. */
  roomBytes = Number.POSITIVE_INFINITY;
  /** Syncs are acknowledged and do nothing: the next power cut may lose all of it. */
  isLying = false;
  /** All times are so many times as long, until `slowUntilMs`. */
  slowdown = 1;
  slowUntilMs = Number.POSITIVE_INFINITY;
  /** Whether a crash or a failed sync leaves what was under way, or nothing; null: by chance. */
  atCrash: 'kept' | 'lost' | null = null;
  /** No flush ends: those that would have. */
  #held: (() => void)[] | null = null;

  constructor(counts: DiskCounts) {
    this.counts = counts;
  }

  /** Of the disk that is about to make so many bytes durable. */
  ofFlush(bytes: number): FlushFault {
    if (bytes > this.roomBytes) {
      this.counts.fullErrors++;
      this.roomBytes = 0;
      return 'full';
    }
    this.roomBytes -= bytes;
    if (this.syncErrors <= 0) return null;
    this.syncErrors--;
    this.counts.syncErrors++;
    return 'error';
  }

  ofOpen(): FlushFault {
    if (this.openErrors <= 0) return null;
    this.openErrors--;
    this.counts.openErrors++;
    return 'error';
  }

  /** From now on no flush ends. */
  hold(): void {
    this.#held ??= [];
  }

  /** Of a flush that is about to end: it is kept from that. */
  keeps(end: () => void): boolean {
    this.#held?.push(end);
    return this.#held !== null;
  }

  /** Those that were held, to be ended now. */
  letGo(): readonly (() => void)[] {
    const held = this.#held ?? [];
    this.#held = null;
    return held;
  }

  /** How many times as long things take. */
  factor(nowMs: number): number {
    return nowMs < this.slowUntilMs ? this.slowdown : 1;
  }

  /** Nothing is wrong from now on; what was done stays done. */
  heal(): void {
    this.syncErrors = 0;
    this.openErrors = 0;
    this.roomBytes = Number.POSITIVE_INFINITY;
    this.isLying = false;
    this.slowdown = 1;
    this.slowUntilMs = Number.POSITIVE_INFINITY;
  }
}

/** How long a flush of so many bytes takes on a sound disk. */
export function flushMs(profile: DiskProfile, random: SeededRandom, bytes: number): number {
  const { flushMinMs, flushMaxMs, bytesPerMs, tailChance, tailMs } = profile;
  const usual = flushMinMs + random.unit() * (flushMaxMs - flushMinMs) + bytes / bytesPerMs;
  return random.chance(tailChance) ? usual + tailMs * random.unit() ** 3 : usual;
}
