/**
 * A follower takes what its leader has sent before anything else happens, where no fault can come
 * any more and it commutes with all else (reduction.ts says why, and when).
 */

import { frames } from './frames.ts';
import { PairMemo } from './interner.ts';
import type { State } from './layout.ts';
import type { Model } from './model.ts';
import type { Outcome } from './outcomes.ts';
import type { Summary } from './summary.ts';

export class Swallowing {
  readonly #model: Model;
  readonly #swallowed = new PairMemo((replica, frame) =>
    this.#isSwallowed(replica, frame) ? 1 : 0,
  );

  constructor(model: Model) {
    this.#model = model;
  }

  /** May it take the next frame of its leader before all others? */
  isFirst(state: State, sid: number): boolean {
    const { layout, network } = this.#model;
    const { follows } = this.#model.summaryOf(state, sid);
    if (follows === 0) return false;
    const queue = state[layout.link(follows, sid)]!;
    if (queue === 0 || !this.#isSettled(state, sid)) return false;
    return this.#swallowed.get(state[sid - 1]!, network.head(queue)) === 1;
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
