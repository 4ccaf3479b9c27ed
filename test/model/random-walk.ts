/**
 * Random walks through models that are too large to be explored: the invariants are checked at
 * every step, and from the end of each walk a fair extension must come to an agreement. What was
 * found is made shorter before it is told: actions that it does not need are left out.
 */

import { SeededRandom } from '../support/seeded-random.ts';
import { type Action, decode, encode, kinds } from './actions.ts';
import type { ModelBounds } from './bounds.ts';
import type { Violation } from './explorer.ts';
import { extend } from './liveness.ts';
import { Model } from './model.ts';

export interface Walks {
  readonly walks: number;
  readonly steps: number;
  readonly seconds: number;
  readonly violation: Violation | null;
}

export interface WalkOptions {
  readonly seed: number;
  readonly secondsMax: number;
  readonly stepsMax?: number;
}

/** Faults are rare, so that something gets done between them. */
const weights: { readonly [kind: string]: number } = {
  ...{ deliver: 12, flush: 8, follow: 6, restart: 3, propose: 3, greet: 2, heal: 1, elect: 0.7 },
  ...{ crash: 0.15, wipe: 0.1, cut: 0.15, lose: 0.1, keep: 0.1, late: 0.5, timeout: 0.3 },
  ...{ forget: 0.3, overdue: 2, rival: 0.5, note: 0.5, beat: 0.5 },
};
const weightOf = kinds.map((kind) => weights[kind] ?? 1);

function pick(random: SeededRandom, codes: readonly number[]): number {
  let total = 0;
  for (const code of codes) total += weightOf[code & 31]!;
  let left = random.unit() * total;
  for (const code of codes) {
    left -= weightOf[code & 31]!;
    if (left <= 0) return code;
  }
  return codes.at(-1)!;
}

export function walkAtRandom(bounds: ModelBounds, options: WalkOptions): Walks {
  const random = new SeededRandom(options.seed);
  const startedMs = performance.now();
  const seconds = () => (performance.now() - startedMs) / 1000;
  let model = new Model(bounds);
  let [walks, steps] = [0, 0];
  while (seconds() < options.secondsMax) {
    // What was computed once is kept, but not for ever.
    if (model.replicaCount > 200_000) model = new Model(bounds);
    const found = oneWalk(model, random, options.stepsMax ?? 300);
    walks++;
    steps += found.actions.length;
    if (found.fault === null) continue;
    const violation = shortened(bounds, found.fault, found.actions);
    return { walks, steps, seconds: seconds(), violation };
  }
  return { walks, steps, seconds: seconds(), violation: null };
}

function oneWalk(model: Model, random: SeededRandom, stepsMax: number) {
  const state = model.initial();
  const next = new Int32Array(model.size);
  const list: number[] = [];
  const actions: Action[] = [];
  for (let count = 0; count < stepsMax; count++) {
    if (model.actions(state, list).length === 0) break;
    const code = pick(random, list);
    if (!model.apply(state, code, next)) continue;
    actions.push(decode(code));
    if (model.fault !== null) return { fault: model.fault, actions };
    state.set(next);
  }
  return { fault: extend(model, state)?.fault ?? null, actions };
}

/** The fault of a run of these actions, and which of them could happen. */
function attempt(model: Model, actions: readonly Action[]) {
  const state = model.initial();
  const next = new Int32Array(model.size);
  const done: Action[] = [];
  for (const action of actions) {
    const { kind, a, b, c } = action;
    const code = encode(kind, a, b, c);
    if (!model.actions(state, []).includes(code) || !model.apply(state, code, next)) continue;
    done.push(action);
    if (model.fault !== null) return { fault: model.fault, done, fair: [] };
    state.set(next);
  }
  const extended = extend(model, state);
  return { fault: extended?.fault ?? null, done, fair: extended?.codes ?? [] };
}

const idOf = (fault: string): string => fault.slice(0, fault.indexOf(' '));

function shortened(bounds: ModelBounds, fault: string, actions: readonly Action[]): Violation {
  const model = new Model(bounds);
  let best = attempt(model, actions);
  for (let size = actions.length >> 1; size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at < best.done.length; ) {
      const fewer = [...best.done.slice(0, at), ...best.done.slice(at + size)];
      const tried = attempt(model, fewer);
      const isSame = tried.fault !== null && idOf(tried.fault) === idOf(fault);
      if (isSame && tried.done.length < best.done.length) best = tried;
      else at += size;
    }
  }
  const { done, fair } = best;
  const all = [...done, ...fair.map(decode)];
  return { fault: best.fault ?? fault, actions: all, fairFrom: done.length };
}
