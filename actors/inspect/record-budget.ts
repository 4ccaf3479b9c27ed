/**
 * How many records of a kind are made in a stretch of time: a replica under load takes more steps
 * than anybody can look at, and is not to be slowed by showing them. What is left out is counted.
 */

const windowMs = 100;

export class RecordBudget {
  readonly #perWindow: number;
  #windowEndMs = Number.NEGATIVE_INFINITY;
  readonly #spent = new Map<string, number>();
  /** Left out since they were taken last. */
  readonly #dropped = new Map<string, number>();

  constructor(perWindow: number) {
    this.#perWindow = perWindow;
  }

  /** May one more of the kind be made? One that is left out is counted as one `of` these. */
  allows(kind: string, nowMs: number, of = kind): boolean {
    if (nowMs >= this.#windowEndMs) {
      this.#windowEndMs = nowMs + windowMs;
      this.#spent.clear();
    }
    const spent = this.#spent.get(kind) ?? 0;
    if (spent < this.#perWindow) {
      this.#spent.set(kind, spent + 1);
      return true;
    }
    this.#dropped.set(of, (this.#dropped.get(of) ?? 0) + 1);
    return false;
  }

  takeDropped(): [of: string, count: number][] {
    const dropped = [...this.#dropped];
    this.#dropped.clear();
    return dropped;
  }
}
