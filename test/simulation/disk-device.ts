/**
 * The platter of a simulated disk: what is on it, how long things take, and what it forgets when
 * the power is cut. It forgets nothing that a sync made durable, unless that sync was a lie.
 */

import type { SeededRandom } from '../support/seeded-random.ts';
import { DiskCounts, DiskFaults, type DiskProfile, flushMs } from './disk-faults.ts';
import { type Change, DiskImage, type LogEvent } from './disk-image.ts';
import { LogImage } from './disk-log-image.ts';
import { TreeImage } from './disk-tree-image.ts';
import type { Schedule } from './schedule.ts';

/** What a disk needs of simulated time. */
export type DiskTime = Pick<Schedule, 'nowMs' | 'after'>;

export class DiskDevice {
  readonly schedule: DiskTime;
  readonly random: SeededRandom;
  readonly profile: DiskProfile;
  readonly counts = new DiskCounts();
  readonly faults = new DiskFaults(this.counts);
  readonly events: LogEvent[] = [];
  image: DiskImage;
  /** What is on the platter while the rest is a lie; null when `image` is. */
  #honest: DiskImage | null = null;
  /** Changes since then, in order. */
  #unsynced: Change[] = [];

  constructor(schedule: DiskTime, random: SeededRandom, profile: DiskProfile) {
    this.schedule = schedule;
    this.random = random;
    this.profile = profile;
    this.image = this.empty();
  }

  empty(): DiskImage {
    const { segmentBytesMax, keepsPurged } = this.profile;
    return new DiskImage(new LogImage(segmentBytesMax, keepsPurged), new TreeImage());
  }

  get #factor(): number {
    return this.faults.factor(this.schedule.nowMs);
  }

  flushMs(bytes: number): number {
    const factor = this.#factor;
    if (factor !== 1) this.counts.slowSyncs++;
    return factor * flushMs(this.profile, this.random, bytes);
  }

  openMs(): number {
    return this.#factor * this.profile.openMs * (0.5 + this.random.unit() / 2);
  }

  /** A sync has made all of these durable; or seems to have, while the disk is lying. */
  commit(changes: readonly Change[]): void {
    const { isLying } = this.faults;
    if (isLying) {
      this.#honest ??= this.image.clone();
      this.counts.lies += changes.length;
    } else if (this.#honest !== null) this.comeTrue();
    for (const change of changes) this.change(change);
  }

  /** What is done without a sync: a file is made, renamed or removed. */
  change(change: Change): void {
    change.apply(this.image);
    if (this.#honest !== null) this.#unsynced.push(change);
    if (this.profile.archives) change.note?.(this.#note);
  }

  /** A sync that is true makes up for those before it. */
  comeTrue(): void {
    this.#honest = null;
    this.#unsynced = [];
  }

  readonly #note = (kind: LogEvent['kind'], zxid: number, frame: Buffer | null = null): void => {
    this.events.push({ atMs: this.schedule.nowMs, kind, zxid, frame });
  };

  /** Loses what lies have left unsynced: all of it, or all behind some moment. */
  cutPower(): void {
    const honest = this.#honest;
    if (honest === null) return;
    const unsynced = this.#unsynced;
    this.comeTrue();
    const kept = this.random.chance(0.5) ? 0 : this.random.below(unsynced.length + 1);
    for (const change of unsynced.slice(0, kept)) change.apply(honest);
    if (kept === unsynced.length) return;
    this.counts.liesLost += unsynced.length - kept;
    this.replace(honest);
    this.tear(unsynced[kept]!);
  }

  /** May leave the beginning of what the power cut kept from being written. */
  tear(change: Change): void {
    if (change.tear === undefined || !this.random.chance(this.profile.tornChance)) return;
    change.tear(this.image, this.random.unit());
    this.counts.tornWrites++;
  }

  /** Another image takes the place of the present one. */
  replace(image: DiskImage): void {
    this.image = image;
    this.comeTrue();
    if (this.profile.archives) this.#note('lost', image.log.lastZxid);
  }
}
