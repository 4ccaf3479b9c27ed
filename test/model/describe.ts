/** States and frames in a few words, for people. */

import type { Action } from './actions.ts';
import { type Frame, frames } from './frames.ts';
import type { State } from './layout.ts';
import type { Model } from './model.ts';

export function roleOf(model: Model, state: State, sid: number): string {
  const { incarnation, leader, learner } = model.replica(state, sid);
  if (incarnation === 0) return 'down';
  const { leadsEpoch, learnerEpoch } = model.summaryOf(state, sid);
  const { catalogue } = model;
  if (leader !== null) return `leads ${leadsEpoch} ${catalogue.leader.state(leader.machine)}`;
  if (learner === null) return 'looks';
  const name = catalogue.learner.state(learner.machine);
  return `follows ${learner.leader} in ${learnerEpoch} ${name}`;
}

export function describeState(model: Model, state: State): string {
  return model.sids.map((sid) => `${sid} ${roleOf(model, state, sid)}`).join(', ');
}

/** The frame that an action is about, if it is about one. */
export function frameOf(model: Model, state: State, { kind, a, b }: Action): Frame | null {
  if (kind === 'late') {
    const late = model.lateOf(state);
    return late === null ? null : frames.get(late.frame);
  }
  if (kind !== 'deliver' && kind !== 'lose' && kind !== 'keep') return null;
  return model.queue(state, a, b)[0] ?? null;
}
