/**
 * One replica of the model: its machines, its disk, and the glue of actors/ensemble.ts and
 * actors/replica.ts between them. A step is a pure function of the replica and a stimulus.
 */

import type { Catalogue } from './catalogue.ts';
import type { Body, Frame, Header } from './frames.ts';
import {
  blankDisk,
  HistoryModel as History,
  type HistoryModel,
  type HistoryRecord,
  recovered,
  stored,
  type Then,
} from './history.ts';
import { type Beat, LeaderModel, type LeaderRecord } from './leader.ts';
import { LearnerModel, type LearnerRecord, type Progress } from './learner.ts';
import type { Bounds, Fact, Self } from './links.ts';
import { epochOfTxn } from './names.ts';
import { type Handlers, type HostedMachine, Seat } from './seat.ts';

export interface ReplicaRecord extends HistoryRecord {
  readonly sid: number;
  /** 0 while it is down. */
  readonly incarnation: number;
  readonly peer: number;
  readonly leader: LeaderRecord | null;
  readonly learner: LearnerRecord | null;
  /** What others were told of our promises, or was on the disk: never less on it again (Z11). */
  readonly toldAccepted: number;
  readonly toldCurrent: number;
}

export type Stimulus =
  | { readonly type: 'deliver'; readonly frame: Frame }
  | { readonly type: 'flush' }
  | { readonly type: 'lead' }
  | { readonly type: 'follow'; readonly leader: number; readonly link: number }
  | { readonly type: 'greet' }
  | { readonly type: 'propose'; readonly serial: number }
  | { readonly type: 'timeout' }
  | { readonly type: 'forget'; readonly sid: number }
  | { readonly type: 'beat'; readonly beat: Beat }
  | { readonly type: 'overdue'; readonly progress: Progress }
  | { readonly type: 'rival'; readonly leader: number; readonly epoch: number }
  | { readonly type: 'note' }
  | { readonly type: 'crash'; readonly keeps: number }
  | { readonly type: 'wipe' }
  | { readonly type: 'restart'; readonly incarnation: number };

export interface Sent {
  /** 0: to all others. */
  readonly to: number;
  readonly frame: Frame;
}

export interface Outcome {
  readonly next: ReplicaRecord;
  readonly sent: readonly Sent[];
  readonly facts: readonly Fact[];
  readonly fault: string | null;
}

/** Events that may come in a state that has no use for them; any other is a violation of Z9. */
export const expected: ReadonlySet<string> = new Set([
  // It was made to the process that we were before our disk was lost.
  'leader promising epoch.promised',
]);

export interface World {
  readonly sids: readonly number[];
  readonly bounds: Bounds;
  readonly catalogue: Catalogue;
}

export function blankReplica(sid: number, { catalogue }: World): ReplicaRecord {
  const peer = catalogue.peer.begin({}).next;
  const down = { incarnation: 0, peer, leader: null, learner: null };
  return { sid, ...recovered(blankDisk), ...down, toldAccepted: 0, toldCurrent: 0 };
}

export function step(world: World, record: ReplicaRecord, stimulus: Stimulus): Outcome {
  return new Acting(world, record).take(stimulus);
}

class Acting implements Self {
  readonly sid: number;
  readonly sids: readonly number[];
  readonly bounds: Bounds;
  readonly catalogue: Catalogue;
  readonly history: HistoryModel;
  incarnation: number;
  readonly #record: ReplicaRecord;
  readonly #peer: Seat;
  #leader: LeaderModel | null = null;
  #learner: LearnerModel | null = null;
  readonly #sent: Sent[] = [];
  readonly #facts: Fact[] = [];
  #fault: string | null = null;
  #told: { toldAccepted: number; toldCurrent: number };

  constructor(world: World, record: ReplicaRecord) {
    this.#record = record;
    this.sid = record.sid;
    this.sids = world.sids;
    this.bounds = world.bounds;
    this.catalogue = world.catalogue;
    this.incarnation = record.incarnation;
    const { toldAccepted, toldCurrent } = record;
    this.#told = { toldAccepted, toldCurrent };
    this.history = new History(record, {
      logged: (zxid) => {
        this.#leader?.logged(zxid);
        this.#learner?.logged(zxid);
      },
      done: (then) => this.#stored(then),
      delivered: (txns) => this.report({ type: 'delivered', txns }),
      fault: (text) => this.#blame(text),
    });
    this.#peer = this.seat(this.catalogue.peer, {
      endRole: () => {
        this.#leader = null;
        this.#learner = null;
      },
    }).resume(record.peer);
    if (record.leader !== null) this.#leader = new LeaderModel(this).resume(record.leader);
    if (record.learner !== null) {
      this.#learner = new LearnerModel(record.learner, this).resume(record.learner);
    }
  }

  // As the parts of a replica see it.

  seat(hosted: HostedMachine, handlers: Handlers): Seat {
    return new Seat(hosted, handlers, (machine, state, event) => {
      const name = `${machine} ${state} ${event}`;
      if (!expected.has(name)) this.#blame(`Z9 no transition: ${name}`);
    });
  }

  send(to: number, header: Omit<Header, 'from' | 'incarnation'>, body: Body): void {
    const { acceptedEpoch, currentEpoch } = this.history.promises;
    const { toldAccepted, toldCurrent } = this.#told;
    const tellsAccepted = body.kind === 'promise' || body.kind === 'announceEpoch';
    if (tellsAccepted) {
      this.#told.toldAccepted = Math.max(toldAccepted, acceptedEpoch, header.epoch);
    } else if (body.kind === 'ackLeadership') {
      this.#told.toldCurrent = Math.max(toldCurrent, currentEpoch, header.epoch);
    }
    const { sid: from, incarnation } = this;
    this.#sent.push({ to, frame: { from, incarnation, ...header, ...body } as Frame });
  }

  broadcast(header: Omit<Header, 'from' | 'incarnation'>, body: Body): void {
    this.send(0, header, body);
  }

  report(fact: Fact): void {
    this.#facts.push(fact);
  }

  roleEstablished(): void {
    this.#peer.send({ type: 'role.established' });
  }

  roleEnded(): void {
    this.#peer.send({ type: 'role.ended' });
  }

  #blame(text: string): void {
    this.#fault ??= text;
  }

  #stored(then: Then): void {
    if (then === 'leader.promise') this.#leader?.promiseStored();
    else if (then === 'leader.history') this.#leader?.historyStored();
    else if (then === 'learner.promise') this.#learner?.promiseStored();
    else if (then === 'learner.piece') this.#learner?.pieceStored();
    else if (then === 'learner.adopted') this.#learner?.historyAdopted();
  }

  // What happens to it.

  take(stimulus: Stimulus): Outcome {
    if (stimulus.type === 'crash') return this.#crash(stimulus.keeps);
    if (stimulus.type === 'wipe') return this.#crash(-1);
    if (stimulus.type === 'restart') this.#restart(stimulus.incarnation);
    else this.#act(stimulus);
    if (this.#leader?.isOver === false) this.#leader.endTurn();
    this.#settle();
    return this.#outcome({
      ...this.history.record,
      ...{ sid: this.sid, incarnation: this.incarnation, peer: this.#peer.id },
      ...{ leader: this.#leader?.record ?? null, learner: this.#learner?.record ?? null },
      ...this.#told,
    });
  }

  #act(stimulus: Exclude<Stimulus, { type: 'crash' | 'restart' | 'wipe' }>): void {
    switch (stimulus.type) {
      case 'deliver':
        return this.#deliver(stimulus.frame);
      case 'flush':
        return this.history.flush();
      case 'lead':
        this.#elected('leading', this.sid);
        this.#leader = new LeaderModel(this).begin();
        return;
      case 'follow': {
        const { leader, link } = stimulus;
        this.#elected('following', leader);
        this.#learner = new LearnerModel({ leader, link }, this).begin();
        return;
      }
      case 'greet':
        return this.#learner?.repeatGreeting();
      case 'propose':
        return this.#leader?.propose(stimulus.serial);
      case 'timeout':
        this.#leader?.timeOut();
        return this.#learner?.timeOut();
      case 'forget':
        return this.#leader?.learnerSilent(stimulus.sid);
      case 'beat':
        return this.#leader?.beatReceived(stimulus.beat);
      case 'overdue':
        return this.#learner?.progress(stimulus.progress);
      case 'rival':
        return this.#leader?.rivalHeard(stimulus.leader, stimulus.epoch);
      case 'note':
        return this.history.note();
    }
  }

  #elected(role: 'leading' | 'following', leader: number): void {
    this.#peer.send({ type: 'leader.elected', role, leader } as never);
  }

  /** Ensemble.#received: from our leader, or for us as one. */
  #deliver(frame: Frame): void {
    if (this.#learner !== null && frame.from === this.#learner.leader) {
      this.#learner.receive(frame);
    } else if (frame.kind !== 'propose' && frame.kind !== 'commit') this.#leader?.receive(frame);
  }

  /** The peer waits for the log before it looks for a leader. */
  #settle(): void {
    if (this.#peer.state === 'member.looking.settling' && this.history.isSettled) {
      this.#peer.send({ type: 'log.settled' });
    }
  }

  #restart(incarnation: number): void {
    this.incarnation = incarnation;
    this.#peer.send({ type: 'state.recovered', isDistributed: true } as never);
    const { acceptedEpoch, currentEpoch } = this.history.promises;
    const { toldAccepted, toldCurrent } = this.#told;
    if (acceptedEpoch < toldAccepted || currentEpoch < toldCurrent) {
      this.#blame(`Z11 told accepted ${toldAccepted}, current ${toldCurrent}; on disk less`);
    }
    // What is noted as committed is applied at once.
    const { disk, applied } = this.history.record;
    if (applied > 0) this.report({ type: 'delivered', txns: disk.log.slice(0, applied) });
  }

  /** Keeps so many of the writes that were under way; -1: the disk is lost as well. */
  #crash(keeps: number): Outcome {
    let { disk } = this.#record;
    for (const write of this.#record.pending.slice(0, Math.max(0, keeps))) {
      disk = stored(disk, write);
    }
    if (keeps < 0) {
      disk = blankDisk;
      this.#told = { toldAccepted: 0, toldCurrent: 0 };
    }
    const peer = this.catalogue.peer.begin({}).next;
    const down = { incarnation: 0, peer, leader: null, learner: null };
    return this.#outcome({ sid: this.sid, ...recovered(disk), ...down, ...this.#told });
  }

  #outcome(record: ReplicaRecord): Outcome {
    if (this.#record.disk !== record.disk) this.#checkEpochs(record);
    const { disk, toldAccepted, toldCurrent } = record;
    const next = {
      ...record,
      toldAccepted: Math.max(toldAccepted, disk.acceptedEpoch),
      toldCurrent: Math.max(toldCurrent, disk.currentEpoch),
    };
    return { next, sent: this.#sent, facts: this.#facts, fault: this.#fault };
  }

  #checkEpochs({ disk, sid, toldAccepted }: ReplicaRecord): void {
    const { acceptedEpoch, currentEpoch, log } = disk;
    const before = this.#record.disk;
    const lastEpoch = epochOfTxn(log.at(-1) ?? 0);
    const claimed = this.bounds.pieceTxns > 0 ? acceptedEpoch : currentEpoch;
    if (acceptedEpoch < currentEpoch) this.#blame(`Z11 replica ${sid}: accepted < current`);
    // History that is stored in pieces is claimed with its last one.
    if (claimed < lastEpoch) this.#blame(`Z11 replica ${sid}: an epoch < that of its log`);
    const isLess = acceptedEpoch < before.acceptedEpoch || currentEpoch < before.currentEpoch;
    const isWiped = log.length === 0 && acceptedEpoch === 0 && toldAccepted === 0;
    if (isLess && !isWiped) this.#blame(`Z11 replica ${sid}: an epoch goes down`);
  }
}
