/**
 * One link to a leader, seen from the learner: actors/learner.ts, with actors/upstream.ts and
 * actors/broadcast-intake.ts.
 */

import { type Body, type Frame, frames, isBroadcast } from './frames.ts';
import { IntakeModel, type IntakeRecord, nothingTaken } from './history-intake.ts';
import type { Self } from './links.ts';
import { follows } from './names.ts';
import type { Seat } from './seat.ts';

export interface LearnerRecord {
  readonly leader: number;
  readonly link: number;
  readonly machine: number;
  /** The channel of the leader's frames to us alone; -1 before the first. */
  readonly down: number;
  readonly incarnation: number;
  /** The leader's broadcasts: a channel once we are ready, what came before that till then. */
  readonly broadcast: BroadcastRecord | null;
  readonly epoch: number;
  readonly sent: number;
  readonly intake: IntakeRecord;
  readonly isServing: boolean;
}

export interface BroadcastRecord {
  readonly incarnation: number;
  readonly epoch: number;
  readonly channel: number;
  readonly early: readonly number[];
}

const patience = { silentTicks: 5, greetTicks: 0, stallTicks: 100 };

export class LearnerModel {
  readonly #self: Self;
  readonly #seat: Seat;
  readonly #downSeat: Seat;
  readonly #broadcastSeat: Seat;
  readonly #intake: IntakeModel;
  readonly leader: number;
  readonly link: number;
  #hasDown = false;
  #incarnation = 0;
  #broadcast: Omit<BroadcastRecord, 'channel'> | null = null;
  #isStarted = false;
  #epoch = 0;
  #sent = 0;
  #frame: Frame | null = null;
  #isServing = false;
  isOver = false;

  constructor(
    named: { readonly leader: number; readonly link: number; readonly intake?: IntakeRecord },
    self: Self,
  ) {
    this.#self = self;
    this.leader = named.leader;
    this.link = named.link;
    const { history, catalogue } = self;
    const ports = {
      credit: () => this.#send({ kind: 'credit' }),
      received: () => this.#seat.send({ type: 'history.received' }),
      broken: () => this.#abandon(),
    };
    this.#intake = new IntakeModel(history, ports, self.bounds.pieceTxns, named.intake);
    this.#seat = self.seat(catalogue.learner, {
      greet: () => this.#greet(),
      repeatGreeting: () => this.#greet(),
      storePromise: ({ epoch }: { epoch: number }) => {
        const { currentEpoch } = history.promises;
        history.storePromises({ acceptedEpoch: epoch, currentEpoch }, 'learner.promise');
      },
      promiseEpoch: () => {
        const { currentEpoch } = history.promises;
        this.#send({ kind: 'promise', currentEpoch, lastZxid: history.lastZxid });
      },
      adoptHistory: () => this.#intake.adopt(this.#epoch),
      ackLeadership: () => this.#send({ kind: 'ackLeadership' }),
      serve: () => {
        this.#isServing = true;
        self.roleEstablished();
      },
      leave: () => {
        this.#close();
        self.roleEnded();
      },
    });
    this.#downSeat = self.seat(catalogue.channel, {
      deliverFrame: () => this.#deliver(),
      reportGap: () => this.#abandon(),
    });
    this.#broadcastSeat = self.seat(catalogue.channel, {
      deliverFrame: () => this.#deliverBroadcast(),
      reportGap: () => this.#abandon(),
    });
  }

  begin(): this {
    const { acceptedEpoch } = this.#self.history.promises;
    const { leader } = this;
    this.#seat.begin({ leader, votes: true, acceptedEpoch, tick: 0, deadlineTick: 5, ...patience });
    return this;
  }

  resume(record: LearnerRecord): this {
    this.#seat.resume(record.machine);
    this.#hasDown = record.down >= 0;
    if (this.#hasDown) this.#downSeat.resume(record.down);
    this.#incarnation = record.incarnation;
    this.#broadcast = record.broadcast;
    this.#isStarted = record.broadcast !== null && record.broadcast.channel >= 0;
    if (this.#isStarted) this.#broadcastSeat.resume(record.broadcast!.channel);
    this.#epoch = record.epoch;
    this.#sent = record.sent;
    this.#isServing = record.isServing;
    return this;
  }

  get record(): LearnerRecord {
    const channel = this.#isStarted ? this.#broadcastSeat.id : -1;
    return {
      ...{ leader: this.leader, link: this.link, machine: this.#seat.id },
      down: this.#hasDown ? this.#downSeat.id : -1,
      incarnation: this.#incarnation,
      broadcast: this.#broadcast && { ...this.#broadcast, channel },
      ...{ epoch: this.#epoch, sent: this.#sent },
      intake: this.#isAdopted ? nothingTaken : this.#intake.record,
      isServing: this.#isServing,
    };
  }

  get #isAdopted(): boolean {
    return this.#seat.state === 'following' || this.#seat.state === 'joining.acking';
  }

  // To the leader.

  #greet(): void {
    if (this.#hasDown) return;
    const { promises } = this.#self.history;
    this.#sent = 1;
    this.#sendAs(1, { kind: 'greet', votes: true, ...promises });
  }

  #send(body: Body): void {
    this.#sent++;
    this.#sendAs(this.#sent, body);
  }

  #sendAs(seq: number, body: Body): void {
    this.#self.send(this.leader, { link: this.link, epoch: this.#epoch, seq }, body);
  }

  promiseStored(): void {
    this.#seat.send({ type: 'promise.stored' });
  }

  logged(zxid: number): void {
    const { state } = this.#seat;
    if (this.isOver || (state !== 'following' && state !== 'joining.acking')) return;
    this.#send({ kind: 'ack', zxid });
  }

  // From the leader.

  receive(frame: Frame): void {
    if (isBroadcast(frame)) return this.#receiveBroadcast(frame);
    if (!this.#hasDown && !this.#openDown(frame)) return;
    this.#frame = frame;
    const { incarnation, link, epoch, seq } = frame;
    this.#downSeat.send({ type: 'frame.received', incarnation, link, epoch, seq } as never);
  }

  #openDown({ kind, link, incarnation, epoch }: Frame): boolean {
    if (kind !== 'announceEpoch' || link !== this.link) return false;
    this.#incarnation = incarnation;
    this.#broadcast = { incarnation, epoch, early: [] };
    this.#hasDown = true;
    this.#downSeat.begin({ incarnation, link, epoch, seq: 0 });
    return true;
  }

  #abandon(): void {
    this.#seat.send({ type: 'link.broken', reason: '' } as never);
  }

  /** The epoch is that of the frame that the link was opened by. */
  #deliver(): void {
    const frame = this.#frame!;
    switch (frame.kind) {
      case 'announceEpoch':
        this.#epoch = this.#broadcast!.epoch;
        return this.#seat.send({ type: 'epoch.announced', epoch: this.#epoch } as never);
      case 'cut':
        return this.#considerCut(frame.zxid);
      case 'history':
        return this.#intake.take(frame.txn, frame.endsChunk, frame.committed);
      case 'leadership': {
        const { lastZxid, broadcastSeq } = frame;
        return this.#intake.leadershipReceived({ lastZxid, broadcastSeq });
      }
      case 'admit':
        this.#self.history.commit(frame.committed);
        return this.#seat.send({ type: 'admitted' });
    }
  }

  #considerCut(zxid: number): void {
    const position = this.#intake.considerCut(zxid);
    if (position === null) return this.#abandon();
    this.#send({ kind: 'position', zxid: position });
  }

  pieceStored(): void {
    if (this.isOver) return;
    this.#intake.pieceStored();
  }

  historyAdopted(): void {
    if (this.isOver) return;
    this.#intake.stored();
    const { broadcastSeq } = this.#intake.record.leadership!;
    this.#seat.send({ type: 'history.adopted' });
    this.#start(broadcastSeq);
  }

  // Broadcasts.

  /** Everything up to broadcast number `seq` is in our log. */
  #start(seq: number): void {
    const { incarnation, epoch, early } = this.#broadcast!;
    this.#broadcast = { incarnation, epoch, early: [] };
    this.#isStarted = true;
    this.#broadcastSeat.begin({ incarnation, link: 0, epoch, seq });
    for (const id of early) this.#takeBroadcast(frames.get(id));
  }

  #receiveBroadcast(frame: Frame): void {
    const broadcast = this.#broadcast;
    if (broadcast === null) return;
    if (frame.incarnation !== broadcast.incarnation || frame.epoch !== broadcast.epoch) return;
    if (this.#isStarted) return this.#takeBroadcast(frame);
    this.#broadcast = { ...broadcast, early: [...broadcast.early, frames.id(frame)] };
  }

  #takeBroadcast(frame: Frame): void {
    this.#frame = frame;
    const { incarnation, epoch } = this.#broadcast!;
    const header = { incarnation, link: 0, epoch, seq: frame.seq };
    this.#broadcastSeat.send({ type: 'frame.received', ...header } as never);
  }

  #deliverBroadcast(): void {
    const frame = this.#frame as Extract<Frame, { kind: 'propose' | 'commit' }>;
    const { history } = this.#self;
    if (frame.kind === 'propose') {
      if (!follows(frame.txn, history.lastZxid)) return this.#abandon();
      history.append(frame.txn);
    }
    if (frame.told > history.lastZxid) return this.#abandon();
    if (this.#isServing) history.commit(frame.told);
  }

  #close(): void {
    this.isOver = true;
    this.#isServing = false;
    if (this.#hasDown) this.#downSeat.send({ type: 'channel.closed' });
    if (this.#isStarted) this.#broadcastSeat.send({ type: 'channel.closed' });
  }

  // Liveness.

  repeatGreeting(): void {
    this.#seat.send({ type: 'tick', tick: 0 } as never);
  }

  /** The leader is silent, or did not let us in in time. */
  timeOut(): void {
    this.#seat.send({ type: 'tick', tick: 9 } as never);
  }

  /** What the leader says to have sent, and to have taken, is overdue (actors/link-progress.ts). */
  progress({ broadcast, down, taken }: Progress): void {
    if (!this.#hasDown && down > 0) return this.#abandon();
    if (this.#isStarted) this.#broadcastSeat.send({ type: 'peer.sent', seq: broadcast } as never);
    if (this.#hasDown && !this.isOver) {
      this.#downSeat.send({ type: 'peer.sent', seq: down } as never);
    }
    if (!this.isOver && taken < this.#sent) this.#abandon();
  }
}

export interface Progress {
  readonly broadcast: number;
  readonly down: number;
  readonly taken: number;
}
