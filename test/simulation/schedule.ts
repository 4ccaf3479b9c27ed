/**
 * Simulated time: everything that happens in a simulated ensemble is an event with a moment, and
 * happens in that order. Nothing waits in real time; what a callback does with promises is done
 * before the next event begins, as in Node.
 */

import { Fifo } from '../../protocol/fifo.ts';

export interface Planned {
  cancel(): void;
}

class Event implements Planned {
  readonly atMs: number;
  /** Events of one moment happen in the order in which they were planned. */
  readonly order: number;
  task: (() => void) | null;

  constructor(atMs: number, order: number, task: () => void) {
    this.atMs = atMs;
    this.order = order;
    this.task = task;
  }

  cancel(): void {
    this.task = null;
  }
}

/** Events that are run between two looks at the real event loop. */
const burst = 64;

export class Schedule {
  /** Simulated ms since the beginning. Invariant: never goes down. */
  nowMs = 0;
  /** Events that have happened. */
  count = 0;
  /** A binary heap, earliest first; cancelled events stay until they come up. */
  readonly #heap: Event[] = [];
  #order = 0;
  #pump: (() => void) | null = null;
  readonly #soon = new Fifo<Event>();

  /** Runs `task` once so many simulated ms from now; 0: after what is planned for now already. */
  after(ms: number, task: () => void): Planned {
    const event = new Event(this.nowMs + Math.max(0, ms), this.#order++, task);
    if (event.atMs === this.nowMs) this.#soon.push(event);
    else this.#push(event);
    this.#pump?.();
    return event;
  }

  at(ms: number, task: () => void): Planned {
    return this.after(ms - this.nowMs, task);
  }

  /** For programs in the simulation: resolves so many simulated ms from now. */
  sleep(ms: number): Promise<void> {
    return new Promise((done) => void this.after(ms, done));
  }

  /**
   * Lets things happen until `isOver`, which is asked after each event. Rejects with what an event
   * throws, and when there is nothing left to happen.
   */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let planned = 0;
      let hasEnded = false;
      const end = (failure?: unknown) => {
        hasEnded = true;
        this.#pump = null;
        if (failure === undefined) resolve();
        else reject(failure);
      };
      const step = () => {
        planned--;
        if (hasEnded) return;
        try {
          if (isOver()) return end();
          const event = this.#next();
          if (event !== null) {
            this.count++;
            event();
          } else if (planned === 0) return end(new Error('nothing is left to happen'));
        } catch (failure) {
          return end(failure);
        }
        if (planned === 0) pump();
      };
      // Between two immediates Node carries out all that promises have made ready.
      const pump = () => {
        if (planned > 0) return;
        for (; planned < burst; planned++) setImmediate(step);
      };
      this.#pump = pump;
      pump();
    });
  }

  #next(): (() => void) | null {
    for (;;) {
      const soon = this.#soon.peek();
      const first = this.#heap[0];
      let event: Event | undefined;
      // What was planned earlier for this moment comes before what was planned at it.
      if (first !== undefined && (soon === undefined || first.atMs <= this.nowMs)) {
        event = this.#pop();
      } else event = this.#soon.shift();
      if (event === undefined) return null;
      const { task } = event;
      if (task === null) continue;
      this.nowMs = event.atMs;
      event.task = null;
      return task;
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || last === first) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
