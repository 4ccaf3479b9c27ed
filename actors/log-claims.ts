/**
 * What of the leader's log must not be purged yet: the part that a learner is being sent, or comes
 * back for behind a snapshot. Without that it could be behind again each time, under a heavy load.
 * A claim ends by itself, so that a learner that stays away costs no disk.
 */

import type { Clock } from './clock.ts';

/** A learner opens its snapshot and is back in far less. */
const claimMs = 60_000;

export class LogClaims {
  readonly #clock: Clock;
  /** By learner. Bounded by their number. */
  readonly #claims = new Map<number, { readonly zxid: number; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `sid` holds everything up to `zxid` soon, and will ask for what follows. */
  add(sid: number, zxid: number): void {
    this.#claims.set(sid, { zxid, untilMs: this.#clock.monotonicMs() + claimMs });
  }

  /** It holds our history. */
  delete(sid: number): void {
    this.#claims.delete(sid);
  }

  /** Txns above this one stay; Infinity when nobody claims any. */
  get zxid(): number {
    const nowMs = this.#clock.monotonicMs();
    let least = Number.POSITIVE_INFINITY;
    for (const [sid, { zxid, untilMs }] of this.#claims) {
      if (untilMs < nowMs) this.#claims.delete(sid);
      else least = Math.min(least, zxid);
    }
    return least;
  }
}
