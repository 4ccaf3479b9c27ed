/**
 * The clock of one simulated machine: it may run fast or slow, its wall clock may be set, and its
 * timers ring a little late. Tasks come through the process's gate, so that a stopped one sleeps.
 */

import type { Clock, Timer } from '../../actors/clock.ts';
import type { Gate } from '../support/gate.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { Planned, Schedule } from './schedule.ts';

/** A moment in November 2023, for wall clocks. */
const bootMs = 1_700_000_000_000;
/** How late a timer rings at most, ms: by itself, and now and then. */
const usualDelayMs = 0.5;
const rareDelayMs = 8;
const rareChance = 0.002;
/** How long a turn lasts at most, ms. */
const turnMs = 3;

/** What a machine's clock is, over all lives of its replica. */
export interface MachineTime {
  /** Simulated ms that its clock counts in one. */
  rate: number;
  /** Its own reading, and when that was taken. */
  baseMs: number;
  takenMs: number;
  wallOffsetMs: number;
}

export function machineTime(random: SeededRandom): MachineTime {
  return { rate: 1, baseMs: 1000 + random.below(1e6), takenMs: 0, wallOffsetMs: 0 };
}

/** The machine's reading now. */
export function readingOf(time: MachineTime, nowMs: number): number {
  return time.baseMs + (nowMs - time.takenMs) * time.rate;
}

/** From now on it runs at another rate. */
export function setRate(time: MachineTime, rate: number, nowMs: number): void {
  time.baseMs = readingOf(time, nowMs);
  time.takenMs = nowMs;
  time.rate = rate;
}

export class SimClock implements Clock {
  readonly #schedule: Schedule;
  readonly #random: SeededRandom;
  readonly #time: MachineTime;
  readonly #gate: Gate;
  /** When the last deferred task comes: they come in their order. */
  #deferredMs = 0;

  constructor(schedule: Schedule, random: SeededRandom, time: MachineTime, gate: Gate) {
    this.#schedule = schedule;
    this.#random = random;
    this.#time = time;
    this.#gate = gate;
  }

  wallMs(): number {
    return Math.floor(bootMs + this.monotonicMs() + this.#time.wallOffsetMs);
  }

  monotonicMs(): number {
    return readingOf(this.#time, this.#schedule.nowMs);
  }

  /** The turn may end at once, or behind others that are ready (F36). */
  defer(task: () => void): void {
    const delayMs = this.#random.chance(0.5) ? 0 : this.#random.unit() ** 4 * turnMs;
    this.#deferredMs = Math.max(this.#deferredMs, this.#schedule.nowMs + delayMs);
    this.#schedule.at(this.#deferredMs, () => this.#gate.run(task));
  }

  every(ms: number, task: () => void): Timer {
    const ring = this.#gate.coalesced(task);
    let isCancelled = false;
    let planned: Planned;
    let dueMs = this.monotonicMs() + ms;
    const plan = () => {
      planned = this.#after(dueMs - this.monotonicMs(), () => {
        if (isCancelled || this.#gate.isShut) return;
        // As setInterval does: what was missed is not made up for.
        dueMs = Math.max(dueMs + ms, this.monotonicMs() + ms / 2);
        plan();
        ring();
      });
    };
    plan();
    return {
      cancel: () => {
        isCancelled = true;
        planned.cancel();
      },
    };
  }

  after(ms: number, task: () => void): Timer {
    let isCancelled = false;
    const planned = this.#after(ms, () =>
      this.#gate.run(() => {
        if (!isCancelled) task();
      }),
    );
    return {
      cancel: () => {
        isCancelled = true;
        planned.cancel();
      },
    };
  }

  #after(ms: number, task: () => void): Planned {
    const lateMs = this.#random.chance(rareChance) ? rareDelayMs : usualDelayMs;
    return this.#schedule.after(
      Math.max(0, ms) / this.#time.rate + this.#random.unit() * lateMs,
      task,
    );
  }
}
