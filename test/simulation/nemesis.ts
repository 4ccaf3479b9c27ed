/**
 * Breaks a simulated ensemble, several things at a time, and mends it again. All from a seed.
 */

import type { End, Fault, World } from './faults.ts';
import type { Planned } from './schedule.ts';

export interface NemesisPlan {
  readonly faults: readonly Fault[];
  /** Mean time between two faults, and for how long one lasts, ms. */
  readonly everyMs: number;
  readonly lastsMs: number;
  /** Most faults at a time. */
  readonly togetherMax: number;
}

interface Running {
  readonly name: string;
  readonly end: End;
}

export class Nemesis {
  readonly #world: World;
  readonly #plan: NemesisPlan;
  readonly #say: (what: string) => void;
  readonly #running = new Set<Running>();
  #next: Planned | null = null;
  #isQuiet = false;
  /** Faults by name; and how often three or more classes were at work together. */
  readonly counts: { [name: string]: number } = {};
  together = 0;

  constructor(world: World, plan: NemesisPlan, say: (what: string) => void) {
    this.#world = world;
    this.#plan = plan;
    this.#say = say;
  }

  start(): void {
    this.#planNext();
  }

  #planNext(): void {
    const { random, schedule } = this.#world;
    // Evenly spread in the logarithm: bursts, and long waits.
    const waitMs = this.#plan.everyMs * (0.05 + 3 * random.unit() ** 2);
    this.#next = schedule.after(waitMs, () => {
      this.#begin();
      this.#planNext();
    });
  }

  #begin(): void {
    const { random, schedule } = this.#world;
    if (this.#running.size >= this.#plan.togetherMax || !this.#isQuietOver) return;
    const fault = this.#pick();
    if (fault.isAlone && (this.#running.size > 0 || !this.#world.ensemble.isServing)) return;
    const end = fault.begin(this.#world);
    if (end === null) return;
    if (fault.isAlone) this.#isQuiet = true;
    this.#say(`begins ${fault.name}`);
    this.counts[fault.name] = (this.counts[fault.name] ?? 0) + 1;
    const running: Running = { name: fault.name, end };
    this.#running.add(running);
    if (this.#running.size >= 3) this.together++;
    schedule.after(this.#plan.lastsMs * 4 * random.unit() ** 3 + 1, () => this.#end(running));
  }

  /** After a fault that suffers no other, all must be well before the next one. */
  get #isQuietOver(): boolean {
    if (this.#isQuiet && this.#running.size === 0 && this.#world.ensemble.isServing) {
      this.#isQuiet = false;
    }
    return !this.#isQuiet;
  }

  #pick(): Fault {
    const { faults } = this.#plan;
    let at = this.#world.random.unit() * faults.reduce((sum, { weight }) => sum + weight, 0);
    for (const fault of faults) {
      at -= fault.weight;
      if (at < 0) return fault;
    }
    return faults.at(-1)!;
  }

  #end(running: Running): void {
    if (!this.#running.delete(running)) return;
    this.#say(`ends ${running.name}`);
    running.end();
  }

  /** No more faults, and whatever is broken is mended. */
  stop(): void {
    this.#next?.cancel();
    for (const running of [...this.#running]) this.#end(running);
    const { ensemble } = this.#world;
    ensemble.net.ways.healAll();
    for (const replica of ensemble.replicas) {
      replica.disk.faults.heal();
      replica.setRoad(false);
      replica.isShut = false;
      replica.resume();
      for (const bus of replica.buses) bus.setConnected(true, 1);
      replica.start();
    }
  }
}
