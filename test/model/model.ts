/**
 * The whole ensemble as a row of small integers: a replica each, a queue for each two, and what is
 * left of the faults. Says what may happen next, and what becomes of it; checks the invariants.
 */

import { type Action, decode } from './actions.ts';
import { type Counted, type ModelBounds, oneMore } from './bounds.ts';
import { Catalogue } from './catalogue.ts';
import { enabled, isForgetDue, isTimeoutDue, type View } from './enabled.ts';
import { FrameNumbers } from './frame-numbers.ts';
import { type Frame, frames, renameFrame } from './frames.ts';
import { blankDisk, recovered } from './history.ts';
import { Interner, PairMemo } from './interner.ts';
import { KnownNames } from './known-names.ts';
import { Layout, type State } from './layout.ts';
import { emptyLedger, type Ledger, noted } from './ledger.ts';
import type { Fact } from './links.ts';
import { isPrefix, makeName, makeTxn, type Renaming } from './names.ts';
import { Network } from './network.ts';
import { type Outcome, Outcomes } from './outcomes.ts';
import { renameReplica } from './renaming.ts';
import { blankReplica, type ReplicaRecord, type Stimulus, step, type World } from './replica.ts';
import { ReplicaStore } from './replica-store.ts';
import { standingFault } from './standing-fault.ts';
import { type Summary, summarize } from './summary.ts';

interface Late {
  readonly to: number;
  readonly frame: number;
}

type PlainStimulus = Extract<
  Stimulus['type'],
  'flush' | 'lead' | 'greet' | 'timeout' | 'note' | 'wipe'
>;

export class Model implements World, View {
  readonly bounds: ModelBounds;
  readonly layout: Layout;
  readonly sids: readonly number[];
  readonly size: number;
  readonly catalogue: Catalogue;
  readonly network = new Network();
  readonly #names = new KnownNames(this);
  readonly #numbers = new FrameNumbers(this);
  readonly #replicas = new ReplicaStore();
  /** Worked out where they are asked for. */
  readonly #summaries: (Summary | undefined)[] = [];
  readonly #stimuli = new Interner<Stimulus>();
  readonly #deliveries: number[] = [];
  readonly #plain = new Map<PlainStimulus, number>();
  readonly #outcomes = new Outcomes();
  readonly #facts = new Interner<Fact>();
  readonly #ledgers = new Interner<Ledger>();
  readonly #lates = new Interner<Late | null>();
  readonly #steps = new PairMemo((replica, stimulus) => this.#step(replica, stimulus));
  readonly #noted = new PairMemo((ledger, fact) =>
    this.#ledgers.id(noted(this.#ledgers.get(ledger), this.#facts.get(fact))),
  );
  readonly #cleared = new PairMemo((replica, queue) =>
    this.network.cleared(this.summary(replica), queue),
  );
  readonly #holds = new PairMemo((ledger, disk) => {
    const { delivered } = this.#ledgers.get(ledger);
    return isPrefix(delivered, this.#replicas.disk(disk).log) ? 1 : 0;
  });
  readonly #isWhole: boolean;
  /** Why the last `apply` must not be. */
  fault: string | null = null;
  /** Beyond the bounds of epochs and txns: for what follows after the last fault. */
  isUnbounded = false;

  /** `isWhole`: also what is never asked about again, and how often it was, makes states differ. */
  constructor(bounds: ModelBounds, isWhole = false) {
    this.bounds = bounds;
    this.#isWhole = isWhole;
    this.catalogue = new Catalogue(isWhole);
    this.layout = new Layout(bounds.replicas);
    this.sids = this.layout.sids;
    this.size = this.layout.size;
    this.#lates.id(null);
  }

  get replicaCount(): number {
    return this.#replicas.size;
  }

  initial(): State {
    const state = new Int32Array(this.size);
    const first = makeTxn(1, 1, 0);
    for (const sid of this.sids) {
      let blank = blankReplica(sid, this);
      if (this.bounds.isFounded) {
        const disk = { ...blankDisk, log: [first], acceptedEpoch: 1, currentEpoch: 1 };
        blank = { ...blank, ...recovered(disk), toldAccepted: 1, toldCurrent: 1 };
      }
      const { next } = step(this, blank, { type: 'restart', incarnation: makeName(1, sid) });
      state[sid - 1] = this.known(next);
    }
    const founded = { ...emptyLedger, proposed: [first], established: [1] };
    state[this.layout.ledger] = this.#ledgers.id(this.bounds.isFounded ? founded : emptyLedger);
    return state;
  }

  replica(state: State, sid: number): ReplicaRecord {
    return this.#replicas.get(state[sid - 1]!);
  }

  summary(replica: number): Summary {
    const known = this.#summaries[replica];
    if (known !== undefined) return known;
    const summary = summarize(this.#replicas.get(replica), this.catalogue);
    this.#summaries[replica] = summary;
    return summary;
  }

  summaryOf(state: State, sid: number): Summary {
    return this.summary(state[sid - 1]!);
  }

  holdsDelivered(state: State, sid: number): boolean {
    const disk = this.#replicas.diskId(state[sid - 1]!);
    return this.#holds.get(state[this.layout.ledger]!, disk) === 1;
  }

  ledger(state: State): Ledger {
    return this.#ledgers.get(state[this.layout.ledger]!);
  }

  queue(state: State, from: number, to: number): readonly Frame[] {
    return this.network.queue(state[this.layout.link(from, to)]!).map((id) => frames.get(id));
  }

  lateOf(state: State): Late | null {
    return this.#lates.get(state[this.layout.late]!);
  }

  known(record: ReplicaRecord): number {
    const id = this.#replicas.id(record);
    if (id === this.#summaries.length) this.#summaries.push(undefined);
    return id;
  }

  isUnderWay(state: State, from: number, to: number, link: number): boolean {
    return this.queue(state, from, to).some((frame) => frame.link === link);
  }

  /** All actions that may come next. */
  actions(state: State, into: number[]): number[] {
    return enabled(this, state, into);
  }

  // What becomes of it.

  /** Fills `next`; false if it is no change or beyond the bounds. A violation is in `fault`. */
  apply(state: State, action: number, next: State): boolean {
    next.set(state);
    this.fault = null;
    this.#do(state, decode(action), next);
    if (this.fault !== null) return true;
    if (!this.#isWithin(next)) return false;
    this.#names.forget(next);
    this.#names.compact(next);
    if (!this.#isWhole) this.#numbers.compact(next);
    this.fault ??= standingFault(this, next);
    return this.fault !== null || next.some((part, at) => part !== state[at]);
  }

  #do(state: State, { kind, a, b, c }: Action, next: State): void {
    switch (kind) {
      case 'elect':
        return this.#actPlain(next, a, 'lead');
      case 'follow':
        return this.#act(next, a, { type: 'follow', leader: b, link: this.#names.free(state, a) });
      case 'deliver': {
        const queue = state[this.layout.link(a, b)]!;
        next[this.layout.link(a, b)] = this.network.pop(queue);
        return this.#take(next, b, this.#delivery(this.network.head(queue)));
      }
      case 'flush':
      case 'greet':
      case 'note':
        return this.#actPlain(next, a, kind);
      case 'propose':
        return this.#act(next, a, { type: 'propose', serial: this.ledger(state).proposed.length });
      case 'timeout':
        if (!isTimeoutDue(this, state, a)) this.#use(next, 'doubts');
        return this.#actPlain(next, a, 'timeout');
      case 'forget':
        if (!isForgetDue(this, state, a, b)) this.#use(next, 'doubts');
        return this.#act(next, a, { type: 'forget', sid: b });
      case 'beat':
        return this.#beat(state, next, a);
      case 'overdue':
        return this.#overdue(state, next, a);
      case 'rival': {
        const epoch = this.summaryOf(state, b).leadsEpoch;
        return this.#act(next, a, { type: 'rival', leader: b, epoch });
      }
      case 'crash':
        this.#use(next, 'crashes');
        return this.#act(next, a, { type: kind, keeps: c });
      case 'wipe':
        this.#use(next, 'wipes');
        return this.#actPlain(next, a, kind);
      case 'restart':
        return this.#act(next, a, { type: 'restart', incarnation: this.#names.free(state, a) });
      case 'cut':
        this.#use(next, 'cuts');
        next[this.layout.cut] = this.layout.oriented(c);
        return this.#severed(next);
      case 'heal':
        next[this.layout.cut] = 0;
        return;
      case 'lose':
        this.#use(next, 'losses');
        next[this.layout.link(a, b)] = this.network.pop(state[this.layout.link(a, b)]!);
        return this.#clear(next, b);
      case 'keep': {
        this.#use(next, 'lates');
        const frame = this.network.head(state[this.layout.link(a, b)]!);
        next[this.layout.late] = this.#lates.id({ to: b, frame });
        return;
      }
      case 'late': {
        const { to, frame } = this.#lates.get(state[this.layout.late]!)!;
        next[this.layout.late] = 0;
        if (this.summaryOf(state, to).isUp) this.#take(next, to, this.#delivery(frame));
      }
    }
  }

  #use(next: State, what: Counted): void {
    next[this.layout.used] = oneMore(next[this.layout.used]!, what);
  }

  #beat(state: State, next: State, sid: number): void {
    const self = this.summaryOf(state, sid);
    const { follows, link, learnerEpoch: epoch } = self;
    const logged = self.broadcastTaken < 0 ? 0 : self.loggedZxid;
    this.#act(next, follows, { type: 'beat', beat: { from: sid, link, epoch, logged } });
  }

  #overdue(state: State, next: State, sid: number): void {
    const leader = this.summaryOf(state, this.summaryOf(state, sid).follows);
    const { sent: down, taken } = leader.ends[sid]!;
    const progress = { broadcast: leader.broadcastSeq, down, taken };
    this.#act(next, sid, { type: 'overdue', progress });
  }

  #delivery(frame: number): number {
    const known = this.#deliveries[frame];
    if (known !== undefined) return known;
    const id = this.#stimuli.id({ type: 'deliver', frame: frames.get(frame) });
    this.#deliveries[frame] = id;
    return id;
  }

  #act(next: State, sid: number, stimulus: Stimulus): void {
    this.#take(next, sid, this.#stimuli.id(stimulus));
  }

  /** As act, for one that has no operands. */
  #actPlain(next: State, sid: number, type: PlainStimulus): void {
    this.#take(next, sid, this.#plainId(type));
  }

  #plainId(type: PlainStimulus): number {
    let known = this.#plain.get(type);
    if (known === undefined) {
      known = this.#stimuli.id({ type });
      this.#plain.set(type, known);
    }
    return known;
  }

  /** What a replica would do with a frame, and as its first write becomes durable. */
  whenDelivered(replica: number, frame: number): Outcome {
    return this.#outcomes.get(this.#steps.get(replica, this.#delivery(frame)));
  }

  whenFlushed(replica: number): Outcome {
    return this.#outcomes.get(this.#steps.get(replica, this.#plainId('flush')));
  }

  record(replica: number): ReplicaRecord {
    return this.#replicas.get(replica);
  }

  fact(id: number): Fact {
    return this.#facts.get(id);
  }

  #step(replica: number, stimulus: number): number {
    const outcome = step(this, this.#replicas.get(replica), this.#stimuli.get(stimulus));
    return this.#outcomes.add(this.known(outcome.next), {
      sent: outcome.sent.flatMap(({ to, frame }) => [to, frames.id(frame)]),
      facts: outcome.facts.map((fact) => this.#facts.id(fact)),
      fault: outcome.fault,
    });
  }

  #take(next: State, sid: number, stimulus: number): void {
    const outcome = this.#steps.get(next[sid - 1]!, stimulus);
    next[sid - 1] = this.#outcomes.next(outcome);
    const { sent, facts, fault } = this.#outcomes.effects(outcome);
    for (let at = 0; at < sent.length; at += 2) this.#send(next, sid, sent[at]!, sent[at + 1]!);
    this.#clear(next, sid);
    let ledger = next[this.layout.ledger]!;
    for (const fact of facts) ledger = this.#noted.get(ledger, fact);
    next[this.layout.ledger] = ledger;
    this.fault ??= fault ?? this.#ledgers.get(ledger).fault;
  }

  #send(next: State, from: number, to: number, frame: number): void {
    for (const sid of to === 0 ? this.sids : [to]) {
      if (sid === from || this.layout.isCut(next, from, sid)) continue;
      const link = this.layout.link(from, sid);
      const queue = this.network.push(next[link]!, frame);
      next[link] = this.#cleared.get(next[sid - 1]!, queue);
    }
  }

  /** Takes away what the replica would only drop. */
  #clear(next: State, sid: number): void {
    for (const from of this.sids) {
      const link = this.layout.link(from, sid);
      if (next[link] !== 0) next[link] = this.#cleared.get(next[sid - 1]!, next[link]!);
    }
  }

  /** What is on its way between the two sides is lost. */
  #severed(next: State): void {
    for (const from of this.sids) {
      for (const to of this.sids) {
        if (this.layout.isCut(next, from, to)) next[this.layout.link(from, to)] = 0;
      }
    }
  }

  #isWithin(next: State): boolean {
    const { epochs } = this.bounds;
    if (this.isUnbounded) return true;
    for (let at = 0; at < this.layout.n; at++) {
      const { epoch } = this.summary(next[at]!);
      if (epoch > epochs) return false;
    }
    return true;
  }

  /** A leader that has forgotten a link. */
  unlinked(replica: number, link: number): number {
    const record = this.#replicas.get(replica);
    const leader = record.leader!;
    const links = leader.links.filter((one) => one !== link);
    return this.known({ ...record, leader: { ...leader, links } });
  }

  // Replicas that change places.

  renameCut(cut: number, sid: Renaming): number {
    const mask = this.sids.reduce((m, one) => m | (((cut >> one) & 1) << sid(one)), 0);
    return this.layout.oriented(mask);
  }

  renameReplica(replica: number, sid: Renaming): number {
    return this.known(renameReplica(this.#replicas.get(replica), sid, this.catalogue));
  }

  renameLate(late: number, sid: Renaming): number {
    const kept = this.#lates.get(late);
    if (kept === null) return late;
    return this.#lates.id({ to: sid(kept.to), frame: renameFrame(kept.frame, sid) });
  }
}
