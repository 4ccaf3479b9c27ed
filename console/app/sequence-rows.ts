/**
 * The rows of the sequence diagram: frames of the kinds that are wanted, and how many were left
 * out between them. Kept up with a ring at the cost of what is new in it. Each replica tells of a
 * stretch of time at once, so what comes is put in order within the last moment.
 */

import type { MessageRecord } from '../../protocol/inspection.ts';
import { type FrameKind, frameKindOf, isLookingBy, leftOutKind, shownName } from './frame-kinds.ts';
import { madeAt, type RecordRing } from './record-ring.ts';

interface Placed {
  /** Of its record. */
  readonly position: number;
  readonly atMs: number;
}

export type SequenceRow =
  | (Placed & { readonly frame: MessageRecord; readonly name: string; readonly kind: FrameKind })
  | (Placed & { readonly leftOut: number });

/** Further back than this are clocks that differ, which no order mends. */
const orderedMs = 1_000;

export class SequenceRows {
  /** Oldest first. Changes in place; `version` says when. */
  readonly list: SequenceRow[] = [];
  version = 0;
  readonly #kinds: ReadonlySet<FrameKind>;
  #ring: RecordRing | null = null;
  #generation = -1;
  readonly #looking = new Set<number>();
  #next = 0;

  constructor(kinds: ReadonlySet<FrameKind>) {
    this.#kinds = kinds;
  }

  /** Takes what has come into the ring, up to this index, and lets go what fell out of it. */
  update(ring: RecordRing, last = ring.size - 1): void {
    const end = ring.first + last + 1;
    if (ring !== this.#ring || ring.generation !== this.#generation || end < this.#next) {
      this.list.length = 0;
      this.#looking.clear();
      this.#ring = ring;
      this.#generation = ring.generation;
      this.#next = ring.first;
      this.version++;
    }
    const gone = this.list.findIndex(({ position }) => position >= ring.first);
    const count = gone < 0 ? this.list.length : gone;
    if (count > 0) this.list.splice(0, count);
    const from = Math.max(this.#next, ring.first);
    for (let position = from; position < end; position++) this.#add(ring, position);
    if (count > 0 || end > from) this.version++;
    this.#next = Math.max(this.#next, end);
  }

  #add(ring: RecordRing, position: number): void {
    const record = ring.at(position - ring.first);
    if (record === undefined) return;
    const isLooking = isLookingBy(record);
    if (isLooking === true) this.#looking.add(record.sid);
    if (isLooking === false) this.#looking.delete(record.sid);
    const atMs = madeAt(record);
    if (record.type === '@natskeeper.message') {
      const name = shownName(record.name, this.#looking.has(record.from));
      const kind = frameKindOf(name);
      if (!this.#kinds.has(kind)) return;
      this.list.splice(this.#placeOf(atMs), 0, { position, atMs, frame: record, name, kind });
    } else if (record.type === '@natskeeper.dropped') {
      const kind = leftOutKind(record.of);
      const isShown = kind === 'any' || (kind !== null && this.#kinds.has(kind));
      if (isShown) this.#leaveOut({ position, atMs }, record.count);
    }
  }

  #leaveOut({ position, atMs }: Placed, count: number): void {
    const place = this.#placeOf(atMs);
    const before = this.list[place - 1];
    const isMore = before !== undefined && 'leftOut' in before;
    if (!isMore) this.list.splice(place, 0, { position, atMs, leftOut: count });
    else this.list[place - 1] = { ...before, leftOut: before.leftOut + count };
  }

  /** Behind all that is not newer. */
  #placeOf(atMs: number): number {
    let place = this.list.length;
    while (place > 0) {
      const ahead = this.list[place - 1]!.atMs - atMs;
      if (ahead <= 0) return place;
      if (ahead > orderedMs) return this.list.length;
      place--;
    }
    return place;
  }
}

/** Which rows are to be drawn for a part of the list that is in view, with some beyond it. */
export function rowsInView(
  scrollTop: number,
  height: number,
  rowHeight: number,
  count: number,
): { readonly first: number; readonly end: number } {
  const beyond = 6;
  // A list that has become shorter is scrolled back by the browser, but only after this.
  const top = Math.max(0, Math.min(scrollTop, count * rowHeight - height));
  const first = Math.max(0, Math.floor(top / rowHeight) - beyond);
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + beyond);
  return { first, end };
}
