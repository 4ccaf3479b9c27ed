/** The leader's end of one link: actors/learner-handler.ts, less snapshots. */

import type { Position } from '../../machines/learner-handler.ts';
import type { Body, Frame } from './frames.ts';
import type { Self } from './links.ts';
import { lastBatchEndAtOrBelow, zxidOf } from './names.ts';
import type { Seat } from './seat.ts';

export interface HandlerRecord {
  readonly sid: number;
  readonly link: number;
  readonly channel: number;
  readonly machine: number;
  readonly sent: number;
  /** 0 while no history is being sent. */
  readonly cursor: number;
}

export interface HandlerPorts {
  received(handler: HandlerModel, frame: Frame): void;
  lost(handler: HandlerModel): void;
  broadcastSeq(): number;
  epoch(): number;
}

export class HandlerModel {
  readonly sid: number;
  readonly link: number;
  readonly #self: Self;
  readonly #ports: HandlerPorts;
  readonly #channel: Seat;
  readonly #machine: Seat;
  #sent = 0;
  #cursor = 0;
  #frame: Frame | null = null;

  constructor(
    { sid, link }: { readonly sid: number; readonly link: number },
    self: Self,
    ports: HandlerPorts,
  ) {
    this.sid = sid;
    this.link = link;
    this.#self = self;
    this.#ports = ports;
    const { catalogue } = self;
    this.#channel = self.seat(catalogue.channel, {
      deliverFrame: () => this.#deliver(),
      reportGap: () => ports.lost(this),
    });
    this.#machine = self.seat(catalogue.handler, {
      openHistory: ({ zxid }: { zxid: number }) => {
        this.#cursor = zxid;
      },
      sendHistory: () => this.#sendHistory(),
      askForCut: ({ zxid }: { zxid: number }) => this.send({ kind: 'cut', zxid }),
      letIn: () => this.send({ kind: 'admit', committed: self.history.committedZxid }),
    });
  }

  begin(greeting: Frame): this {
    const { incarnation, link, seq } = greeting;
    this.#channel.begin({ incarnation, link, epoch: 0, seq });
    this.#machine.begin({ sid: this.sid, credits: this.#self.bounds.credits });
    return this;
  }

  resume(record: HandlerRecord): this {
    this.#channel.resume(record.channel);
    this.#machine.resume(record.machine);
    this.#sent = record.sent;
    this.#cursor = record.cursor;
    return this;
  }

  get record(): HandlerRecord {
    const { sid, link } = this;
    const cursor = this.#machine.state.startsWith('sending') ? this.#cursor : 0;
    const [channel, machine] = [this.#channel.id, this.#machine.id];
    return { sid, link, channel, machine, sent: this.#sent, cursor };
  }

  send(body: Body): void {
    this.#sent++;
    const header = { link: this.link, epoch: this.#ports.epoch(), seq: this.#sent };
    this.#self.send(this.sid, header, body);
  }

  receive(frame: Frame): void {
    this.#frame = frame;
    const { incarnation, link, seq } = frame;
    if (frame.epoch !== this.#ports.epoch()) return;
    const header = { incarnation, link, epoch: 0, seq };
    this.#channel.send({ type: 'frame.received', ...header } as never);
  }

  #deliver(): void {
    const frame = this.#frame!;
    if (frame.kind === 'position') this.#positionKnown(frame.zxid);
    else if (frame.kind === 'credit') this.#machine.send({ type: 'credit.received' });
    else this.#ports.received(this, frame);
  }

  /** The learner has promised our epoch, and told where it stands. */
  synchronize(lastZxid: number): void {
    this.#positionKnown(lastZxid);
  }

  leadershipAcked(): void {
    this.#machine.send({ type: 'leadership.acked' });
  }

  admit(): void {
    this.#machine.send({ type: 'admission.granted' });
  }

  #positionKnown(zxid: number): void {
    const { history } = this.#self;
    const commonZxid = lastBatchEndAtOrBelow(history.log, zxid);
    const isHeld = history.holds(zxid);
    const facts: Position = { zxid, isHeld, commonZxid, isReachable: true, wantsSnapshot: false };
    this.#machine.send({ type: 'position.known', position: facts } as never);
  }

  #sendHistory(): void {
    const { history, bounds } = this.#self;
    const committed = history.committedZxid;
    let count = 0;
    for (const txn of history.all.filter((one) => zxidOf(one) > this.#cursor)) {
      const endsChunk = ++count === bounds.pieceTxns;
      this.send({ kind: 'history', endsChunk, committed, txn });
      this.#cursor = zxidOf(txn);
      if (endsChunk) return this.#machine.send({ type: 'chunk.sent' });
    }
    const broadcastSeq = this.#ports.broadcastSeq();
    this.send({ kind: 'leadership', lastZxid: this.#cursor, broadcastSeq });
    this.#machine.send({ type: 'history.sent' });
  }
}
