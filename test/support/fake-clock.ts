/**
 * The replica's clock for tests: time moves when a test moves it; deferred tasks run when it says
 * that the turn is over.
 */

import type { Clock, Timer } from '../../actors/clock.ts';

interface FakeTimer {
  atMs: number;
  readonly everyMs: number;
  readonly task: () => void;
}

export class FakeClock implements Clock {
  nowMs: number;
  #deferred: (() => void)[] = [];
  #timers: FakeTimer[] = [];

  constructor(nowMs = 10_000) {
    this.nowMs = nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  defer(task: () => void): void {
    this.#deferred.push(task);
  }

  every(ms: number, task: () => void): Timer {
    return this.#add({ atMs: this.nowMs + ms, everyMs: ms, task });
  }

  after(ms: number, task: () => void): Timer {
    return this.#add({ atMs: this.nowMs + ms, everyMs: 0, task });
  }

  #add(timer: FakeTimer): Timer {
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  get deferredCount(): number {
    return this.#deferred.length;
  }

  get timerCount(): number {
    return this.#timers.length;
  }

  /** Runs what was deferred so far; what that defers waits for the next turn. */
  endTurn(): void {
    for (const task of this.#deferred.splice(0)) task();
  }

  advance(ms: number): void {
    const targetMs = this.nowMs + ms;
    for (;;) {
      const next = this.#timers
        .filter((timer) => timer.atMs <= targetMs)
        .sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      if (next.everyMs > 0) next.atMs += next.everyMs;
      else this.#timers = this.#timers.filter((other) => other !== next);
      next.task();
    }
    this.nowMs = targetMs;
  }

  /**
   * All of the time passes at once, as in a process that was stopped: timers ring late, and once.
   */
  stall(ms: number): void {
    this.nowMs += ms;
    const due = this.#timers.filter((timer) => timer.atMs <= this.nowMs);
    for (const timer of due) {
      if (timer.everyMs > 0) timer.atMs = this.nowMs + timer.everyMs;
      else this.#timers = this.#timers.filter((other) => other !== timer);
      timer.task();
    }
  }
}
