/**
 * Indexes of the znodes that somebody removes without being asked by name: ephemerals by session,
 * containers and TTL znodes. Rebuilt from the rows when a snapshot is loaded.
 *
 * Invariant: every slot in here is live and of the kind it is listed under.
 */

import { assert } from '../protocol/assert.ts';
import { sessionIdFromHalves } from '../protocol/session-id.ts';
import { Flag } from './znode-rows.ts';

const nothing: ReadonlySet<number> = new Set();

export class SpecialZnodes {
  readonly #ephemerals = new Map<string, Set<number>>();
  readonly containers = new Set<number>();
  /** Time to live in ms by slot. */
  readonly ttls = new Map<number, number>();
  ephemeralCount = 0;

  /** Slots of the ephemerals that a session owns. */
  ephemeralsOf(sessionId: string): ReadonlySet<number> {
    return this.#ephemerals.get(sessionId) ?? nothing;
  }

  /** Sessions that own ephemerals, with their slots. */
  owners(): Iterable<[string, ReadonlySet<number>]> {
    return this.#ephemerals;
  }

  add(slot: number, kind: number, ownerHigh: number, ownerLow: number, ttl: number): void {
    if (kind & Flag.ephemeral) {
      assert((ownerHigh | ownerLow) !== 0, 'ephemerals: each has an owner');
      const owner = sessionIdFromHalves(ownerHigh, ownerLow);
      const owned = this.#ephemerals.get(owner);
      if (owned) owned.add(slot);
      else this.#ephemerals.set(owner, new Set([slot]));
      this.ephemeralCount++;
      assert(this.ephemeralCount >= this.#ephemerals.size, 'ephemerals: an owner has at least one');
    } else if (kind & Flag.container) {
      assert(!this.containers.has(slot), 'containers: each is listed once');
      this.containers.add(slot);
    } else if (kind & Flag.ttl) {
      assert(!this.ttls.has(slot), 'TTL znodes: each is listed once');
      this.ttls.set(slot, ttl);
    }
  }

  remove(slot: number, kind: number, ownerHigh: number, ownerLow: number): void {
    if (kind & Flag.ephemeral) {
      const owner = sessionIdFromHalves(ownerHigh, ownerLow);
      const owned = this.#ephemerals.get(owner);
      assert(owned?.delete(slot) === true, 'ephemerals: a removed one was listed under its owner');
      if (owned.size === 0) this.#ephemerals.delete(owner);
      this.ephemeralCount--;
      assert(this.ephemeralCount >= 0, 'ephemerals: each is counted once');
    } else if (kind & Flag.container) {
      assert(this.containers.delete(slot), 'containers: a removed one was listed');
    } else if (kind & Flag.ttl)
      assert(this.ttls.delete(slot), 'TTL znodes: a removed one was listed');
  }
}
