/**
 * Linearizability of one register by search (Wing and Gong, with Lowe's memory of what was tried):
 * is there an order of the operations, each between its call and its return, in which each returns
 * what it did? It knows nothing of zxids.
 */

import { SeededRandom } from '../../support/seeded-random.ts';

/** One operation; `returned` is Infinity where its outcome is not known. */
export interface Call<State> {
  readonly called: number;
  readonly returned: number;
  /** The state after it; undefined when it cannot have had its outcome in this state. */
  step(state: State): State | undefined;
}

export type Verdict = 'linear' | 'not linear' | 'too long';

/**
 * `keyOf` names a state: equal ones have equal names. Gives up after `stepsMax` tries.
 */
export function isLinear<State>(
  calls: readonly Call<State>[],
  initial: State,
  keyOf: (state: State) => string,
  stepsMax = 100_000,
): Verdict {
  const sorted = [...calls].sort((a, b) => a.called - b.called);
  return new Search(sorted, keyOf, stepsMax).from(initial);
}

const none = -1;

class Search<State> {
  readonly #calls: readonly Call<State>[];
  readonly #keyOf: (state: State) => string;
  #stepsLeft: number;
  /** Operations that are not taken, chained in the order of their calls. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  #head = 0;
  /** Operations with a known return that are not taken. */
  #due: number;
  /** Two random numbers per operation: their sums over those taken name the set. */
  readonly #marks: Int32Array;
  #sumA = 0;
  #sumB = 0;
  readonly #tried = new Set<string>();

  constructor(calls: readonly Call<State>[], keyOf: (state: State) => string, stepsMax: number) {
    this.#calls = calls;
    this.#keyOf = keyOf;
    this.#stepsLeft = stepsMax;
    const count = calls.length;
    this.#next = Int32Array.from(calls, (_, at) => (at + 1 < count ? at + 1 : none));
    this.#previous = Int32Array.from(calls, (_, at) => at - 1);
    if (count === 0) this.#head = none;
    this.#due = calls.filter(({ returned }) => Number.isFinite(returned)).length;
    const random = new SeededRandom(count);
    this.#marks = Int32Array.from({ length: count * 2 }, () => random.below(2 ** 32));
  }

  from(initial: State): Verdict {
    let state = initial;
    const path: { readonly state: State; readonly at: number }[] = [];
    let at = this.#firstFrom(this.#head);
    while (this.#due > 0) {
      if (this.#stepsLeft-- <= 0) return 'too long';
      if (at === none) {
        const last = path.pop();
        if (last === undefined) return 'not linear';
        this.#giveBack(last.at);
        state = last.state;
        at = this.#firstFrom(this.#next[last.at]!);
        continue;
      }
      const after = this.#calls[at]!.step(state);
      if (after !== undefined) {
        this.#take(at);
        if (this.#isNew(after)) {
          path.push({ state, at });
          state = after;
          at = this.#firstFrom(this.#head);
          continue;
        }
        this.#giveBack(at);
      }
      at = this.#firstFrom(this.#next[at]!);
    }
    return 'linear';
  }

  /** `at`, if it may come first: called before any other that is left has returned. */
  #firstFrom(at: number): number {
    if (at === none) return none;
    const { called } = this.#calls[at]!;
    for (let other = this.#head; other !== at; other = this.#next[other]!) {
      if (this.#calls[other]!.returned < called) return none;
    }
    return at;
  }

  #take(at: number): void {
    const next = this.#next[at]!;
    const previous = this.#previous[at]!;
    if (previous === none) this.#head = next;
    else this.#next[previous] = next;
    if (next !== none) this.#previous[next] = previous;
    this.#note(at, -1);
  }

  /** The last one taken goes back to its place. */
  #giveBack(at: number): void {
    const next = this.#next[at]!;
    const previous = this.#previous[at]!;
    if (previous === none) this.#head = at;
    else this.#next[previous] = at;
    if (next !== none) this.#previous[next] = at;
    this.#note(at, 1);
  }

  #note(at: number, change: number): void {
    if (Number.isFinite(this.#calls[at]!.returned)) this.#due += change;
    this.#sumA = (this.#sumA + change * this.#marks[at * 2]!) | 0;
    this.#sumB = (this.#sumB + change * this.#marks[at * 2 + 1]!) | 0;
  }

  /** Has this state been reached by these operations before? */
  #isNew(state: State): boolean {
    const key = `${this.#sumA} ${this.#sumB} ${this.#keyOf(state)}`;
    if (this.#tried.has(key)) return false;
    this.#tried.add(key);
    return true;
  }
}
