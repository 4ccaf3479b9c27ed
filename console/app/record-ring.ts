/**
 * The last records that this page was sent, oldest first, each once. Taking one costs the same
 * however many there are; what falls out is handed on, so that no actor is forgotten with it.
 */

import type { InspectRecord } from '../../protocol/inspection.ts';

/** More than a replica keeps: under load that is a few seconds, and an election would be gone. */
export const recordsMax = 40_000;

/** When the record was made, ms since 1970. */
export function madeAt(record: InspectRecord): number {
  return Number(record.createdAt);
}

export class RecordRing {
  /** Changes with every change of what is in here. */
  version = 0;
  /** Changes when records moved: positions of before mean nothing now. */
  generation = 0;
  /** Position of the oldest one; the next record gets `first + size`. */
  first = 0;
  readonly max: number;
  #slots: InspectRecord[] = [];
  #start = 0;
  readonly #seen = new Map<number, Set<number>>();

  constructor(max = recordsMax) {
    this.max = max;
  }

  get size(): number {
    return this.#slots.length;
  }

  /** The record at this place from the oldest on. */
  at(index: number): InspectRecord | undefined {
    if (index < 0 || index >= this.#slots.length) return undefined;
    return this.#slots[(this.#start + index) % this.#slots.length];
  }

  /** Adds records that are newer than all in here; `evict` gets what had to go. */
  take(records: readonly InspectRecord[], evict?: (record: InspectRecord) => void): void {
    for (const record of records) if (this.#isNew(record)) this.#add(record, evict);
    this.version++;
  }

  /** Adds records of any age, each where it belongs by time. */
  merge(records: readonly InspectRecord[], evict?: (record: InspectRecord) => void): void {
    const all = [...this.list(), ...records.filter((record) => this.#isNew(record))];
    const timed = all.map((record) => ({ record, at: madeAt(record) }));
    timed.sort((one, other) => one.at - other.at);
    const gone = timed.splice(0, Math.max(0, timed.length - this.max));
    for (const { record } of gone) {
      this.#forget(record);
      evict?.(record);
    }
    this.first += gone.length;
    this.#slots = timed.map(({ record }) => record);
    this.#start = 0;
    this.generation++;
    this.version++;
  }

  /** All records, oldest first. */
  list(): InspectRecord[] {
    return [...this.#slots.slice(this.#start), ...this.#slots.slice(0, this.#start)];
  }

  /** As it is now, to be looked at while this one goes on. */
  copy(): RecordRing {
    const other = new RecordRing(this.max);
    other.#slots = this.list();
    other.first = this.first;
    other.generation = this.generation;
    other.version = this.version;
    return other;
  }

  #add(record: InspectRecord, evict?: (record: InspectRecord) => void): void {
    if (this.#slots.length < this.max) {
      this.#slots.push(record);
      return;
    }
    const oldest = this.#slots[this.#start]!;
    this.#slots[this.#start] = record;
    this.#start = (this.#start + 1) % this.#slots.length;
    this.first++;
    this.#forget(oldest);
    evict?.(oldest);
  }

  /** Remembers it by its number; rings that are sent again bring the same ones. */
  #isNew({ origin, seq }: InspectRecord): boolean {
    if (!(seq > 0)) return true;
    const seen = this.#seen.get(origin);
    if (seen === undefined) this.#seen.set(origin, new Set([seq]));
    else if (seen.has(seq)) return false;
    else seen.add(seq);
    return true;
  }

  #forget({ origin, seq }: InspectRecord): void {
    const seen = this.#seen.get(origin);
    seen?.delete(seq);
    if (seen?.size === 0) this.#seen.delete(origin);
  }
}
