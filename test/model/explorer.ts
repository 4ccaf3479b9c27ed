/**
 * Breadth first over all states of a model, so that the first violation that is found has a
 * shortest trace. A level is kept as one array of integers; of older ones only hashes stay.
 */

import { assert } from '../../protocol/assert.ts';
import { type Action, decode, encode, parse } from './actions.ts';
import type { ModelBounds } from './bounds.ts';
import type { State } from './layout.ts';
import type { Extended } from './liveness.ts';
import { Model } from './model.ts';
import { Reduction } from './reduction.ts';
import { StateTable } from './state-table.ts';
import { Symmetry } from './symmetry.ts';

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly seconds: number;
  /** Nothing was left out. */
  readonly complete: boolean;
  readonly violation: Violation | null;
}

export interface Violation {
  readonly fault: string;
  /** From the initial state; replicas are named as in it. */
  readonly actions: readonly Action[];
  /** How many of them are faults and chance; what follows is a fair extension (liveness.ts). */
  readonly fairFrom: number;
}

export interface ExploreOptions {
  /** What has happened before: lines of a script. */
  readonly before?: readonly string[];
  readonly secondsMax?: number;
  readonly statesMax?: number;
  /** What need not be explored is not (reduction.ts). */
  readonly isReduced?: boolean;
  /** States differ by all that they hold (Model). */
  readonly isWhole?: boolean;
  /** Asked about each new state. */
  readonly visit?: (model: Model, state: State) => Extended | null;
  readonly progress?: (line: string) => void;
}

class Level {
  #rows = new Int32Array(1 << 16);
  readonly #width: number;
  size = 0;

  constructor(width: number) {
    this.#width = width;
  }

  push(number: number, state: State): void {
    const at = this.size * (this.#width + 1);
    if (at + this.#width + 1 > this.#rows.length) {
      const grown = new Int32Array(this.#rows.length * 2);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#rows[at] = number;
    this.#rows.set(state, at + 1);
    this.size++;
  }

  number(index: number): number {
    return this.#rows[index * (this.#width + 1)]!;
  }

  state(index: number): State {
    const at = index * (this.#width + 1) + 1;
    return this.#rows.subarray(at, at + this.#width);
  }

  clear(): void {
    this.size = 0;
  }
}

export function explore(bounds: ModelBounds, options: ExploreOptions = {}): Exploration {
  const model = new Model(bounds, options.isWhole);
  const symmetry = new Symmetry(model, true);
  const reduction = options.isReduced === true ? new Reduction(model) : model;
  const table = new StateTable();
  let [level, next] = [new Level(model.size), new Level(model.size)];
  const scratch = new Int32Array(model.size);
  const list: number[] = [];
  const startedMs = performance.now();
  const secondsMax = options.secondsMax ?? Number.POSITIVE_INFINITY;
  const statesMax = options.statesMax ?? Number.POSITIVE_INFINITY;
  const before = (options.before ?? []).map(parse);
  const trace = (path: readonly number[], fair: readonly number[]) =>
    namedTrace(model, symmetry, before, path, fair);
  const initial = carriedOut(model, before);
  symmetry.canonical(initial);
  level.push(table.add(initial, -1, 0), initial);
  let [depth, transitions, isStopped] = [0, 0, false];
  const seconds = () => (performance.now() - startedMs) / 1000;
  const result = (violation: Violation | null): Exploration => {
    const complete = violation === null && !isStopped;
    return { states: table.size, transitions, depth, seconds: seconds(), complete, violation };
  };
  let toldSeconds = 0;
  while (level.size > 0 && !isStopped) {
    for (let index = 0; index < level.size; index++) {
      const state = level.state(index);
      const parent = level.number(index);
      for (const action of reduction.actions(state, list)) {
        if (!model.apply(state, action, scratch)) continue;
        transitions++;
        if (model.fault !== null) {
          const path = [...table.path(parent), action];
          return result({ fault: model.fault, ...trace(path, []) });
        }
        symmetry.canonical(scratch);
        const number = table.add(scratch, parent, action);
        if (number < 0) continue;
        next.push(number, scratch);
        const found = options.visit?.(model, scratch) ?? null;
        if (found !== null) {
          return result({ fault: found.fault, ...trace(table.path(number), found.codes) });
        }
      }
      if ((index & 1023) !== 0) continue;
      const now = seconds();
      isStopped = now > secondsMax || table.size > statesMax;
      if (isStopped) break;
      if (options.progress !== undefined && now > toldSeconds + 5) {
        toldSeconds = now;
        const rate = Math.round(table.size / now / 1000);
        options.progress(
          `depth ${depth}: ${table.size} states, ${transitions} transitions, ` +
            `${Math.round(now)} s, ${rate}k/s, ${model.replicaCount} replica states`,
        );
      }
    }
    [level, next] = [next, level];
    next.clear();
    depth++;
  }
  return result(null);
}

/** The state after all that. */
function carriedOut(model: Model, before: readonly Action[]): State {
  const state = model.initial();
  const next = new Int32Array(model.size);
  for (const { kind, a, b, c } of before) {
    const code = encode(kind, a, b, c);
    const isPossible = model.actions(state, []).includes(code);
    assert(isPossible && model.apply(state, code, next), 'what has happened before can happen');
    state.set(next);
  }
  return state;
}

/** Undoes the changes of places, so that a replica has one name from the first line to the last. */
function namedTrace(
  model: Model,
  symmetry: Symmetry,
  before: readonly Action[],
  path: readonly number[],
  fair: readonly number[],
): Pick<Violation, 'actions' | 'fairFrom'> {
  const state = carriedOut(model, before);
  const next = new Int32Array(model.size);
  /** By sid in the state at hand: the sid in the trace. */
  let names = [0, ...model.sids];
  const place = (to: number) => {
    const old = names;
    names = [...old];
    for (const sid of model.sids) names[symmetry.renamings[to]!(sid)] = old[sid]!;
  };
  place(symmetry.canonical(state));
  const actions: Action[] = [...before];
  for (const code of path) {
    actions.push(named(decode(code), names, model.sids.length));
    model.apply(state, code, next);
    place(symmetry.canonical(next));
    state.set(next);
  }
  const extension = fair.map((code) => named(decode(code), names, model.sids.length));
  return { actions: [...actions, ...extension], fairFrom: actions.length };
}

function named(action: Action, names: readonly number[], n: number): Action {
  const { kind, a, b, c } = action;
  let mask = c;
  if (kind === 'cut') {
    mask = 0;
    for (let sid = 1; sid <= n; sid++) if ((c >> sid) & 1) mask |= 1 << names[sid]!;
  }
  return decode(encode(kind, names[a]!, names[b]!, mask));
}
