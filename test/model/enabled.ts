/**
 * What may happen next in a state. A time-out, or a learner that is forgotten, needs a reason: who
 * it is about is down, cut off, or has gone on; without one it counts as a doubt.
 */

import { encode } from './actions.ts';
import { type Counted, type ModelBounds, usedOf } from './bounds.ts';
import type { Layout, State } from './layout.ts';
import type { Ledger } from './ledger.ts';
import type { Summary } from './summary.ts';

/** What is asked about a state. */
export interface View {
  readonly bounds: ModelBounds;
  readonly layout: Layout;
  readonly isUnbounded: boolean;
  summaryOf(state: State, sid: number): Summary;
  ledger(state: State): Ledger;
  /** Is a frame of that link on its way from its learner to its leader? */
  isUnderWay(state: State, from: number, to: number, link: number): boolean;
}

const may = (view: View, state: State, what: Counted): boolean =>
  !view.isUnbounded && usedOf(state[view.layout.used]!, what) < view.bounds[what];

/** All actions that may come next. */
export function enabled(view: View, state: State, into: number[]): number[] {
  into.length = 0;
  const { n, sids, late, cut } = view.layout;
  for (const sid of sids) {
    const self = view.summaryOf(state, sid);
    if (self.isUp) actionsOf(view, state, self, into);
    else into.push(encode('restart', sid));
  }
  if (state[late] !== 0) into.push(encode('late'));
  if (state[cut] !== 0) into.push(encode('heal'));
  else if (may(view, state, 'cuts')) {
    for (let mask = 2; mask < 1 << n; mask += 2) into.push(encode('cut', 0, 0, mask));
  }
  return into;
}

function actionsOf(view: View, state: State, self: Summary, into: number[]): void {
  const { sid, writes } = self;
  const { layout, bounds } = view;
  if (writes > 0) into.push(encode('flush', sid));
  if (self.isLooking) {
    into.push(encode('elect', sid));
    // Who does not lead yet drops greetings: to follow it earlier comes to the same.
    for (const leader of layout.sids) {
      if (leader === sid || layout.isCut(state, sid, leader)) continue;
      if (view.summaryOf(state, leader).leads) into.push(encode('follow', sid, leader));
    }
  }
  if (self.follows > 0) learnerActions(view, state, self, into);
  if (self.leads) leaderActions(view, state, self, into);
  if (self.canNote && bounds.notes) into.push(encode('note', sid));
  if (may(view, state, 'crashes')) {
    for (let keeps = 0; keeps <= writes; keeps++) into.push(encode('crash', sid, 0, keeps));
  }
  if (may(view, state, 'wipes')) into.push(encode('wipe', sid));
  for (const from of layout.sids) {
    if (state[layout.link(from, sid)] === 0) continue;
    into.push(encode('deliver', from, sid));
    if (may(view, state, 'losses')) into.push(encode('lose', from, sid));
    const isFree = state[layout.late] === 0;
    if (isFree && may(view, state, 'lates')) into.push(encode('keep', from, sid));
  }
}

function learnerActions(view: View, state: State, self: Summary, into: number[]): void {
  const { sid, follows, link } = self;
  const { layout } = view;
  const isLost = isLinkLost(view, state, sid);
  if (isLost || may(view, state, 'doubts')) into.push(encode('timeout', sid));
  if (isLost) return;
  const leader = view.summaryOf(state, follows);
  const end = leader.ends[sid];
  if (end === undefined) {
    const isOnItsWay = view.isUnderWay(state, sid, follows, link);
    if (self.wantsGreeting && !isOnItsWay) into.push(encode('greet', sid));
    return;
  }
  const isAhead = self.broadcastTaken >= 0 && end.synced && self.loggedZxid > end.acked;
  const isOfEpoch = Math.floor(self.loggedZxid / 2 ** 32) === leader.leadsEpoch;
  // The end of a link that it has left answers nothing.
  const owesPulse = end.owesPulse && end.link === link;
  if (owesPulse || (isAhead && isOfEpoch)) into.push(encode('beat', sid));
  const isQuiet = state[layout.link(sid, follows)] === 0 && state[layout.link(follows, sid)] === 0;
  const lacks =
    end.sent > self.downSeq ||
    end.taken < self.upSent ||
    (self.broadcastTaken >= 0 && leader.broadcastSeq > self.broadcastTaken);
  if (isQuiet && lacks) into.push(encode('overdue', sid));
}

function leaderActions(view: View, state: State, self: Summary, into: number[]): void {
  const { sid } = self;
  const { layout, bounds } = view;
  const mayDoubt = may(view, state, 'doubts');
  for (const other of layout.sids) {
    if (other === sid) continue;
    const isDue = mayDoubt || isForgetDue(view, state, sid, other);
    if (self.ends[other] !== undefined && isDue) into.push(encode('forget', sid, other));
    const them = view.summaryOf(state, other);
    const isLater = them.leadsEpoch > self.leadsEpoch && them.leadsEpoch >= self.epoch;
    const isRival = them.isEstablished && isLater;
    if (isRival && !layout.isCut(state, sid, other)) into.push(encode('rival', sid, other));
  }
  if (mayDoubt || isTimeoutDue(view, state, sid)) into.push(encode('timeout', sid));
  const spare = bounds.txns + (bounds.isFounded ? 1 : 0) - view.ledger(state).proposed.length;
  if (self.canPropose && spare > 0 && !view.isUnbounded) into.push(encode('propose', sid));
}

/** Its leader is gone, cannot be heard, or does not know the link any more. */
export function isLinkLost(view: View, state: State, sid: number): boolean {
  const { link, follows, hasDown } = view.summaryOf(state, sid);
  const { isUp, leads, ends, greeted } = view.summaryOf(state, follows);
  if (!isUp || !leads || view.layout.isCut(state, sid, follows)) return true;
  if (ends[sid]?.link === link) return false;
  return hasDown || greeted.includes(link);
}

const isHeard = (view: View, state: State, sid: number, other: number): boolean => {
  const { isUp, follows } = view.summaryOf(state, other);
  return isUp && follows === sid && !view.layout.isCut(state, sid, other);
};

/** A learner whose leader is lost; a leader that no quorum follows. */
export function isTimeoutDue(view: View, state: State, sid: number): boolean {
  if (view.summaryOf(state, sid).follows > 0) return isLinkLost(view, state, sid);
  const { sids, n } = view.layout;
  const heard = sids.filter((other) => isHeard(view, state, sid, other));
  return (heard.length + 1) * 2 <= n;
}

/** A learner that is not at the other end of the link any more. */
export function isForgetDue(view: View, state: State, sid: number, other: number): boolean {
  const { link } = view.summaryOf(state, other);
  return !isHeard(view, state, sid, other) || link !== view.summaryOf(state, sid).ends[other]?.link;
}
