/**
 * Finds out that the last frame of a stream was lost, after which no other came: both sides of a
 * link tell in their heartbeats how far they have sent. Heartbeats overtake data, so a frame counts
 * as lost only when it was announced some time ago.
 */

import { Fifo } from '../protocol/fifo.ts';

/** Numbers of last frames. */
export interface Announced {
  /** Of the leader: to all, and to us alone. */
  readonly broadcast: number;
  readonly down: number;
  /** Of ours to the leader. */
  readonly up: number;
}

/** A frame that was sent so long ago and is not here is lost. */
const overdueTicks = 25;

export class LinkProgress {
  /** By tick: filled by heartbeats, drained as they become overdue. */
  readonly #announced = new Fifo<Announced & { readonly tick: number }>();

  /** Notes what is announced now; returns what must have arrived by now, newest last. */
  note(tick: number, announced: Announced): Announced | null {
    const { broadcast, down, up } = announced;
    this.#announced.push({ broadcast, down, up, tick });
    let overdue: Announced | null = null;
    for (let old = this.#announced.peek(); old; old = this.#announced.peek()) {
      if (tick - old.tick < overdueTicks) break;
      overdue = old;
      this.#announced.shift();
    }
    return overdue;
  }
}
