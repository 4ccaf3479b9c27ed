/**
 * One file of a simulated disk, in one life of its replica: transactions are flushed in groups, one
 * group at a time, in the order in which they were begun. What is begun while a group is under way,
 * or at the moment at which it begins, shares a flush. After a failure nothing counts as written.
 */

import { WriteFailure } from '../../storage/storage-error.ts';
import type { DiskDevice } from './disk-device.ts';
import type { FlushFault } from './disk-faults.ts';
import type { Change } from './disk-image.ts';
import type { Planned } from './schedule.ts';

/** One run of the replica: when it is over, nothing that it waits for comes. */
export class DiskLife {
  readonly #device: DiskDevice;
  readonly files: DiskFile[] = [];
  isOver = false;
  /** Called when the replica crashes; power is cut or not. */
  onCrash: ((isPowerCut: boolean) => void) | null = null;

  constructor(device: DiskDevice) {
    this.#device = device;
  }

  wait(ms: number): Promise<void> {
    return new Promise((done) => {
      this.#device.schedule.after(ms, () => {
        if (!this.isOver) done();
      });
    });
  }

  file(name: string): DiskFile {
    const file = new DiskFile(name, this, this.#device);
    this.files.push(file);
    return file;
  }

  /** The stores were closed: what failed writes left behind is on the disk now. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const file of this.files) file.crash(null);
  }

  crash(isPowerCut: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const file of this.files) file.crash(isPowerCut);
    this.onCrash?.(isPowerCut);
  }
}

interface Write {
  readonly change: Change;
  readonly resolve: () => void;
  readonly reject: (failure: Error) => void;
}

export class DiskFile {
  readonly #name: string;
  readonly #life: DiskLife;
  readonly #device: DiskDevice;
  #flying: Write[] = [];
  #queue: Write[] = [];
  #begunMs = 0;
  #planned: Planned | null = null;
  #failure: WriteFailure | null = null;
  /** What a failed flush wrote after all: seen by the next life only. */
  #leftover: Change[] = [];
  #whenIdle: (() => void)[] = [];

  constructor(name: string, life: DiskLife, device: DiskDevice) {
    this.#name = name;
    this.#life = life;
    this.#device = device;
  }

  /** Transactions that were not answered yet. */
  get unsettled(): number {
    return this.#flying.length + this.#queue.length;
  }

  /** Resolves when it is durable, with all that was begun before it; rejects with WriteFailure. */
  write(change: Change): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#life.isOver) return;
      const write = { change, resolve, reject };
      if (this.#failure !== null) this.#refuse([write], this.#failure);
      else if (this.#flying.length === 0) this.#begin([write]);
      else if (this.#begunMs === this.#device.schedule.nowMs) this.#flying.push(write);
      else this.#queue.push(write);
    });
  }

  #begin(writes: Write[]): void {
    this.#flying = writes;
    this.#begunMs = this.#device.schedule.nowMs;
    const ms = this.#device.flushMs(bytesOf(writes));
    this.#planned = this.#device.schedule.after(ms, this.#end);
  }

  readonly #end = (): void => {
    if (this.#life.isOver || this.#device.faults.keeps(this.#end)) return;
    const writes = this.#flying;
    this.#flying = [];
    this.#planned = null;
    const { counts, faults } = this.#device;
    const bytes = bytesOf(writes);
    const fault = faults.ofFlush(bytes);
    if (fault !== null) return this.#fail(writes, fault);
    counts.syncs++;
    counts.bytes += bytes;
    this.#device.commit(writes.map(({ change }) => change));
    if (this.#queue.length > 0) {
      const queued = this.#queue;
      this.#queue = [];
      this.#begin(queued);
    }
    for (const { resolve } of writes) resolve();
    if (this.#flying.length === 0) this.#tellIdle();
  };

  /** Some of it may be on the disk nevertheless, though not on a full one. */
  #fail(writes: readonly Write[], fault: FlushFault): void {
    const isFull = fault === 'full';
    const reason = isFull ? 'ENOSPC: no space left on device' : 'EIO: input/output error, sync';
    this.#failure = new WriteFailure(this.#name, new Error(reason), isFull ? 0 : null);
    const kept = isFull ? 0 : this.#keptOf(writes.length);
    this.#leftover = writes.slice(0, kept).map(({ change }) => change);
    const queued = this.#queue;
    this.#queue = [];
    for (const { reject } of [...writes, ...queued]) reject(this.#failure);
    this.#tellIdle();
  }

  /** How many of so many writes, in order, are on the disk after all. */
  #keptOf(count: number): number {
    const { random, faults } = this.#device;
    const some = random.below(count + 1);
    return { kept: count, lost: 0, some }[faults.atCrash ?? 'some'];
  }

  #refuse(writes: readonly Write[], failure: WriteFailure): void {
    this.#device.schedule.after(0, () => {
      if (!this.#life.isOver) for (const { reject } of writes) reject(failure);
    });
  }

  /** Resolves when nothing is under way. */
  settled(): Promise<void> {
    return new Promise((done) => {
      if (this.#life.isOver) return;
      if (this.unsettled === 0) this.#device.schedule.after(0, done);
      else this.#whenIdle.push(done);
    });
  }

  #tellIdle(): void {
    for (const done of this.#whenIdle.splice(0)) done();
  }

  /**
   * The life is over. Of what is under way, some is done, in order; the first that is not may be
   * done in part when the power was cut. What waits has not left the process.
   */
  crash(isPowerCut: boolean | null): void {
    this.#planned?.cancel();
    const { counts } = this.#device;
    if (this.#leftover.length > 0) this.#device.commit(this.#leftover);
    if (this.#flying.length === 0) return;
    const changes = this.#flying.map(({ change }) => change);
    const kept = this.#keptOf(changes.length);
    this.#device.commit(changes.slice(0, kept));
    counts.keptWrites += kept;
    counts.lostWrites += changes.length - kept + this.#queue.length;
    const lost = changes[kept];
    if (isPowerCut && lost !== undefined) this.#device.tear(lost);
  }

  /** It was removed: nothing of it is left. */
  discard(): void {
    this.#leftover = [];
  }
}

function bytesOf(writes: readonly Write[]): number {
  let bytes = 0;
  for (const { change } of writes) bytes += change.bytes;
  return bytes;
}
