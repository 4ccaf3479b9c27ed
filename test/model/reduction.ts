/**
 * What need not be explored, because the rest comes to the same. A violation that is left out has
 * a counterpart that is not:
 *
 * 1. A replica that is down restarts at once. Nobody tells it from one that looks for a leader:
 *    frames to either are dropped, neither leads or follows or is heard, and the disk and what was
 *    told stay. A restart sends nothing, and reports nothing that was not reported before. So it
 *    commutes with all that others do, and it is all that its replica can do.
 *
 * 2. Who has promised the last epoch within the bounds is not elected. Its term could only gather
 *    greetings: the epoch that it would choose is beyond the bounds. Until then it stores and sends
 *    nothing, and whoever follows it counts for all others as one who looks. So what follows from a
 *    state follows as well from the one in which it and its followers look instead. (What such a
 *    term itself does is what one of an earlier epoch does, which is explored.)
 *
 * 3. When no fault can come any more, a follower takes what its leader has sent before anything
 *    else happens, if that commutes with all else:
 *    - Its leader stays, and the link, until the follower does something. Two of three are with
 *      that leader, so nobody else becomes one of a later epoch; nor does anybody lead one or has
 *      promised one already, if there is a later one at all. The leader holds the promise of a
 *      quorum and goes on holding it: the follower's own, or else the third replica is among those
 *      whose greeting deposes nobody. It hears the follower, hence a quorum. Of what the follower
 *      has sent it no frame is missing, so it sees no gap.
 *    - What the follower could do meanwhile (its writes become durable, a beat tells what is
 *      logged; with a frame on its way nothing is overdue) commutes with taking the frame: that is
 *      tried (isSwallowed), for each number of writes that could be durable before.
 *    - No violation is mended by it: the disk does not change, nor who leads; what was delivered
 *      only grows, and a ledger with more of it finds all that one with less does, in any order.
 *    - Each of these leaves fewer frames of leaders on their way, and each restart fewer replicas
 *      that are down, so no cycle puts the others off for ever.
 *
 * Late frames know no such order: with them nothing is left out. Liveness is looked at in the
 * states that remain; reduction.test.ts compares what is reached both ways.
 */

import { decode, encode } from './actions.ts';
import { counted, usedOf } from './bounds.ts';
import { frames } from './frames.ts';
import { PairMemo } from './interner.ts';
import type { State } from './layout.ts';
import type { Model, Outcome } from './model.ts';
import type { Summary } from './summary.ts';

export class Reduction {
  readonly #model: Model;
  readonly #swallowed = new PairMemo((replica, frame) =>
    this.#isSwallowed(replica, frame) ? 1 : 0,
  );

  constructor(model: Model) {
    this.#model = model;
  }

  actions(state: State, into: number[]): number[] {
    const model = this.#model;
    const { bounds } = model;
    if (bounds.lates > 0) return model.actions(state, into);
    const alone = this.#alone(state);
    if (alone >= 0) {
      into.length = 0;
      into.push(alone);
      return into;
    }
    model.actions(state, into);
    let count = 0;
    for (const code of into) if (!this.#isHopeless(state, code)) into[count++] = code;
    into.length = count;
    return into;
  }

  #isHopeless(state: State, code: number): boolean {
    const { kind, a } = decode(code);
    return kind === 'elect' && this.#model.summaryOf(state, a).epoch >= this.#model.bounds.epochs;
  }

  /** An action that may be taken alone; -1 if there is none. */
  #alone(state: State): number {
    const model = this.#model;
    const { sids } = model;
    for (const sid of sids) if (!model.summaryOf(state, sid).isUp) return encode('restart', sid);
    if (!this.#isFaultless(state)) return -1;
    for (const sid of sids) {
      const { follows } = model.summaryOf(state, sid);
      if (follows === 0) continue;
      const queue = state[model.layout.link(follows, sid)]!;
      if (queue === 0 || !this.#isSettled(state, sid)) continue;
      const frame = model.network.head(queue);
      if (this.#swallowed.get(state[sid - 1]!, frame) === 1) return encode('deliver', follows, sid);
    }
    return -1;
  }

  /** No fault can come any more. */
  #isFaultless(state: State): boolean {
    const { bounds, layout } = this.#model;
    const used = state[layout.used]!;
    return layout.n <= 3 && counted.every((what) => usedOf(used, what) >= bounds[what]);
  }

  /** As long as a learner does nothing, its leader stays, and their link. */
  #isSettled(state: State, sid: number): boolean {
    const model = this.#model;
    const { layout, sids, bounds } = model;
    const self = model.summaryOf(state, sid);
    const leader = model.summaryOf(state, self.follows);
    if (!leader.rules || layout.isCut(state, sid, self.follows)) return false;
    const end = leader.ends[sid];
    if (end === undefined || end.link !== self.link) return false;
    let coming = 0;
    for (const frame of model.network.queue(state[layout.link(sid, self.follows)]!)) {
      if (frames.get(frame).link === self.link) coming++;
    }
    if (end.taken + coming !== self.upSent) return false;
    return sids.every((other) => {
      if (other === sid || other === self.follows) return true;
      const { leads, epoch } = model.summaryOf(state, other);
      const isLast = leader.leadsEpoch === bounds.epochs;
      if (!isLast && (leads || epoch > leader.leadsEpoch)) return false;
      return end.promised || leader.promisedSids.includes(other);
    });
  }

  /** A replica takes a frame with the same effect before and after any of its writes is durable. */
  #isSwallowed(replica: number, frame: number): boolean {
    const model = this.#model;
    const before = model.summary(replica);
    const disk = JSON.stringify(model.record(replica).disk);
    let one = replica;
    let taken = model.whenDelivered(one, frame);
    const { next, sent } = taken;
    if (JSON.stringify(model.record(next).disk) !== disk) return false;
    if (before.writes > 0 && sent.length > 0) return false;
    for (;;) {
      if (taken.fault !== null || String(taken.sent) !== String(sent)) return false;
      const [now, then] = [model.summary(one), model.summary(taken.next)];
      if (!isSame(now, before) || !isSame(then, before) || !isHeardAlike(now, then)) return false;
      if (now.writes === 0) return true;
      const [first, second] = [model.whenFlushed(one), model.whenFlushed(taken.next)];
      if (first.fault !== null || second.fault !== null) return false;
      if (String(first.sent) !== String(second.sent)) return false;
      const later = model.whenDelivered(first.next, frame);
      if (later.next !== second.next) return false;
      if (this.#told(taken, second) !== this.#told(first, later)) return false;
      one = first.next;
      taken = later;
    }
  }

  /** The most that is told to be delivered. */
  #told(...outcomes: readonly Outcome[]): string {
    const facts = outcomes.flatMap(({ facts }) => facts.map((id) => this.#model.fact(id)));
    const told = facts.map((fact) => (fact.type === 'delivered' ? String(fact.txns) : fact.type));
    return told.sort((a, b) => b.length - a.length)[0] ?? '';
  }
}

const isSame = (one: Summary, other: Summary): boolean =>
  one.follows === other.follows && one.link === other.link;

/** A beat of it has the same effect. */
function isHeardAlike(one: Summary, other: Summary): boolean {
  const [isIn, isInThen] = [one.broadcastTaken >= 0, other.broadcastTaken >= 0];
  if (isIn !== isInThen) return false;
  return !isIn || (one.loggedZxid === other.loggedZxid && one.learnerEpoch === other.learnerEpoch);
}
