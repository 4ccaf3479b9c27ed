/**
 * One term as leader: hosts the leader's machine and a handler per learner; makes each batch one
 * broadcast whatever the number of learners, gathers acks, and tells what is committed with the
 * next batch, or alone when there is none.
 */

import { leaderMachine } from '../machines/leader.ts';
import type { QuorumSystem } from '../machines/quorum.ts';
import { doAllVote } from '../machines/standing.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import type { JuteReader } from '../protocol/jute.ts';
import { type PacketHeader, PacketKind } from '../protocol/packet.ts';
import {
  type LearnerProgress,
  readBeat,
  readGreeting,
  readTouch,
  readZxid,
} from '../protocol/zab.ts';
import { makeZxid } from '../protocol/zxid.ts';
import type { Preparer, WriteRequest } from '../storage/prepare.ts';
import { Broadcaster } from './broadcaster.ts';
import type { Clock } from './clock.ts';
import { ForwardedRequest } from './forwarded.ts';
import type { History } from './history.ts';
import { MachineHost } from './host.ts';
import type { LeaderPorts } from './leader-ports.ts';
import { LearnerHandler } from './learner-handler.ts';
import { LogClaims } from './log-claims.ts';
import type { Post } from './post.ts';
import { type Batch, Proposer } from './proposer.ts';
import { SessionOwners } from './session-owners.ts';
import type { Settings } from './settings.ts';
import type { Tap } from './tap.ts';
import type { LeadingView } from './words-ensemble.ts';

export interface LeaderInput {
  readonly quorum: QuorumSystem;
  readonly tick: number;
  readonly initTicks: number;
}

/** Who was heard so lately does not begin a new link. */
const aliveTicks = 3;
/** Whom a quorum elected, a quorum greets. */
const greetTicks = 100;
const leaseTicks = 25;
const stallTicks = 4;

export class Leader {
  readonly #post: Post;
  readonly #history: History;
  readonly #preparer: Preparer;
  readonly #clock: Clock;
  readonly #txnsMax: number;
  readonly #ports: LeaderPorts;
  readonly #tap: Tap;
  readonly #host: MachineHost<typeof leaderMachine>;
  /** All that were ever greeted over in this term. */
  readonly #links = new Set<number>();
  readonly #handlers = new Map<number, LearnerHandler>();
  /** Ends of the learners' logs, as they promised our epoch. */
  readonly #positions = new Map<number, number>();
  readonly #forwarded = new ForwardedRequest();
  readonly #owners = new SessionOwners((session) => this.#ports.isAlive(session));
  /** Both from the moment on at which a quorum holds our history. */
  #proposer: Proposer | null = null;
  #broadcaster: Broadcaster | null = null;
  #establishedMs = 0;
  #isOver = false;
  /** What of our log learners still need. */
  readonly claims: LogClaims;
  isEstablished = false;

  constructor(
    input: LeaderInput,
    parts: {
      readonly post: Post;
      readonly history: History;
      readonly preparer: Preparer;
      readonly clock: Clock;
      readonly settings: Pick<Settings, 'epochTxnsMax'>;
      readonly tap: Tap;
    },
    ports: LeaderPorts,
  ) {
    this.#txnsMax = parts.settings.epochTxnsMax;
    this.#post = parts.post;
    this.#history = parts.history;
    this.#preparer = parts.preparer;
    this.#clock = parts.clock;
    this.claims = new LogClaims(parts.clock);
    this.#ports = ports;
    this.#tap = parts.tap;
    const { quorum, tick, initTicks } = input;
    this.#host = new MachineHost(
      leaderMachine,
      {
        storePromise: ({ epoch }: { epoch: number }) => this.#storePromise(epoch),
        announceEpoch: ({ sids }: { sids: readonly number[] }) => {
          for (const sid of sids) this.#handlers.get(sid)?.send(PacketKind.announceEpoch);
        },
        storeHistory: ({ epoch }: { epoch: number }) => this.#storeHistory(epoch),
        synchronize: ({ sids }: { sids: readonly number[] }) => {
          for (const sid of sids) this.#synchronize(sid);
        },
        establish: () => this.#establish(),
        admit: ({ sids }: { sids: readonly number[] }) => this.#admit(sids),
        commit: ({ zxid }: { zxid: number }) => this.#commit(zxid),
        commitEarly: ({ zxid }: { zxid: number }) => this.#broadcaster!.commitEarly(zxid),
        abdicate: ({ reason }: { reason: string }) => {
          this.close(reason);
          ports.ended(reason);
        },
      },
      {
        input: {
          ...{ sid: this.#post.sid, quorum, tick, greetTicks, initTicks, leaseTicks, stallTicks },
          ...this.#history.promises,
          lastZxid: this.#history.lastZxid,
        },
        tap: this.#tap,
      },
    );
  }

  get stateName(): string {
    return this.#host.state;
  }

  get epoch(): number {
    return this.#host.context.epoch;
  }

  get isOverloaded(): boolean {
    return this.#proposer?.isOverloaded ?? true;
  }

  get isIdle(): boolean {
    return this.#proposer?.isIdle ?? true;
  }

  get broadcastSeq(): number {
    return this.#broadcaster?.seq ?? 0;
  }

  /** Replicas that hold our history, observers included. */
  get syncedSids(): number[] {
    const { learners } = this.#host.context;
    return Object.keys(learners)
      .map(Number)
      .filter((sid) => learners[sid]!.synced);
  }

  /** What monitoring is told of this term; null before it is established. */
  get view(): LeadingView | null {
    if (this.#broadcaster === null) return null;
    const uptimeMs = this.#clock.monotonicMs() - this.#establishedMs;
    const learners = Object.values(this.#host.context.learners);
    return { learners, uptimeMs, proposals: this.#broadcaster.sizes };
  }

  progress(): LearnerProgress[] {
    return Array.from(this.#handlers.values(), ({ sid, link, taken, sent }) => {
      return { sid, link, taken, sent };
    });
  }

  // The phases.

  #storePromise(epoch: number): void {
    const { currentEpoch } = this.#history.promises;
    this.#history.storePromises({ acceptedEpoch: epoch, currentEpoch }, () =>
      this.#host.send({ type: 'promise.stored' }),
    );
  }

  #storeHistory(epoch: number): void {
    this.#history.storePromises({ acceptedEpoch: epoch, currentEpoch: epoch }, () =>
      this.#host.send({ type: 'history.stored' }),
    );
  }

  #synchronize(sid: number): void {
    this.#handlers.get(sid)?.synchronize(this.#positions.get(sid) ?? 0);
  }

  /** All that is in our log is committed: a quorum holds it, of this epoch. */
  #establish(): void {
    if (this.#isOver) return;
    this.#history.commit(this.#history.lastZxid);
    const ports = {
      propose: (batch: Batch) => this.#propose(batch),
      exhausted: () =>
        this.resign('the counter of the zxid is used up: only a new epoch can go on'),
    };
    this.#broadcaster = new Broadcaster(this.#post, this.#history, this.#clock, {
      epoch: this.epoch,
      doAllVote: () => doAllVote(this.#host.context),
    });
    const start = makeZxid(this.epoch, 0);
    const lastZxidMax = makeZxid(this.epoch, this.#txnsMax);
    this.#proposer = new Proposer(this.#preparer, start, this.#clock, ports, { lastZxidMax });
    this.isEstablished = true;
    this.#establishedMs = this.#clock.monotonicMs();
    this.#ports.established();
  }

  /**
   * What a learner asked for over an earlier link goes out ahead of its admission: what it has not
   * seen proposed by then it asks for anew, and it would be done twice.
   */
  #admit(sids: readonly number[]): void {
    this.#proposer?.closeNow();
    for (const sid of sids) this.#handlers.get(sid)?.admit();
    this.#broadcaster?.admitted();
  }

  // Broadcast.

  /** A client's write, or one of our own. */
  submit(request: WriteRequest & { time: number }): void {
    if (this.#isOver) return;
    this.#proposer?.submit(request);
  }

  /** As submit, for a client that is connected to `sid`. */
  submitFrom(sid: number, request: WriteRequest & { time: number; fault: number }): void {
    if (!this.#owners.admits(request, sid)) request.fault = ErrorCode.sessionMoved;
    this.submit(request);
  }

  sessionClosed(session: string): void {
    this.#owners.delete(session);
  }

  #propose(batch: Batch): void {
    // Gathered within the term, closed behind its end: what it holds is asked for anew.
    if (this.#isOver) return batch.release();
    this.#broadcaster!.propose(batch);
    this.#history.append(batch.frame, batch.release);
  }

  /** Our own log is a voter, too. */
  logged(zxid: number): void {
    if (this.#isOver || this.#proposer === null) return;
    this.#host.send({ type: 'batch.logged', zxid });
    this.#proposer.logged();
  }

  #commit(zxid: number): void {
    this.#history.commit(zxid);
    this.#broadcaster!.commit();
  }

  changeQuorum(quorum: QuorumSystem): void {
    this.#host.send({ type: 'quorum.changed', quorum });
  }

  // From learners.

  receive(header: Readonly<PacketHeader>, body: JuteReader): void {
    if (this.#isOver) return;
    if (header.kind === PacketKind.greet) return this.#greeted(header, body);
    const handler = this.#handlers.get(header.sender);
    if (handler === undefined) return this.#post.drop('of a learner that has not greeted');
    handler.receive(header, body);
  }

  #greeted(header: Readonly<PacketHeader>, body: JuteReader): void {
    const { sender, link } = header;
    // Repeated, because it has heard nothing yet.
    const known = this.#handlers.get(sender);
    if (known?.link === link) return;
    const { tick, learners } = this.#host.context;
    const isAlive = known !== undefined && tick - (learners[sender]?.heardTick ?? 0) < aliveTicks;
    if (isAlive || this.#links.has(link)) return this.#post.drop('said before');
    this.#links.add(link);
    const greeting = readGreeting(body);
    this.#forget(sender);
    const handler = new LearnerHandler(
      header,
      greeting,
      {
        ...{ post: this.#post, history: this.#history, tap: this.#tap },
        epoch: () => this.epoch,
      },
      {
        received: (from, kind, frame) => this.#received(from, kind, frame),
        lost: (from, reason) => this.#lost(from, reason),
        broadcastSeq: () => this.broadcastSeq,
        openSnapshot: (opened) => this.#ports.openSnapshot(opened),
        needsLogAfter: ({ sid }, zxid) => this.claims.add(sid, zxid),
      },
    );
    this.#handlers.set(sender, handler);
    const { votes, acceptedEpoch } = greeting;
    const [isBlank, pulse] = [greeting.currentEpoch === 0, this.#ports.pulse()];
    const facts = { acceptedEpoch, votes, isBlank, pulse };
    this.#host.send({ type: 'learner.greeted', sid: sender, ...facts });
  }

  #received(handler: LearnerHandler, kind: number, body: JuteReader): void {
    const { sid } = handler;
    switch (kind) {
      case PacketKind.promise: {
        const [currentEpoch, lastZxid] = [body.int(), readZxid(body)];
        this.#positions.set(sid, lastZxid);
        return this.#host.send({ type: 'epoch.promised', sid, currentEpoch, lastZxid });
      }
      case PacketKind.ackLeadership:
        handler.leadershipAcked();
        this.claims.delete(sid);
        return this.#host.send({ type: 'leadership.acked', sid });
      case PacketKind.ack:
        return this.#host.send({ type: 'ack.received', sid, zxid: readZxid(body) });
      case PacketKind.requests:
        return this.#forwarded.readAll(body, {
          take: (request) => this.submitFrom(sid, request),
          heard: (session) => this.#ports.asked(session),
        });
      default:
        this.#post.drop('not for a leader');
    }
  }

  /** A heartbeat carries again what an ack may have lost. */
  beatReceived(header: Readonly<PacketHeader>, body: JuteReader): void {
    const { sender: sid, link, epoch, seq } = header;
    const handler = this.#handlers.get(sid);
    if (this.#isOver || handler?.link !== link) return this.#post.drop('of another link');
    if (seq <= handler.beats) return this.#post.drop('said before');
    handler.beats = seq;
    const beat = readBeat(body);
    this.#host.send({ type: 'learner.heard', sid, pulse: beat.pulse });
    const learner = this.#host.context.learners[sid];
    const isInStep = learner?.synced === true && epoch === this.epoch;
    if (isInStep && beat.logged > Math.max(learner.acked, makeZxid(epoch, 0))) {
      this.#host.send({ type: 'ack.received', sid, zxid: beat.logged });
    }
    while (body.remaining > 0) {
      const touch = readTouch(body);
      this.#owners.note(touch.id, sid);
      this.#ports.touched(touch);
    }
    if (beat.digestZxid > 0) this.#ports.digestReported(sid, beat.digestZxid, beat.digest);
  }

  /** Its state is not to be trusted: it has to take ours, by a snapshot. */
  refuse(sid: number, reason: string): void {
    const handler = this.#handlers.get(sid);
    if (handler === undefined) return;
    handler.send(PacketKind.refuse, (writer) => writer.string(reason).boolean(true));
    this.#lost(handler, reason);
  }

  #lost(handler: LearnerHandler, reason: string): void {
    if (this.#handlers.get(handler.sid) !== handler) return;
    this.#ports.note('a learner is lost', { sid: handler.sid, reason });
    this.#forget(handler.sid);
    this.#host.send({ type: 'learner.left', sid: handler.sid });
  }

  #forget(sid: number): void {
    this.#handlers.get(sid)?.close();
    this.#handlers.delete(sid);
    this.#positions.delete(sid);
  }

  /** Ends the term of our own will; the others are told by our next status. */
  resign(reason: string): void {
    this.#host.send({ type: 'leadership.resigned', reason });
  }

  rivalHeard(leader: number, epoch: number): void {
    this.#host.send({ type: 'rival.heard', leader, epoch });
  }

  tick(tick: number): void {
    const { learners } = this.#host.context;
    for (const handler of this.#handlers.values()) {
      const heard = learners[handler.sid]?.heardTick ?? tick;
      if (tick - heard > 4 * leaseTicks) this.#lost(handler, 'it is silent');
    }
    this.#host.send({ type: 'tick', tick });
  }

  /** Nothing is proposed or committed by this term any more. */
  close(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.isEstablished = false;
    this.#ports.note('the term is over', { epoch: this.epoch, reason });
    for (const handler of this.#handlers.values()) handler.close();
    this.#handlers.clear();
    this.#broadcaster?.close();
    this.#preparer.outstanding.clear();
  }
}
