/**
 * What the processes of one side cost over a stretch of time: processor seconds and peak memory;
 * and how much of the processors went to strangers meanwhile, for then the figures are not to be
 * trusted.
 */

import { busySeconds, usageOf } from './process-usage.ts';
import { sum } from './statistics.ts';

export interface Cost {
  readonly seconds: number;
  /** Of all processes together. */
  readonly processorSeconds: number;
  readonly processorSecondsOf: ReadonlyMap<number, number>;
  /** The most at any look, of all processes together. */
  readonly residentBytes: number;
  /** Of the processors' whole time, 0 to 1. */
  readonly othersShare: number;
}

export interface Metered {
  readonly pids: readonly number[];
  /** Of the load generator. */
  readonly loadPid: number;
  /** Numbers of the processors that both share. */
  readonly processors: readonly number[];
}

const lookEveryMs = 250;

export class Meter {
  readonly #metered: Metered;
  readonly #startedMs = performance.now();
  readonly #before: ReadonlyMap<number, number>;
  readonly #busyBefore: number;
  readonly #timer: NodeJS.Timeout;
  /** As last seen: one that has ended is forgotten by /proc. */
  readonly #last: Map<number, number>;
  #residentBytes = 0;

  constructor(metered: Metered) {
    this.#metered = metered;
    const pids = [...metered.pids, metered.loadPid];
    this.#before = new Map(pids.map((pid) => [pid, usageOf(pid)?.processorSeconds ?? 0]));
    this.#last = new Map(this.#before);
    this.#busyBefore = busySeconds(metered.processors);
    this.#look();
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
  }

  stop(): Cost {
    clearInterval(this.#timer);
    this.#look();
    const { pids, loadPid, processors } = this.#metered;
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const spent = new Map(pids.map((pid) => [pid, this.#spentBy(pid)]));
    const processorSeconds = sum([...spent.values()]);
    const busy = busySeconds(processors) - this.#busyBefore;
    const others = busy - processorSeconds - this.#spentBy(loadPid);
    return {
      seconds,
      processorSeconds,
      processorSecondsOf: spent,
      residentBytes: this.#residentBytes,
      othersShare: Math.max(0, others) / (seconds * processors.length),
    };
  }

  #spentBy(pid: number): number {
    return this.#last.get(pid)! - this.#before.get(pid)!;
  }

  #look(): void {
    const { pids, loadPid } = this.#metered;
    for (const pid of [...pids, loadPid]) {
      const usage = usageOf(pid);
      if (usage !== null) this.#last.set(pid, usage.processorSeconds);
    }
    this.#residentBytes = Math.max(this.#residentBytes, residentBytesOf(pids));
  }
}

export function residentBytesOf(pids: readonly number[]): number {
  return sum(pids.map((pid) => usageOf(pid)?.residentBytes ?? 0));
}
