/** What steps come to, by number: two numbers each, millions of them, outside of the heap. */

import { Interner } from './interner.ts';
import { grown } from './text-ids.ts';

/** What comes of a step of one replica for others, in numbers. */
export interface Effects {
  /** Pairs: to whom (0 for all), which frame. */
  readonly sent: readonly number[];
  readonly facts: readonly number[];
  readonly fault: string | null;
}

/** What one replica does when one thing happens to it. */
export interface Outcome extends Effects {
  /** What becomes of the replica. */
  readonly next: number;
}

export class Outcomes {
  #rows = new Int32Array(1 << 12);
  readonly #effects = new Interner<Effects>();
  size = 0;

  add(next: number, effects: Effects): number {
    const at = 2 * this.size;
    if (at === this.#rows.length) this.#rows = grown(this.#rows, Int32Array);
    this.#rows[at] = next;
    this.#rows[at + 1] = this.#effects.id(effects);
    return this.size++;
  }

  next(id: number): number {
    return this.#rows[2 * id]!;
  }

  effects(id: number): Effects {
    return this.#effects.get(this.#rows[2 * id + 1]!);
  }

  get(id: number): Outcome {
    return { next: this.next(id), ...this.effects(id) };
  }
}
