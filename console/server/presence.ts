/**
 * Which replicas are there. They say so only while somebody watches, so whoever wants to know makes
 * this watch for a while: the first to ask waits a moment for them to speak, the next do not.
 */

import type { Subscription } from '../../actors/bus.ts';
import type { Clock, Timer } from '../../actors/clock.ts';
import type { Inspection } from '../../actors/inspect/inspection.ts';
import { onlyStatus } from './inspect-filter.ts';

/** A status comes each half second. */
const speakMs = 600;
const keptMs = 10_000;

export class Presence {
  readonly #inspection: Inspection;
  readonly #clock: Clock;
  #watching: Subscription | null = null;
  #end: Timer | null = null;
  #spoken: Promise<void> = Promise.resolve();

  constructor(inspection: Inspection, clock: Clock) {
    this.#inspection = inspection;
    this.#clock = clock;
  }

  /** Those that were heard of within the last seconds. */
  async sids(): Promise<readonly number[]> {
    this.#end?.cancel();
    this.#end = this.#clock.after(keptMs, () => this.close());
    if (this.#watching === null) {
      this.#watching = this.#inspection.watch(onlyStatus, () => {});
      this.#spoken = new Promise((resolve) => this.#clock.after(speakMs, resolve));
    }
    await this.#spoken;
    return this.#inspection.sids();
  }

  close(): void {
    this.#end?.cancel();
    this.#watching?.cancel();
    this.#end = null;
    this.#watching = null;
  }
}
