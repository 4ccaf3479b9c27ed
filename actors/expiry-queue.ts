/**
 * Deadlines in buckets, one per tick: a touch costs nothing here, because a session that was heard
 * of since is only put into a later bucket when its old one comes up (spec 3.9).
 */

export interface Expiring {
  readonly id: string;
  readonly timeoutMs: number;
  readonly lastHeardMs: number;
}

export class ExpiryQueue<T extends Expiring> {
  readonly #tickMs: number;
  readonly #buckets = new Map<number, Set<T>>();
  readonly #dueTicks = new Map<T, number>();
  /** Buckets up to this tick have been emptied. */
  #doneTick = Number.NEGATIVE_INFINITY;

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  get size(): number {
    return this.#dueTicks.size;
  }

  /** First tick at which all of the session's timeout has passed. */
  #dueTick(item: T): number {
    return Math.floor((item.lastHeardMs + item.timeoutMs) / this.#tickMs) + 1;
  }

  add(item: T): void {
    this.remove(item);
    const tick = Math.max(this.#dueTick(item), this.#doneTick + 1);
    const bucket = this.#buckets.get(tick);
    if (bucket) bucket.add(item);
    else this.#buckets.set(tick, new Set([item]));
    this.#dueTicks.set(item, tick);
  }

  remove(item: T): void {
    const tick = this.#dueTicks.get(item);
    if (tick === undefined) return;
    this.#dueTicks.delete(item);
    const bucket = this.#buckets.get(tick);
    bucket?.delete(item);
    if (bucket?.size === 0) this.#buckets.delete(tick);
  }

  /** Takes out those whose deadline is at or before `tick`. */
  takeDue(tick: number): T[] {
    const due: T[] = [];
    for (const [at, bucket] of [...this.#buckets]) {
      if (at > tick) continue;
      for (const item of [...bucket]) {
        this.remove(item);
        if (this.#dueTick(item) <= tick) due.push(item);
        else this.add(item);
      }
    }
    this.#doneTick = tick;
    return due;
  }

  /** Buckets by their time in ms, soonest first: for `dump`. */
  buckets(): [number, T[]][] {
    return [...this.#buckets]
      .sort(([a], [b]) => a - b)
      .map(([tick, bucket]) => [tick * this.#tickMs, [...bucket]]);
  }
}
