/** One term as leader: actors/leader.ts, with actors/broadcaster.ts and actors/proposer.ts. */

import type { LeaderContext } from '../../machines/leader.ts';
import { majorityOf } from '../../machines/quorum.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import type { Frame } from './frames.ts';
import { HandlerModel, type HandlerRecord } from './learner-handler.ts';
import type { Self } from './links.ts';
import { makeTxn } from './names.ts';
import { firstPulse, hasUntrusted } from './pulses.ts';
import type { Seat } from './seat.ts';

export interface LeaderRecord {
  readonly machine: number;
  /** All that were ever greeted over in this term. */
  readonly links: readonly number[];
  readonly handlers: readonly HandlerRecord[];
  readonly positions: { readonly [sid: string]: number };
  /** Number of the status that is answered now (pulses.ts). */
  readonly pulse: number;
  /** null before it is ours. */
  readonly broadcaster: BroadcasterRecord | null;
  /** Counter of the last zxid; batches that the log has not answered for. */
  readonly proposer: { readonly counter: number; readonly inFlight: number } | null;
}

interface BroadcasterRecord {
  /** Number of the last broadcast, and what it told to be committed, and to be so where held. */
  readonly seq: number;
  readonly told: number;
  readonly toldEarly: number;
  /** All who serve have heard so far of what is committed where it is held. */
  readonly covered: number;
}

export class LeaderModel {
  readonly #self: Self;
  readonly #seat: Seat;
  readonly #links = new Set<number>();
  readonly #handlers = new Map<number, HandlerModel>();
  #positions: { [sid: string]: number } = {};
  #pulse = firstPulse;
  #broadcaster: { -readonly [field in keyof BroadcasterRecord]: number } | null = null;
  #proposer: { counter: number; inFlight: number } | null = null;
  #mustTell = false;
  isOver = false;

  constructor(self: Self) {
    this.#self = self;
    const { history } = self;
    this.#seat = self.seat(self.catalogue.leader, {
      storePromise: ({ epoch }: { epoch: number }) => {
        const { currentEpoch } = history.promises;
        history.storePromises({ acceptedEpoch: epoch, currentEpoch }, 'leader.promise');
      },
      announceEpoch: ({ sids }: { sids: readonly number[] }) => {
        for (const sid of sids) this.#handlers.get(sid)?.send({ kind: 'announceEpoch' });
      },
      storeHistory: ({ epoch }: { epoch: number }) =>
        history.storePromises({ acceptedEpoch: epoch, currentEpoch: epoch }, 'leader.history'),
      synchronize: ({ sids }: { sids: readonly number[] }) => {
        for (const sid of sids) this.#handlers.get(sid)?.synchronize(this.#positions[sid] ?? 0);
      },
      establish: () => this.#establish(),
      admit: ({ sids }: { sids: readonly number[] }) => {
        for (const sid of sids) this.#handlers.get(sid)?.admit();
        if (this.#broadcaster !== null) this.#broadcaster.covered = 0;
      },
      commit: ({ zxid }: { zxid: number }) => {
        history.commit(zxid);
        this.#mustTell = true;
      },
      commitEarly: () => {
        this.#mustTell = true;
      },
      abdicate: () => {
        this.isOver = true;
        self.roleEnded();
      },
    });
  }

  begin(): this {
    const { sid, sids, history } = this.#self;
    const ticks = { tick: 0, greetTicks: 0, initTicks: 0, leaseTicks: 0, stallTicks: 100 };
    const quorum = [majorityOf(sids)];
    const { promises, lastZxid } = history;
    this.#seat.begin({ sid, quorum, ...ticks, ...promises, lastZxid });
    return this;
  }

  resume(record: LeaderRecord): this {
    this.#seat.resume(record.machine);
    for (const link of record.links) this.#links.add(link);
    for (const one of record.handlers) {
      this.#handlers.set(one.sid, this.#handler(one).resume(one));
    }
    this.#positions = { ...record.positions };
    this.#pulse = record.pulse;
    this.#broadcaster = record.broadcaster && { ...record.broadcaster };
    this.#proposer = record.proposer && { ...record.proposer };
    return this;
  }

  get record(): LeaderRecord {
    return {
      machine: this.#seat.id,
      links: [...this.#links].sort((a, b) => a - b),
      handlers: [...this.#handlers.values()]
        .map(({ record }) => record)
        .sort((a, b) => a.sid - b.sid),
      positions: this.#positions,
      pulse: hasUntrusted(this.#context.learners) ? this.#pulse : firstPulse,
      broadcaster: this.#broadcaster && this.#compared(this.#broadcaster),
      proposer: this.#proposer,
    };
  }

  /** Whatever is below what is committed by now is alike. */
  #compared({ seq, told, toldEarly, covered }: BroadcasterRecord): BroadcasterRecord {
    const { committedZxid } = this.#self.history;
    const later = (zxid: number) => (zxid > committedZxid ? zxid : 0);
    const [soon, known] = [later(toldEarly), later(covered)];
    return { seq, told: told < committedZxid ? 0 : told, toldEarly: soon, covered: known };
  }

  get #context(): LeaderContext {
    return this.#seat.context<LeaderContext>();
  }

  get #epoch(): number {
    return this.#context.epoch;
  }

  #handler(named: { readonly sid: number; readonly link: number }): HandlerModel {
    return new HandlerModel(named, this.#self, {
      received: (handler, frame) => this.#received(handler, frame),
      lost: (handler) => this.#lost(handler),
      broadcastSeq: () => this.#broadcaster?.seq ?? 0,
      epoch: () => this.#epoch,
    });
  }

  promiseStored(): void {
    this.#seat.send({ type: 'promise.stored' });
  }

  historyStored(): void {
    this.#seat.send({ type: 'history.stored' });
  }

  #establish(): void {
    if (this.isOver) return;
    const { history } = this.#self;
    history.commit(history.lastZxid);
    this.#broadcaster = { seq: 0, told: 0, toldEarly: 0, covered: 0 };
    this.#proposer = { counter: 0, inFlight: 0 };
    this.#self.report({ type: 'established', epoch: this.#epoch });
    this.#self.roleEstablished();
  }

  /** A batch of one txn: sent to all, and into our own log. */
  propose(serial: number): void {
    const proposer = this.#proposer!;
    const { history } = this.#self;
    proposer.counter++;
    proposer.inFlight++;
    const txn = makeTxn(this.#epoch, proposer.counter, serial);
    const delivered = history.log.slice(0, history.record.applied);
    this.#self.report({ type: 'proposed', txn, delivered });
    const [header, told] = this.#next();
    this.#self.broadcast(header, { kind: 'propose', ...told, txn });
    history.append(txn);
  }

  logged(zxid: number): void {
    if (this.isOver || this.#proposer === null) return;
    this.#seat.send({ type: 'batch.logged', zxid } as never);
    this.#proposer.inFlight--;
  }

  /** The next broadcast, which tells all that there is to tell. */
  #next() {
    const broadcaster = this.#broadcaster!;
    const { committedZxid: told } = this.#self.history;
    const { early } = this.#context;
    Object.assign(broadcaster, { told, toldEarly: early, covered: early });
    broadcaster.seq++;
    const header = { link: 0, epoch: this.#epoch, seq: broadcaster.seq };
    return [header, { told: Math.max(told, early) }] as const;
  }

  /** The end of the turn: a commit goes alone when no batch took it along. */
  endTurn(): void {
    if (this.isOver || !this.#mustTell || this.#broadcaster === null || !this.#hasNews) return;
    const [header, told] = this.#next();
    this.#self.broadcast(header, { kind: 'commit', ...told });
  }

  get #hasNews(): boolean {
    const { told, toldEarly, covered } = this.#broadcaster!;
    const { committedZxid } = this.#self.history;
    if (this.#context.early > Math.max(toldEarly, committedZxid)) return true;
    return committedZxid > told && committedZxid > covered;
  }

  // From learners.

  receive(frame: Frame): void {
    if (this.isOver) return;
    if (frame.kind === 'greet') return this.#greeted(frame);
    this.#handlers.get(frame.from)?.receive(frame);
  }

  /** Whoever was heard lately is not greeted anew: here that is a greeting that comes later. */
  #greeted(frame: Extract<Frame, { kind: 'greet' }>): void {
    const { from: sid, link, votes, acceptedEpoch, currentEpoch } = frame;
    if (this.#links.has(link)) return;
    this.#links.add(link);
    this.#forget(sid);
    this.#handlers.set(sid, this.#handler({ sid, link }).begin(frame));
    const [isBlank, pulse] = [currentEpoch === 0, this.#pulse];
    // Whatever is answered from now on was sent after this greeting.
    if (isBlank) this.#pulse++;
    const facts = { acceptedEpoch, votes, isBlank, pulse };
    this.#seat.send({ type: 'learner.greeted', sid, ...facts } as never);
  }

  #received(handler: HandlerModel, frame: Frame): void {
    const { sid } = handler;
    if (frame.kind === 'promise') {
      const { currentEpoch, lastZxid } = frame;
      this.#positions[sid] = lastZxid;
      this.#seat.send({ type: 'epoch.promised', sid, currentEpoch, lastZxid } as never);
    } else if (frame.kind === 'ackLeadership') {
      handler.leadershipAcked();
      this.#seat.send({ type: 'leadership.acked', sid } as never);
    } else if (frame.kind === 'ack') {
      this.#seat.send({ type: 'ack.received', sid, zxid: frame.zxid } as never);
    }
  }

  /** A beat answers our status, and carries again what an ack may have lost or has yet to say. */
  beatReceived({ from: sid, link, epoch, logged }: Beat): void {
    if (this.isOver || this.#handlers.get(sid)?.link !== link) return;
    this.#seat.send({ type: 'learner.heard', sid, pulse: this.#pulse } as never);
    const learner = this.#context.learners[sid];
    const isInStep = learner?.synced === true && epoch === this.#epoch;
    if (isInStep && logged > Math.max(learner.acked, makeZxid(epoch, 0))) {
      this.#seat.send({ type: 'ack.received', sid, zxid: logged } as never);
    }
  }

  #lost(handler: HandlerModel): void {
    if (this.#handlers.get(handler.sid) !== handler) return;
    this.#forget(handler.sid);
    this.#seat.send({ type: 'learner.left', sid: handler.sid } as never);
  }

  #forget(sid: number): void {
    this.#handlers.delete(sid);
    delete this.#positions[sid];
  }

  /** It is silent. */
  learnerSilent(sid: number): void {
    const handler = this.#handlers.get(sid);
    if (handler !== undefined) this.#lost(handler);
  }

  rivalHeard(leader: number, epoch: number): void {
    this.#seat.send({ type: 'rival.heard', leader, epoch } as never);
  }

  /** No quorum was heard within the lease, or the phase took too long. */
  timeOut(): void {
    this.#seat.send({ type: 'tick', tick: 9 } as never);
  }
}

/** One way there and back: of our status, and of the learner's answer to it. */
export interface Beat {
  readonly from: number;
  readonly link: number;
  readonly epoch: number;
  readonly logged: number;
}
