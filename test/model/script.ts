/**
 * Traces as scenario scripts, one action per line, and their replay: each line is carried out and
 * all invariants are checked again. A line that cannot happen is an error.
 */

import { type Action, encode, parse, show } from './actions.ts';
import { type ModelBounds, parseBounds, showBounds } from './bounds.ts';
import { frameOf, roleOf } from './describe.ts';
import type { Violation } from './explorer.ts';
import { nameFrame } from './frames.ts';
import type { State } from './layout.ts';
import { Model } from './model.ts';
import { nameTxn } from './names.ts';

/** What an action is about, and what it leads to: for people, behind a `#`. */
function comment(model: Model, state: State, action: Action, next: State): string {
  const frame = frameOf(model, state, action);
  const parts = frame === null ? [] : [nameFrame(frame)];
  if (action.kind === 'flush') {
    const [write] = model.replica(state, action.a).pending;
    parts.push(write?.kind === 'append' ? `append ${nameTxn(write.txn)}` : (write?.kind ?? ''));
  }
  for (const sid of model.sids) {
    const [before, after] = [roleOf(model, state, sid), roleOf(model, next, sid)];
    if (before !== after) parts.push(`${sid}: ${after}`);
  }
  return parts.length === 0 ? '' : `  # ${parts.join('; ')}`;
}

/** From this line on there are no more faults, and no bounds (liveness.ts). */
const fair = 'fair';
/** Of an extension that comes to nothing, the beginning is told. */
const fairMax = 60;

export function script(bounds: ModelBounds, { fault, actions, fairFrom }: Violation): string {
  const model = new Model(bounds);
  const state = model.initial();
  const next = new Int32Array(model.size);
  const lines = [showBounds(bounds)];
  for (const [at, action] of actions.slice(0, fairFrom + fairMax).entries()) {
    if (at === fairFrom) {
      lines.push(fair);
      model.isUnbounded = true;
    }
    const { kind, a, b, c } = action;
    model.apply(state, encode(kind, a, b, c), next);
    lines.push(`${show(action, model.sids)}${comment(model, state, action, next)}`);
    state.set(next);
  }
  return [...lines, `# ${fault}`, ''].join('\n');
}

export interface Replayed {
  readonly fault: string | null;
  readonly model: Model;
  readonly state: State;
}

/** Stops at the first violation. */
export function replay(text: string): Replayed {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const model = new Model(parseBounds(lines[0]!));
  const state = model.initial();
  const next = new Int32Array(model.size);
  for (const line of lines.slice(1)) {
    if (line === fair) {
      model.isUnbounded = true;
      continue;
    }
    const { kind, a, b, c } = parse(line);
    const code = encode(kind, a, b, kind === 'cut' ? model.layout.oriented(c) : c);
    if (!model.isUnbounded && !model.actions(state, []).includes(code)) {
      throw new Error(`scenario: '${line}' cannot happen here`);
    }
    model.apply(state, code, next);
    state.set(next);
    if (model.fault !== null) return { fault: model.fault, model, state };
  }
  return { fault: null, model, state };
}
