/**
 * What may be wrong on the way from one replica to another, one way at a time: the two directions
 * of a link are two ways.
 */

export interface WayCounts {
  lost: number;
  repeated: number;
  reordered: number;
  damaged: number;
}

export interface Way {
  /** Nothing passes (F4 to F6, F13, F17). */
  isCut: boolean;
  /** Nothing passes, and the sender is told that nobody listens (F14). */
  isHidden: boolean;
  /** Chances per frame (F7, F8, F9, F11). */
  loss: number;
  repeat: number;
  reorder: number;
  damage: number;
  /** Mean of a further delay, ms (F10). */
  extraMs: number;
  readonly counts: WayCounts;
}

export class Ways {
  readonly #ways = new Map<number, Way>();
  /** Over all ways. */
  readonly counts: WayCounts = { lost: 0, repeated: 0, reordered: 0, damaged: 0 };

  of(from: number, to: number): Way {
    const key = from * 256 + to;
    let way = this.#ways.get(key);
    if (way === undefined) {
      way = { ...sound(), counts: this.counts };
      this.#ways.set(key, way);
    }
    return way;
  }

  /** Both ways between each of the one and each of the other. */
  between(some: readonly number[], others: readonly number[]): Way[] {
    return some.flatMap((a) => others.flatMap((b) => [this.of(a, b), this.of(b, a)]));
  }

  cut(some: readonly number[], others: readonly number[]): void {
    for (const way of this.between(some, others)) way.isCut = true;
  }

  healAll(): void {
    for (const way of this.#ways.values()) Object.assign(way, sound());
  }
}

function sound(): Omit<Way, 'counts'> {
  return {
    ...{ isCut: false, isHidden: false, extraMs: 0 },
    ...{ loss: 0, repeat: 0, reorder: 0, damage: 0 },
  };
}
