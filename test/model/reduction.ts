/**
 * What need not be explored, because the rest comes to the same. A violation that is left out has
 * a counterpart that is not:
 *
 * 1. A replica that is down restarts at once. Nobody tells it from one that looks for a leader:
 *    frames to either are dropped, neither leads or follows or is heard, and the disk and what was
 *    told stay. A restart sends nothing, and reports nothing that was not reported before. So it
 *    commutes with all that others do, and it is all that its replica can do.
 *
 * 2. Whose leader leads no more, or knows the link no more and never will, and has nothing more of
 *    it coming, times out at once. Nobody but that leader asks whom it follows, and then only to
 *    wait for it. Where the leader leads anew before, who has heard nothing of the old term may as
 *    well follow it again: the link is as good as new.
 *
 * 3. A greeting that was lost with a partition is told again as soon as it can be: it was told as
 *    the link began, and who would time out or crash before it is told again might as well not
 *    follow.
 *
 * 4. Who is elected is followed at once, or not elected: until somebody follows it, a leader whom
 *    nobody has greeted does and knows nothing that one who looks does not. And who has promised
 *    the last epoch within the bounds is not elected. Its term could only gather greetings: the
 *    epoch that it would choose is beyond the bounds. Until then it stores and sends nothing, and
 *    whoever follows it counts for all others as one who looks. So what follows from a state
 *    follows as well from the one in which it and its followers look instead. (What such a term
 *    itself does is what one of an earlier epoch does, which is explored.)
 *
 * 5. Who left its role with writes under way looks for nobody until they are durable, and nobody
 *    asks about it: it does first what it alone can do. That is to finish its writes, or to crash
 *    before. A violation of Z10 would be mended by finished writes and not by crashes: without
 *    crashes to come, this is done only where the log does not change.
 *
 * 6. When no fault can come any more, a follower takes what its leader has sent before anything
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
 *
 * No cycle puts the others off for ever: each of these leaves fewer frames of leaders or writes on
 * their way, fewer replicas that are down or follow nobody who leads, or a greeting more.
 *
 * Late frames know no such order: with them nothing is left out. Nor are greetings told again at
 * once where frames are lost one by one. Liveness is looked at in the states that remain;
 * reduction.test.ts compares what is reached both ways.
 */

import { decode, encode } from './actions.ts';
import { type Counted, counted, usedOf } from './bounds.ts';
import { isLinkLost } from './enabled.ts';
import type { State } from './layout.ts';
import type { Model } from './model.ts';
import { Swallowing } from './swallowing.ts';

export class Reduction {
  readonly #model: Model;
  readonly #swallowing: Swallowing;

  constructor(model: Model) {
    this.#model = model;
    this.#swallowing = new Swallowing(model);
  }

  actions(state: State, into: number[]): number[] {
    const model = this.#model;
    into.length = 0;
    if (model.bounds.lates === 0 && this.#first(state, into)) return into;
    model.actions(state, into);
    if (model.bounds.lates > 0) return into;
    let count = 0;
    for (const code of into) if (!this.#isIdle(state, code)) into[count++] = code;
    into.length = count;
    return into;
  }

  /** Actions that may be taken before all others; false if there are none. */
  #first(state: State, into: number[]): boolean {
    const { sids } = this.#model;
    for (const sid of sids) {
      if (!this.#model.summaryOf(state, sid).isUp) return one(into, encode('restart', sid));
    }
    for (const sid of sids) {
      const { follows, leads, isLooking } = this.#model.summaryOf(state, sid);
      if (follows > 0 && this.#ofLearner(state, sid, into)) return true;
      if (leads && this.#ofBlankTerm(state, sid, into)) return true;
      const isSettling = follows === 0 && !leads && !isLooking;
      if (isSettling && this.#ofSettling(state, sid, into)) return true;
    }
    return this.#swallowed(state, into);
  }

  /** It is over with its leader (2), or it has to greet again (3). */
  #ofLearner(state: State, sid: number, into: number[]): boolean {
    const model = this.#model;
    const self = model.summaryOf(state, sid);
    const { follows, link, writes, wantsGreeting } = self;
    const isEmpty = state[model.layout.link(follows, sid)] === 0;
    if (isEmpty && this.#isLostForGood(state, sid)) return one(into, encode('timeout', sid));
    if (!wantsGreeting || writes > 0 || model.bounds.losses > 0) return false;
    if (model.summaryOf(state, follows).ends[sid] !== undefined) return false;
    if (isLinkLost(model, state, sid)) return false;
    if (model.isUnderWay(state, sid, follows, link)) return false;
    return one(into, encode('greet', sid));
  }

  /** Whatever heals. */
  #isLostForGood(state: State, sid: number): boolean {
    const { link, follows, hasDown } = this.#model.summaryOf(state, sid);
    const { leads, ends, greeted } = this.#model.summaryOf(state, follows);
    if (!leads) return true;
    return ends[sid]?.link !== link && (hasDown || greeted.includes(link));
  }

  /** It is followed, or leads no more (4). */
  #ofBlankTerm(state: State, sid: number, into: number[]): boolean {
    const model = this.#model;
    const { leadsEpoch, greeted, writes } = model.summaryOf(state, sid);
    if (leadsEpoch > 0 || greeted.length > 0 || writes > 0) return false;
    if (model.sids.some((other) => model.summaryOf(state, other).follows === sid)) return false;
    for (const other of model.sids) {
      if (this.#mayFollow(state, other, sid)) into.push(encode('follow', other, sid));
    }
    return one(into, encode('timeout', sid));
  }

  #mayFollow(state: State, sid: number, leader: number): boolean {
    const { isLooking } = this.#model.summaryOf(state, sid);
    return sid !== leader && isLooking && !this.#model.layout.isCut(state, sid, leader);
  }

  /** Nothing comes of electing it (4). */
  #isIdle(state: State, code: number): boolean {
    const { kind, a } = decode(code);
    if (kind !== 'elect') return false;
    const model = this.#model;
    if (model.summaryOf(state, a).epoch >= model.bounds.epochs) return true;
    return !model.sids.some((sid) => this.#mayFollow(state, sid, a));
  }

  /** Its writes become durable, or are lost (5). */
  #ofSettling(state: State, sid: number, into: number[]): boolean {
    const { pending } = this.#model.replica(state, sid);
    const mayCrash = this.#may(state, 'crashes');
    const mayWipe = this.#may(state, 'wipes');
    const changesLog = pending.some(({ kind }) => kind !== 'promises');
    if (changesLog && !mayCrash && !mayWipe) return false;
    if (mayWipe) into.push(encode('wipe', sid));
    for (let keeps = 0; mayCrash && keeps <= pending.length; keeps++) {
      into.push(encode('crash', sid, 0, keeps));
    }
    return one(into, encode('flush', sid));
  }

  #may(state: State, what: Counted): boolean {
    return usedOf(state[this.#model.layout.used]!, what) < this.#model.bounds[what];
  }

  /** A follower takes a frame (6). */
  #swallowed(state: State, into: number[]): boolean {
    const { layout, sids } = this.#model;
    if (layout.n > 3 || counted.some((what) => this.#may(state, what))) return false;
    for (const sid of sids) {
      if (!this.#swallowing.isFirst(state, sid)) continue;
      return one(into, encode('deliver', this.#model.summaryOf(state, sid).follows, sid));
    }
    return false;
  }
}

function one(into: number[], code: number): true {
  into.push(code);
  return true;
}
