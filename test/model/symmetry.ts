/**
 * Replicas are alike but for their sids: of all states that differ only by who is who, one stands
 * for all. In that one the replicas stand in the order of their signatures, which say nothing of
 * sids; where that leaves a choice, the smallest row of integers is it.
 */

import { assert } from '../../protocol/assert.ts';
import { PairMemo } from './interner.ts';
import type { State } from './layout.ts';
import type { Model } from './model.ts';
import type { Renaming } from './names.ts';

export function permutations(sids: readonly number[]): number[][] {
  if (sids.length === 0) return [[]];
  return sids.flatMap((first) =>
    permutations(sids.filter((sid) => sid !== first)).map((rest) => [first, ...rest]),
  );
}

export class Symmetry {
  readonly #model: Model;
  readonly #n: number;
  /** By permutation: the new sid of each old one, from 1 on; and back. */
  readonly renamings: readonly Renaming[];
  readonly #tables: readonly number[][];
  readonly #sources: readonly number[][];
  readonly #replica: PairMemo;
  readonly #queue: PairMemo;
  readonly #late: PairMemo;
  readonly #cut: PairMemo;
  readonly #signatures: Int32Array;
  readonly #candidate: State;
  readonly #best: State;

  constructor(model: Model, isOn: boolean) {
    const { sids } = model;
    this.#model = model;
    this.#n = sids.length;
    this.#signatures = new Int32Array(this.#n + 1);
    this.#candidate = new Int32Array(model.size);
    this.#best = new Int32Array(model.size);
    const all = isOn ? permutations(sids) : [[...sids]];
    this.#tables = all.map((to) => [0, ...to]);
    this.#sources = this.#tables.map((table) => table.map((_, place) => table.indexOf(place)));
    this.renamings = this.#tables.map((table) => (sid: number) => table[sid]!);
    this.#replica = this.#renamed((replica, sid) => model.renameReplica(replica, sid));
    this.#queue = this.#renamed((queue, sid) => model.network.rename(queue, sid));
    this.#late = this.#renamed((late, sid) => model.renameLate(late, sid));
    this.#cut = this.#renamed((cut, sid) => model.renameCut(cut, sid));
  }

  /** Whatever is renamed is itself when it is renamed back. */
  #renamed(rename: (id: number, sid: Renaming) => number): PairMemo {
    return new PairMemo((id, to) => {
      const renamed = rename(id, this.renamings[to]!);
      const back = this.#tables.findIndex((table) => String(table) === String(this.#sources[to]));
      assert(rename(renamed, this.renamings[back]!) === id, 'renamed and back');
      return renamed;
    });
  }

  /** Puts the state's representative in its place; returns which permutation that was. */
  canonical(state: State): number {
    const signatures = this.#signatures;
    for (let sid = 1; sid <= this.#n; sid++) {
      signatures[sid] = this.#model.summaryOf(state, sid).signature;
    }
    let best = -1;
    for (let to = 0; to < this.#tables.length; to++) {
      if (!this.#isInOrder(to)) continue;
      if (best < 0) {
        this.#rename(state, to, this.#best);
        best = to;
        continue;
      }
      this.#rename(state, to, this.#candidate);
      if (!isSmaller(this.#candidate, this.#best)) continue;
      this.#best.set(this.#candidate);
      best = to;
    }
    state.set(this.#best);
    return best;
  }

  #isInOrder(to: number): boolean {
    const sources = this.#sources[to]!;
    for (let place = 2; place <= this.#n; place++) {
      if (this.#signatures[sources[place - 1]!]! > this.#signatures[sources[place]!]!) return false;
    }
    return true;
  }

  #rename(state: State, to: number, into: State): void {
    const n = this.#n;
    into.set(state);
    const table = this.#tables[to]!;
    // The first one leaves all as it is.
    if (to === 0) return;
    for (let one = 1; one <= n; one++) {
      into[table[one]! - 1] = this.#replica.get(state[one - 1]!, to);
      for (let other = 1; other <= n; other++) {
        const queue = state[n + (one - 1) * n + other - 1]!;
        into[n + (table[one]! - 1) * n + table[other]! - 1] =
          queue === 0 ? 0 : this.#queue.get(queue, to);
      }
    }
    const cut = n + n * n;
    if (state[cut] !== 0) into[cut] = this.#cut.get(state[cut]!, to);
    if (state[cut + 1] !== 0) into[cut + 1] = this.#late.get(state[cut + 1]!, to);
  }
}

function isSmaller(one: State, other: State): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return one[at]! < other[at]!;
  return false;
}
