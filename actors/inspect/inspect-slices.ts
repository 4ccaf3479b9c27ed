/**
 * Long answers in short slices, so that no question holds up the replica. However many questions
 * are being answered, one slice runs in a turn of the event loop, of about 2 ms, they take turns,
 * and half of the time is left to the clients. A slice also ends by the amount of its work,
 * whatever the clock says.
 */

import type { Clock } from '../clock.ts';

const sliceMs = 2;
/** A unit of work is one look at a row or two, some 100 ns. */
const unitsPerSliceMax = 16_384;
const unitsPerLook = 256;

export class Slices {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'defer'>;
  /** Who waits for a turn, first come first served. Bounded by the questions under way. */
  readonly #waiting: (() => void)[] = [];
  #isArranged = false;
  #unitsLeft = 0;
  #nextLook = 0;
  #beganMs = 0;
  #isRunning = false;
  /** No slice before that: the last one is followed by a rest as long as itself. */
  #restUntilMs = 0;

  constructor(clock: Pick<Clock, 'monotonicMs' | 'defer'>) {
    this.#clock = clock;
  }

  /** Resolves when a new slice begins for the caller, in a later turn of the event loop. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isRunning) this.#rest();
      this.#waiting.push(resolve);
      this.#arrange();
    });
  }

  #rest(): void {
    this.#isRunning = false;
    const tookMs = Math.min(this.#clock.monotonicMs() - this.#beganMs, sliceMs);
    this.#restUntilMs = this.#beganMs + 2 * tookMs;
  }

  #arrange(): void {
    if (this.#isArranged || this.#waiting.length === 0) return;
    this.#isArranged = true;
    this.#clock.defer(() => this.#begin());
  }

  #begin(): void {
    this.#isArranged = false;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#restUntilMs) return this.#arrange();
    this.#isRunning = true;
    this.#beganMs = nowMs;
    this.#unitsLeft = unitsPerSliceMax;
    this.#nextLook = unitsPerSliceMax - unitsPerLook;
    this.#waiting.shift()?.();
    this.#arrange();
  }

  /** Notes work that was done. True: the slice is over, the caller awaits `turn()`. */
  spend(units = 1): boolean {
    this.#unitsLeft -= units;
    if (this.#unitsLeft > this.#nextLook) return false;
    if (this.#unitsLeft <= 0) return true;
    this.#nextLook = this.#unitsLeft - unitsPerLook;
    return this.#clock.monotonicMs() >= this.#beganMs + sliceMs;
  }
}
