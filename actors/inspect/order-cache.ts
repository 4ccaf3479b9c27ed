/**
 * A few sorted orders of long lists, so that scrolling does not sort again each time. One that is
 * of an older version is used for four times as long as sorting took: a list that never rests costs
 * a fifth of the time at most. After 30 s an order is dropped with the next question.
 */

import type { Clock } from '../clock.ts';

const keepMs = 30_000;
const staleFactor = 4;
const ordersMax = 4;
/** Shorter lists are not kept. */
const itemsMin = 1000;
const itemsMax = 4_000_000;

/** An order as it was. */
export interface Before {
  readonly version: string | null;
  readonly items: Promise<Int32Array>;
}

interface Order extends Before {
  readonly key: string;
  readonly beganMs: number;
  isMade: boolean;
  length: number;
  tookMs: number;
}

export class OrderCache {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #orders: Order[] = [];

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /**
   * The order of the list `key`: as kept, or made by `make`, which is told the one before, of
   * whatever version. Version null: of what may have changed at any time. Who asks while it is made
   * gets the same.
   */
  get(
    key: string,
    version: string | null,
    make: (before: Before | null) => Promise<Int32Array>,
  ): Promise<Int32Array> {
    const nowMs = this.#clock.monotonicMs();
    this.#orders = this.#orders.filter((order) => nowMs - order.beganMs < keepMs);
    const known = this.#orders.find((order) => order.key === key);
    if (known !== undefined) {
      const isSame = version !== null && known.version === version;
      const isFresh = nowMs - known.beganMs < known.tookMs * (staleFactor + 1);
      if (isSame || isFresh || !known.isMade) return known.items;
      this.#drop(known);
    }
    const items = make(known ?? null);
    const order: Order = {
      ...{ key, version, items, beganMs: nowMs },
      ...{ isMade: false, length: 0, tookMs: 0 },
    };
    this.#orders.push(order);
    order.items.then(
      ({ length }) => this.#made(order, length),
      () => this.#drop(order),
    );
    return order.items;
  }

  #made(order: Order, length: number): void {
    order.isMade = true;
    order.length = length;
    order.tookMs = this.#clock.monotonicMs() - order.beganMs;
    if (length < itemsMin) this.#drop(order);
    const items = () => this.#orders.reduce((sum, { length }) => sum + length, 0);
    while (this.#orders.length > ordersMax || items() > itemsMax) this.#orders.shift();
  }

  #drop(order: Order): void {
    this.#orders = this.#orders.filter((other) => other !== order);
  }
}
