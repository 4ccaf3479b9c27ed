/**
 * Fair extension: from any state on, without further faults, does the ensemble become one again?
 * Links heal, replicas restart, frames and writes come round robin; somebody times out, or an
 * election ends, only when nothing else can happen. Then one leader is followed by all and a new
 * txn is applied by all (L1, L3), with short queues all along (L2).
 */

import { type ActionKind, decode, encode } from './actions.ts';
import { describeState } from './describe.ts';
import { isLinkLost } from './enabled.ts';
import type { State } from './layout.ts';
import type { Model } from './model.ts';

const stepsMax = 600;
const queueMax = 40;
const soon: readonly ActionKind[] = ['heal', 'restart', 'flush', 'deliver', 'greet', 'beat'];

export interface Extended {
  readonly fault: string;
  /** What was done since. */
  readonly codes: readonly number[];
}

/** A fault, or null if all is well in the end. */
export function extend(model: Model, from: State): Extended | null {
  const codes: number[] = [];
  const fault = faultOf(model, from, codes);
  return fault === null ? null : { fault, codes };
}

function faultOf(model: Model, from: State, codes: number[]): string | null {
  const state = from.slice();
  const next = new Int32Array(model.size);
  const list: number[] = [];
  let proposedAt = -1;
  model.isUnbounded = true;
  try {
    for (let count = 0; count < stepsMax; count++) {
      const goal = proposedAt < 0 ? isOne(model, state) : isApplied(model, state, proposedAt);
      if (goal && proposedAt >= 0) return null;
      let action = -1;
      if (goal) {
        proposedAt = model.ledger(state).proposed.length;
        action = encode('propose', leaderOf(model, state));
      } else action = nextAction(model, state, model.actions(state, list), count);
      const isIdle = proposedAt >= 0 && decode(action).kind === 'timeout';
      if (isIdle && isOne(model, state)) return 'L1 a txn is not committed, and nothing moves';
      if (action < 0) return `L3 nothing can happen any more: ${describeState(model, state)}`;
      codes.push(action);
      if (!model.apply(state, action, next)) return `L3 no progress by ${decode(action).kind}`;
      if (model.fault !== null) return model.fault;
      if (longestQueue(model, next) > queueMax) return 'L2 a queue grows without bound';
      state.set(next);
    }
  } finally {
    model.isUnbounded = false;
  }
  return `L1 no agreement within ${stepsMax} steps: ${describeState(model, state)}`;
}

function longestQueue(model: Model, state: State): number {
  const lengths = model.sids.flatMap((from) =>
    model.sids.map((to) => model.queue(state, from, to).length),
  );
  return Math.max(...lengths);
}

function leaderOf(model: Model, state: State): number {
  return model.sids.find((sid) => model.summaryOf(state, sid).canPropose) ?? 0;
}

/** One leads, and all others follow it and are let in. */
function isOne(model: Model, state: State): boolean {
  const leader = leaderOf(model, state);
  return model.sids.every((sid) => {
    const { leads, follows, isFollowing } = model.summaryOf(state, sid);
    if (sid === leader) return leads;
    return follows === leader && isFollowing && !isLinkLost(model, state, sid);
  });
}

function isApplied(model: Model, state: State, index: number): boolean {
  const txn = model.ledger(state).proposed[index];
  return (
    txn !== undefined &&
    model.sids.every((sid) => {
      const { disk, applied } = model.replica(state, sid);
      return disk.log.slice(0, applied).includes(txn);
    })
  );
}

/** Of what may happen, what does; -1 for nothing. */
function nextAction(model: Model, state: State, all: readonly number[], count: number): number {
  for (const kind of soon) {
    const these = all.filter((code) => decode(code).kind === kind);
    if (these.length > 0) return these[count % these.length]!;
  }
  const of = (kind: ActionKind) => all.filter((code) => decode(code).kind === kind);
  return (
    of('overdue')[0] ??
    of('rival')[0] ??
    of('forget')[0] ??
    elected(model, state, all) ??
    timedOut(model, state)
  );
}

/** An established leader, or the best vote. */
function bestOf(model: Model, state: State): number {
  const established = model.sids.filter((sid) => model.summaryOf(state, sid).isEstablished);
  return (established.length > 0 ? established : model.sids).reduce((one, other) =>
    isBetter(model, state, other, one) ? other : one,
  );
}

/** Whoever looks follows the best, once that one leads; it is elected when most can vote for it. */
function elected(model: Model, state: State, all: readonly number[]): number | undefined {
  const best = bestOf(model, state);
  if (model.summaryOf(state, best).isLooking) {
    const free = model.sids.filter((sid) => model.summaryOf(state, sid).follows === 0);
    return free.length * 2 > model.sids.length ? encode('elect', best) : undefined;
  }
  return all.find((code) => {
    const { kind, b } = decode(code);
    return kind === 'follow' && b === best;
  });
}

/** Nothing moves: somebody waits in vain, the best one last; -1 if nobody does. */
function timedOut(model: Model, state: State): number {
  const best = bestOf(model, state);
  const waiting = model.sids.filter((sid) => {
    const { leads, follows, isFollowing, isEstablished } = model.summaryOf(state, sid);
    if (follows === 0) return leads && !isEstablished;
    return !isFollowing || isLinkLost(model, state, sid);
  });
  const isLost = (sid: number) =>
    model.summaryOf(state, sid).follows > 0 && isLinkLost(model, state, sid);
  const first =
    waiting.find(isLost) ??
    waiting.find((sid) => sid !== best && model.summaryOf(state, sid).follows !== best) ??
    waiting.find((sid) => sid !== best) ??
    waiting[0] ??
    (model.summaryOf(state, best).isEstablished ? best : undefined);
  if (first === undefined) return -1;
  // Over a sound link to an established leader nobody has to wait in vain.
  const isSound = model.summaryOf(state, first).follows === best && !isLost(first);
  return isSound && model.summaryOf(state, best).isEstablished ? -1 : encode('timeout', first);
}

function isBetter(model: Model, state: State, sid: number, than: number): boolean {
  const [one, other] = [model.summaryOf(state, sid), model.summaryOf(state, than)];
  if (one.currentEpoch !== other.currentEpoch) return one.currentEpoch > other.currentEpoch;
  if (one.lastZxid !== other.lastZxid) return one.lastZxid > other.lastZxid;
  return sid > than;
}
