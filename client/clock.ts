/**
 * Time and chance as the client sees them: a clock to read, one timer at a time, a random number.
 * The only file of the client that touches the real ones; tests hand in their own.
 */

export interface ClientClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Runs `action` once after `delayMs`; the function returned cancels it. */
  timer(delayMs: number, action: () => void): () => void;
}

/** A number from 0 to below 1. */
export type RandomSource = () => number;

export const systemRandom: RandomSource = Math.random;

const timerDelayMsMax = 2 ** 31 - 1;

export const systemClock: ClientClock = {
  now: () => performance.now(),
  timer(delayMs, action) {
    const handle = setTimeout(action, Math.min(Math.ceil(delayMs), timerDelayMsMax));
    return () => clearTimeout(handle);
  },
};

/**
 * One timer for many deadlines: it rings at the earliest time that was asked for, and whoever it
 * wakes asks again for what is due next. It tells how late it is, as a busy process may be.
 */
export class Alarm {
  readonly #clock: ClientClock;
  readonly #ring: (lateMs: number) => void;
  #cancel: (() => void) | null = null;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(clock: ClientClock, ring: (lateMs: number) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `timeMs` or earlier. */
  by(timeMs: number): void {
    if (timeMs >= this.#atMs) return;
    this.stop();
    this.#atMs = timeMs;
    const nowMs = this.#clock.now();
    const dueMs = Math.max(nowMs, timeMs);
    this.#cancel = this.#clock.timer(dueMs - nowMs, () => {
      this.#cancel = null;
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#ring(this.#clock.now() - dueMs);
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#atMs = Number.POSITIVE_INFINITY;
  }
}
