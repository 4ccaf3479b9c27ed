/**
 * The disk of one simulated replica: outlives its crashes, takes a time for everything, and can be
 * made to fail in the ways in which disks do. What was acknowledged is there after any crash,
 * unless a fault was asked for that takes it.
 */

import { assert } from '../../protocol/assert.ts';
import { formatZxid } from '../../protocol/zxid.ts';
import type { Promises } from '../../storage/log-store.ts';
import { remedy, StorageError } from '../../storage/storage-error.ts';
import type { Stores } from '../../storage/stores.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { dropReceived, installReceived } from './disk-changes.ts';
import { type Damage, damage } from './disk-damage.ts';
import { DiskDevice, type DiskTime } from './disk-device.ts';
import { type DiskCounts, type DiskFaults, type DiskProfile, usualProfile } from './disk-faults.ts';
import { DiskLife } from './disk-file.ts';
import type { DiskImage, LogEvent } from './disk-image.ts';
import { SimLog } from './disk-log.ts';
import { SimSnapshots } from './disk-snapshots.ts';

/** A copy of all that a disk held at some moment. */
export interface Saved {
  readonly image: DiskImage;
}

export class SimDisk {
  readonly #device: DiskDevice;
  /** The present user's; null while nobody has it open. */
  #life: DiskLife | null = null;

  constructor(schedule: DiskTime, random: SeededRandom, profile: Partial<DiskProfile> = {}) {
    this.#device = new DiskDevice(schedule, random, { ...usualProfile, ...profile });
  }

  get counts(): DiskCounts {
    return this.#device.counts;
  }

  get faults(): DiskFaults {
    return this.#device.faults;
  }

  get isOpen(): boolean {
    return this.#life !== null;
  }

  /** What is durable, whatever the replica knows of it. */
  get promises(): Promises {
    return this.#device.image.log.promises;
  }

  get committedZxid(): number {
    return this.#device.image.log.committedZxid;
  }

  /** End of what is durable. */
  get lastZxid(): number {
    return this.#device.image.log.lastZxid;
  }

  /** Every batch that ever became durable, in order, with cuts; empty unless it archives. */
  get everLogged(): readonly LogEvent[] {
    return this.#device.events;
  }

  /** Durable batches of the present history; with `keepsPurged` also those that were purged. */
  *frames(): Iterable<Buffer> {
    const { purged, frames } = this.#device.image.log;
    if (purged !== null) yield* purged;
    yield* frames;
  }

  /** Opens what is durable; rejects with StorageError when it cannot be used as it is. */
  open(): Promise<Stores> {
    assert(this.#life === null, 'disk: it is opened by one at a time');
    const life = new DiskLife(this.#device);
    this.#life = life;
    return this.#open(life);
  }

  async #open(life: DiskLife): Promise<Stores> {
    this.counts.opens++;
    try {
      await life.wait(this.#device.openMs());
      if (this.faults.ofOpen() !== null) {
        throw new StorageError(`the disk cannot be read: EIO: input/output error; ${remedy}`);
      }
      const log = await SimLog.open(this.#device, life);
      // A crash that came with the event that this was waiting for.
      if (life.isOver) return await new Promise<never>(() => {});
      // The log decides which snapshot is the present one.
      await this.#settleReceived(log, life);
      const snapshots = new SimSnapshots(this.#device, life);
      const close = async () => {
        await log.close();
        await snapshots.close();
        this.#end(life);
      };
      return {
        ...{ log, snapshots, treeDirectory: '', logDirectory: '', close },
        reopen: async () => {
          await close();
          return this.open();
        },
      };
    } catch (failure) {
      this.#end(life);
      throw failure;
    }
  }

  #end(life: DiskLife): void {
    life.end();
    if (this.#life === life) this.#life = null;
  }

  /** As in received-snapshot.ts, step by step, so that a crash comes between them. */
  async #settleReceived(log: SimLog, life: DiskLife): Promise<void> {
    const device = this.#device;
    const { startZxid } = log;
    const { received, tree } = device.image;
    if (!log.isSnapshotAwaited) {
      if (received !== null) device.change(dropReceived);
      return;
    }
    if (received?.meta?.zxid === startZxid) {
      await life.wait(device.flushMs(0));
      device.change(installReceived);
    } else if (tree.meta?.zxid !== startZxid) {
      throw new StorageError(
        `the log begins behind a snapshot of ${formatZxid(startZxid)} that was ` +
          `received from a peer, and it is not there; ${remedy}`,
      );
    }
    await log.endAwaiting();
  }

  /**
   * The replica is killed, or the power is cut. Of what was being written some is there, in order;
   * what it had only asked for is not. Nothing that it waits for ever comes.
   */
  crash(kind: 'process' | 'power'): void {
    const isPowerCut = kind === 'power';
    if (isPowerCut) this.counts.powerCuts++;
    else this.counts.processCrashes++;
    this.#life?.crash(isPowerCut);
    this.#life = null;
    if (isPowerCut) this.#device.cutPower();
  }

  /** All that it does takes so many times as long, for so many ms. */
  slow(factor: number, forMs: number): void {
    this.faults.slowdown = factor;
    this.faults.slowUntilMs = this.#device.schedule.nowMs + forMs;
  }

  /** What `faults.hold` has kept from ending ends now. */
  release(): void {
    for (const end of this.faults.letGo()) this.#device.schedule.after(0, end);
  }

  /** Something that it holds goes bad. Says what; null when there is nothing of that kind. */
  damage(kind: Damage): string | null {
    const hit = damage(this.#device.image, kind, this.#device.random);
    if (hit !== null) this.counts.damages++;
    return hit;
  }

  /** What it has lied about is on it after all. */
  comeTrue(): void {
    this.#device.comeTrue();
  }

  /** All of it is lost. Nobody has it open. */
  wipe(): void {
    this.#replace(this.#device.empty());
    this.counts.wipes++;
  }

  /** What it holds now. */
  backup(): Saved {
    return { image: this.#device.image.clone() };
  }

  /** It holds again what it held then. Nobody has it open. */
  restore(saved: Saved): void {
    this.#replace(saved.image.clone());
    this.counts.restores++;
  }

  #replace(image: DiskImage): void {
    assert(this.#life === null, 'disk: nobody has it open while it is exchanged');
    this.#device.replace(image);
  }
}
