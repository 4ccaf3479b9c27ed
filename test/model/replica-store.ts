/**
 * The replicas of a model by number: each is a row of the numbers of its parts, and many share a
 * part. A record is put together anew when it is asked for, which is seldom: what becomes of a
 * replica, and what is asked about it again and again, is kept elsewhere.
 */

import type { Disk } from './history.ts';
import type { ReplicaRecord } from './replica.ts';
import { grown, TextIds } from './text-ids.ts';

const parts = ['disk', 'pending', 'leader', 'learner'] as const;
type Part = (typeof parts)[number];
type Numbers = Omit<ReplicaRecord, Part>;
/** The numbers of a record, and its parts. */
const width = 1 + parts.length;
/** As many parts are kept as they were read last. */
const readMax = 1 << 12;

export class ReplicaStore {
  readonly #texts = new TextIds();
  #rows = new Int32Array(1 << 12);
  /** Numbers of replicas plus 1, by a hash of their row. */
  #slots = new Int32Array(1 << 12);
  readonly #row = new Int32Array(width);
  readonly #readIds = new Int32Array(readMax).fill(-1);
  readonly #read: unknown[] = [];
  size = 0;

  /** Its number; equal replicas have the same. */
  id({ disk, pending, leader, learner, ...numbers }: ReplicaRecord): number {
    const row = this.#row;
    row[0] = this.#texts.id(JSON.stringify(numbers));
    row[1] = this.#texts.id(JSON.stringify(disk));
    row[2] = this.#texts.id(JSON.stringify(pending));
    row[3] = this.#texts.id(JSON.stringify(leader));
    row[4] = this.#texts.id(JSON.stringify(learner));
    const mask = this.#slots.length - 1;
    let slot = hashOf(row, 0) & mask;
    for (let known = this.#slots[slot]!; known !== 0; known = this.#slots[slot]!) {
      if (this.#isRow(known - 1)) return known - 1;
      slot = (slot + 1) & mask;
    }
    if ((this.size + 1) * width > this.#rows.length) this.#rows = grown(this.#rows, Int32Array);
    this.#rows.set(row, this.size * width);
    this.#slots[slot] = ++this.size;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return this.size - 1;
  }

  get(id: number): ReplicaRecord {
    const part = (at: number): unknown => this.#part(this.#rows[id * width + at]!);
    return {
      ...(part(0) as Numbers),
      disk: part(1) as Disk,
      pending: part(2) as ReplicaRecord['pending'],
      leader: part(3) as ReplicaRecord['leader'],
      learner: part(4) as ReplicaRecord['learner'],
    };
  }

  /** The number of its disk: those with equal disks have the same. */
  diskId(id: number): number {
    return this.#rows[id * width + 1]!;
  }

  disk(diskId: number): Disk {
    return this.#part(diskId) as Disk;
  }

  #part(id: number): unknown {
    const at = id & (readMax - 1);
    if (this.#readIds[at] === id) return this.#read[at];
    const value: unknown = JSON.parse(this.#texts.text(id));
    this.#readIds[at] = id;
    this.#read[at] = value;
    return value;
  }

  #isRow(id: number): boolean {
    for (let at = 0; at < width; at++)
      if (this.#rows[id * width + at] !== this.#row[at]) return false;
    return true;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let id = 0; id < this.size; id++) {
      let slot = hashOf(this.#rows, id * width) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = id + 1;
    }
  }
}

function hashOf(rows: Int32Array, from: number): number {
  let hash = 0x1b873593;
  for (let at = from; at < from + width; at++) {
    hash = Math.imul(hash ^ rows[at]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
