/**
 * What the writers of the demo notice: acknowledged writes and failures in steps of 100 ms, and for
 * each failure the longest stretch without an acknowledged write after it. A stretch is counted
 * from the failure or the last acknowledgement before, whichever came later, to the next
 * acknowledgement. Without load nothing is counted.
 */

import type { DemoOutage, DemoPoint, DemoStatus } from '../protocol/demo.ts';

const stepMs = 100;
const stepsMax = 1200;
const outagesMax = 50;
/** Longer than writes take on a busy machine: from here on it is shown as an outage. */
const ongoingMs = 250;
/** A stretch that begins later after a failure is not laid to it. */
const blameMs = 30_000;

interface Step {
  readonly number: number;
  acked: number;
  failed: number;
}

interface Failure {
  readonly atMs: number;
  readonly what: string;
  readonly sid: number | null;
  fromMs: number;
  toMs: number;
}

export class DemoMeter {
  readonly #now: () => number;
  #steps: Step[] = [];
  #failures: Failure[] = [];
  #isCounting = false;
  #startedMs = 0;
  /** Or the start: what comes before the first acknowledgement is no outage. */
  #lastAckMs = 0;
  #hasAcked = false;

  /** `now` is in ms since 1970 and never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  start(): void {
    this.#isCounting = true;
    this.#hasAcked = false;
    this.#startedMs = this.#now();
    this.#lastAckMs = this.#startedMs;
  }

  /** An outage that goes on is counted up to here. */
  stop(): void {
    if (this.#isCounting) this.#stretch(this.#now());
    this.#isCounting = false;
  }

  acked(): void {
    if (!this.#isCounting) return;
    const now = this.#now();
    this.#stretch(now);
    this.#lastAckMs = now;
    this.#hasAcked = true;
    this.#step(now).acked += 1;
  }

  failed(): void {
    if (this.#isCounting) this.#step(this.#now()).failed += 1;
  }

  /** Something was broken: what comes of it is measured, if there is load. */
  broke(what: string, sid: number | null): void {
    if (!this.#isCounting) return;
    const atMs = this.#now();
    this.#failures.push({ atMs, what, sid, fromMs: atMs, toMs: atMs });
    if (this.#failures.length > outagesMax) this.#failures.shift();
  }

  get outage(): DemoStatus['outage'] {
    const now = this.#now();
    const isOngoing = this.#isCounting && this.#hasAcked && now - this.#lastAckMs > ongoingMs;
    const lastMs = this.outages.at(-1)?.ms ?? null;
    return { lastMs, since: isOngoing ? this.#lastAckMs : null, isOngoing };
  }

  get outages(): DemoOutage[] {
    const now = this.#now();
    return this.#failures.map((failure) => {
      const { atMs, what, sid, fromMs, toMs } = failure;
      const openMs = this.#openFrom(failure);
      if (openMs !== null && now - openMs > Math.max(toMs - fromMs, ongoingMs)) {
        return { atMs, what, sid, fromMs: openMs, toMs: null, ms: Math.round(now - openMs) };
      }
      return { atMs, what, sid, fromMs, toMs, ms: Math.round(toMs - fromMs) };
    });
  }

  /** Whole steps only: the one under way would look like a drop. */
  get series(): DemoPoint[] {
    const current = Math.floor(this.#now() / stepMs);
    if (this.#isCounting) this.#fill(current);
    return this.#steps
      .filter(({ number }) => number < current && number >= current - stepsMax)
      .map(({ number, acked, failed }) => ({
        atMs: number * stepMs,
        perSecond: Math.round((acked * 1000) / stepMs),
        failed,
      }));
  }

  /** Where the stretch that is open now begins for a failure; null if it is none of its doing. */
  #openFrom(failure: Failure): number | null {
    if (!this.#isCounting) return null;
    const isWithin = failure.atMs >= this.#lastAckMs;
    const isLatest = failure === this.#failures.at(-1) && this.#lastAckMs - failure.atMs <= blameMs;
    // What an earlier load met was over when that was stopped.
    if (failure.atMs < this.#startedMs) return null;
    return isWithin || isLatest ? Math.max(failure.atMs, this.#lastAckMs) : null;
  }

  #stretch(now: number): void {
    for (let at = this.#failures.length - 1; at >= 0; at--) {
      const failure = this.#failures[at]!;
      const fromMs = this.#openFrom(failure);
      if (fromMs === null) return;
      if (now - fromMs <= failure.toMs - failure.fromMs) continue;
      failure.fromMs = fromMs;
      failure.toMs = now;
    }
  }

  #step(now: number): Step {
    this.#fill(Math.floor(now / stepMs));
    return this.#steps.at(-1)!;
  }

  /** Steps in which nothing happened count as well: they are the outage. */
  #fill(until: number): void {
    const lastNumber = this.#steps.at(-1)?.number ?? -1;
    const startNumber = Math.floor(this.#lastAckMs / stepMs);
    const first = Math.max(lastNumber + 1, Math.min(startNumber, until), until - stepsMax);
    for (let number = first; number <= until; number++) {
      this.#steps.push({ number, acked: 0, failed: 0 });
    }
    if (this.#steps.length > 2 * stepsMax) this.#steps = this.#steps.slice(-stepsMax);
  }
}
