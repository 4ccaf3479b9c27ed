/**
 * Replicas are alike but for their sids: of all states that differ only by who is who, one stands
 * for all. The smallest row of integers, under all permutations, is that one.
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
  readonly #n: number;
  /** By permutation: the new sid of each old one, from 1 on. */
  readonly renamings: readonly Renaming[];
  readonly #tables: readonly number[][];
  readonly #replica: PairMemo;
  readonly #queue: PairMemo;
  readonly #late: PairMemo;
  readonly #cut: PairMemo;
  readonly #size: number;
  readonly #candidate: State;

  constructor(model: Model, isOn: boolean) {
    const { sids } = model;
    this.#n = sids.length;
    this.#size = model.size;
    this.#candidate = new Int32Array(model.size);
    const all = isOn ? permutations(sids) : [[...sids]];
    this.#tables = all.map((to) => [0, ...to]);
    this.renamings = this.#tables.map((table) => (sid: number) => table[sid]!);
    const renaming = (permutation: number) => this.renamings[permutation]!;
    this.#replica = this.#orbits((replica, sid) => model.renameReplica(replica, sid));
    this.#queue = this.#orbits((queue, sid) => model.network.rename(queue, sid));
    this.#late = new PairMemo((late, to) => model.renameLate(late, renaming(to)));
    this.#cut = new PairMemo((cut, to) => model.renameCut(cut, renaming(to)));
  }

  /** All that one thing can be renamed to is worked out at once, for each of them. */
  #orbits(rename: (id: number, sid: Renaming) => number): PairMemo {
    const tables = this.#tables;
    const composed = tables.map((first) =>
      tables.map((second) => {
        const both = first.map((sid) => second[sid]!);
        return tables.findIndex((table) => table.every((sid, at) => sid === both[at]));
      }),
    );
    const memo: PairMemo = new PairMemo((id, wanted) => {
      const orbit = this.renamings.map((sid, at) => (at === 0 ? id : rename(id, sid)));
      const back = composed[1]?.indexOf(0) ?? 0;
      assert(rename(orbit[back === 0 ? 0 : 1]!, this.renamings[back]!) === id, 'renamed and back');
      for (const [first, one] of orbit.entries()) {
        for (const [second, then] of composed[first]!.entries())
          memo.set(one, second, orbit[then]!);
      }
      return orbit[wanted]!;
    });
    return memo;
  }

  /** Puts the state's representative in its place; returns which permutation that was. */
  canonical(state: State): number {
    let best = 0;
    for (let to = 1; to < this.#tables.length; to++) {
      // The first one is the state itself.
      if (this.#isSmaller(state, to, best)) best = to;
    }
    if (best !== 0) state.set(this.#renamed(state, best));
    return best;
  }

  /** By replicas alone at first: that decides nearly always. */
  #isSmaller(state: State, to: number, best: number): boolean {
    for (let place = 1; place <= this.#n; place++) {
      const one = this.#replicaAt(state, to, place);
      const other = this.#replicaAt(state, best, place);
      if (one !== other) return one < other;
    }
    const ours = this.#renamed(state, to).slice();
    const theirs = this.#renamed(state, best);
    for (let at = this.#n; at < this.#size; at++) {
      if (ours[at] !== theirs[at]) return ours[at]! < theirs[at]!;
    }
    return false;
  }

  /** Who comes to that place, as it is then. */
  #replicaAt(state: State, permutation: number, place: number): number {
    const from = this.#tables[permutation]!.indexOf(place);
    if (permutation === 0) return state[from - 1]!;
    return this.#replica.get(state[from - 1]!, permutation);
  }

  #renamed(state: State, permutation: number): State {
    const into = this.#candidate;
    const n = this.#n;
    into.set(state);
    if (permutation === 0) return into;
    const table = this.#tables[permutation]!;
    for (let one = 1; one <= n; one++) {
      into[table[one]! - 1] = this.#replica.get(state[one - 1]!, permutation);
      for (let other = 1; other <= n; other++) {
        const queue = state[n + (one - 1) * n + other - 1]!;
        into[n + (table[one]! - 1) * n + table[other]! - 1] =
          queue === 0 ? 0 : this.#queue.get(queue, permutation);
      }
    }
    const cut = n + n * n;
    if (state[cut] !== 0) into[cut] = this.#cut.get(state[cut]!, permutation);
    if (state[cut + 1] !== 0) into[cut + 1] = this.#late.get(state[cut + 1]!, permutation);
    return into;
  }
}
