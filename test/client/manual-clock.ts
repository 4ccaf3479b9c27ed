/**
 * A clock for tests of the client: time stands still until the test moves it, and timers ring in
 * the order in which they are due.
 */

import type { ClientClock } from '../../client/clock.ts';

export class ManualClock implements ClientClock {
  #nowMs = 0;
  #timers: { atMs: number; action: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  timer(delayMs: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get timerCount(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    const targetMs = this.#nowMs + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.atMs <= targetMs);
      const next = due.reduce((a, b) => (b.atMs < a.atMs ? b : a), due[0]!);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.action();
    }
    this.#nowMs = targetMs;
  }

  /** Time passes and nobody is woken before all of it has, as in a busy process: one round only. */
  stall(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter((timer) => timer.atMs <= this.#nowMs);
    this.#timers = this.#timers.filter((timer) => timer.atMs > this.#nowMs);
    for (const { action } of due) action();
  }
}
