/**
 * Frames are numbered by their senders, and numbers of one link are only compared with each other:
 * states in which all numbers of a link are higher by the same are one. So each link counts anew
 * from the last frame that was taken, and a term's broadcasts from the first that anybody lacks.
 */

import type { Catalogue } from './catalogue.ts';
import { type Frame, frames, isBroadcast, isOfLearner } from './frames.ts';
import { Interner, PairMemo } from './interner.ts';
import type { Layout, State } from './layout.ts';
import type { LeaderRecord } from './leader.ts';
import type { LearnerRecord } from './learner.ts';
import type { Network } from './network.ts';
import type { ReplicaRecord } from './replica.ts';
import type { Summary } from './summary.ts';

/** By how much less: of one direction of a link, or of the broadcasts of one term. */
type Change =
  | { readonly way: 'up' | 'down'; readonly link: number; readonly less: number }
  | {
      readonly way: 'all';
      readonly incarnation: number;
      readonly epoch: number;
      readonly less: number;
    };

type Term = { readonly incarnation: number; readonly epoch: number };

/** The number of the frame that was taken last, where anything was: that of a greeting. */
const firstTaken = 1;

/** The part of the model in which numbers stand. */
interface Numbered {
  readonly layout: Layout;
  readonly sids: readonly number[];
  readonly network: Network;
  readonly catalogue: Catalogue;
  summaryOf(state: State, sid: number): Summary;
  record(replica: number): ReplicaRecord;
  known(record: ReplicaRecord): number;
}

export class FrameNumbers {
  readonly #model: Numbered;
  /** Of the state at hand. */
  readonly #found: Change[] = [];
  readonly #changes = new Interner<readonly Change[]>();
  readonly #replicas = new PairMemo((replica, changes) => this.#renumbered(replica, changes));
  readonly #queues = new PairMemo((queue, changes) => {
    const all = this.#changes.get(changes);
    return this.#model.network.changed(queue, (frame) => frames.id(withLess(frame, all)));
  });

  constructor(model: Numbered) {
    this.#model = model;
  }

  compact(state: State): void {
    const { layout, sids } = this.#model;
    // A frame that is kept, to come late, keeps its number.
    if (state[layout.late] !== 0) return;
    const found = this.#found;
    found.length = 0;
    for (const sid of sids) {
      const self = this.#model.summaryOf(state, sid);
      const { link } = self;
      if (self.hasDown && self.downSeq !== firstTaken) {
        found.push({ way: 'down', link, less: self.downSeq - firstTaken });
      }
      if (self.upSent > firstTaken && !this.#isHeardOf(state, self)) {
        found.push({ way: 'up', link, less: self.upSent - firstTaken });
      }
      if (self.leads) this.#addOfTerm(state, self);
    }
    if (found.length === 0) return;
    const id = this.#changes.id([...found]);
    for (let at = 0; at < layout.n; at++) state[at] = this.#replicas.get(state[at]!, id);
    for (let at = layout.n; at < layout.cut; at++) {
      if (state[at] !== 0) state[at] = this.#queues.get(state[at]!, id);
    }
  }

  /** Otherwise a learner leaves, or begins once more. */
  #isHeardOf(state: State, { sid, follows, link }: Summary): boolean {
    if (this.#model.summaryOf(state, follows).ends[sid]?.link === link) return true;
    const queue = state[this.#model.layout.link(sid, follows)]!;
    return this.#model.network.queue(queue).some((frame) => frames.get(frame).link === link);
  }

  #addOfTerm(state: State, self: Summary): void {
    for (const end of self.ends) {
      if (end === undefined) continue;
      const { sid, link, taken, sent } = end;
      if (taken !== firstTaken) this.#found.push({ way: 'up', link, less: taken - firstTaken });
      // Nobody is at the other end: what was sent is not counted any more.
      if (sent > firstTaken && this.#model.summaryOf(state, sid).link !== link) {
        this.#found.push({ way: 'down', link, less: sent - firstTaken });
      }
    }
    if (self.broadcastSeq === 0) return;
    const { incarnation, leadsEpoch: epoch } = self;
    const less = this.#lowest(state, self, { incarnation, epoch });
    if (less > 0) this.#found.push({ way: 'all', incarnation, epoch, less });
  }

  /** The last broadcast of a term that nobody lacks or is yet to be told of. */
  #lowest(state: State, self: Summary, term: Term): number {
    const { layout, network, sids } = this.#model;
    let lowest = self.broadcastSeq;
    for (const sid of sids) {
      const { source, broadcastLow } = this.#model.summaryOf(state, sid);
      if (source !== null && isOfTerm(source, term)) lowest = Math.min(lowest, broadcastLow);
      for (const id of network.queue(state[layout.link(self.sid, sid)]!)) {
        const frame = frames.get(id);
        if (!isOfTerm(frame, term)) continue;
        if (isBroadcast(frame)) lowest = Math.min(lowest, frame.seq - 1);
        else if (frame.kind === 'leadership') lowest = Math.min(lowest, frame.broadcastSeq);
      }
    }
    return lowest;
  }

  #renumbered(replica: number, changes: number): number {
    const all = this.#changes.get(changes);
    const record = this.#model.record(replica);
    const { leader, learner, incarnation } = record;
    const { catalogue } = this.#model;
    return this.#model.known({
      ...record,
      leader: leader && leaderWithLess(leader, all, incarnation, catalogue),
      learner: learner && learnerWithLess(learner, all, catalogue),
    });
  }
}

const isOfTerm = (one: Term, { incarnation, epoch }: Term): boolean =>
  one.incarnation === incarnation && one.epoch === epoch;

function lessOf(changes: readonly Change[], way: 'up' | 'down', link: number): number {
  for (const change of changes) {
    if (change.way === way && change.link === link) return change.less;
  }
  return 0;
}

function lessOfTerm(changes: readonly Change[], term: Term): number {
  for (const change of changes) {
    if (change.way === 'all' && isOfTerm(change, term)) return change.less;
  }
  return 0;
}

function withLess(id: number, changes: readonly Change[]): Frame {
  const frame = frames.get(id);
  const { link, seq } = frame;
  if (isBroadcast(frame)) return { ...frame, seq: seq - lessOfTerm(changes, frame) };
  const less = lessOf(changes, isOfLearner(frame) ? 'up' : 'down', link);
  if (frame.kind !== 'leadership') return { ...frame, seq: seq - less };
  const broadcastSeq = frame.broadcastSeq - lessOfTerm(changes, frame);
  return { ...frame, seq: seq - less, broadcastSeq };
}

function channelWithLess({ channel }: Catalogue, id: number, less: number): number {
  if (id < 0 || less === 0) return id;
  const context = channel.context(id);
  return channel.with(id, { ...context, seq: (context['seq'] as number) - less });
}

function leaderWithLess(
  leader: LeaderRecord,
  changes: readonly Change[],
  incarnation: number,
  catalogue: Catalogue,
): LeaderRecord {
  const { epoch } = catalogue.leader.context<Term>(leader.machine);
  const { broadcaster } = leader;
  const less = lessOfTerm(changes, { incarnation, epoch });
  return {
    ...leader,
    handlers: leader.handlers.map((one) => ({
      ...one,
      channel: channelWithLess(catalogue, one.channel, lessOf(changes, 'up', one.link)),
      sent: one.sent - lessOf(changes, 'down', one.link),
    })),
    broadcaster: broadcaster && { ...broadcaster, seq: broadcaster.seq - less },
  };
}

function learnerWithLess(
  learner: LearnerRecord,
  changes: readonly Change[],
  catalogue: Catalogue,
): LearnerRecord {
  const { link, sent, down, broadcast, intake } = learner;
  const less = broadcast === null ? 0 : lessOfTerm(changes, broadcast);
  const { leadership } = intake;
  return {
    ...learner,
    sent: sent - lessOf(changes, 'up', link),
    down: channelWithLess(catalogue, down, lessOf(changes, 'down', link)),
    broadcast: broadcast && {
      ...broadcast,
      channel: channelWithLess(catalogue, broadcast.channel, less),
      early: broadcast.early.map((id) => frames.id(withLess(id, changes))),
    },
    intake: {
      ...intake,
      leadership: leadership && {
        ...leadership,
        broadcastSeq: leadership.broadcastSeq - less,
      },
    },
  };
}
