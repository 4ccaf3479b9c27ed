/**
 * Hosts one session's machine: keeps the session's requests in the order in which the client sent
 * them. Reads are answered at once, or wait in the queue behind the session's own unfinished
 * writes; when a write comes up for application, the reads ahead of it are answered first, from the
 * state just before it.
 */

import { sessionEvents, sessionMachine } from '../machines/session.ts';
import { assert } from '../protocol/assert.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import { Fifo } from '../protocol/fifo.ts';
import { Opcode } from '../protocol/opcode.ts';
import { formatSessionId, highHalf, lowHalf } from '../protocol/session-id.ts';
import type { PendingRequest, ReplyPort } from './pending-request.ts';
import { TransitionTable } from './table.ts';
import type { Tap } from './tap.ts';
import { sessionName } from './tap-names.ts';

type SessionEffect =
  | 'answerRead'
  | 'holdRead'
  | 'submitWrite'
  | 'submitClose'
  | 'answerHeldReads'
  | 'refuseRequest'
  | 'grantConnection'
  | 'releaseConnection';
type SessionEventType = (typeof sessionEvents)[number];

export const sessionTable = TransitionTable.compile<SessionEventType, SessionEffect>(
  sessionMachine,
  sessionEvents,
);
const eventIndex = (event: SessionEventType) => sessionTable.eventIndex(event);
const readEvent = eventIndex('request.read');
const writeEvent = eventIndex('request.write');
const closeEvent = eventIndex('request.close');
const appliedEvent = eventIndex('write.applied');
const drainedEvent = eventIndex('writes.drained');
const withdrawnEvent = eventIndex('expiry.withdrawn');

/** Who knows of it: this replica alone; soon all, its createSession is on its way; all. */
export type SessionReach = 'local' | 'proposed' | 'global';

/** What a session asks of others. */
export interface SessionPorts {
  /** Hands a write on to be prepared, at once. */
  submit(request: PendingRequest): void;
  /** Before a write of a local session: it may need a global one. */
  maybeUpgrade(session: Session, request: PendingRequest): void;
  /** Proposes the session's end: `request` if the client asked for it, null when it expired. */
  submitClose(session: Session, request: PendingRequest | null): void;
  /** It does not end, as it has gone on elsewhere: silence may end it again. */
  endRefused(session: Session): void;
  /** The last write of a local session that is closing has been answered. */
  settled(session: Session): void;
  /** Answers that the session is over, or goes on elsewhere. */
  refuse(request: PendingRequest, err?: ErrorCode): void;
  /** So many bytes of unfinished writes more, or less. */
  weigh(bytes: number): void;
  readonly tap: Tap;
}

export class Session {
  readonly id: string;
  readonly high: number;
  readonly low: number;
  /** Negotiated with the connection that holds it now. */
  timeoutMs: number;
  /** Monotonic ms at which something was last heard of the client. */
  lastHeardMs: number;
  /** The same for what came over a connection to this replica, which may be gone by now. */
  heardHereMs = Number.NEGATIVE_INFINITY;
  connection: ReplyPort | null = null;
  /** It has gone on at another replica, as agreed upon. */
  isElsewhere = false;
  reach: SessionReach = 'global';
  readonly #ports: SessionPorts;
  #state = 0;
  /**
   * Unfinished requests in order: filled by the connection, drained as writes are applied. Bounded,
   * since the connection stops reading its socket above a limit.
   */
  readonly #queue = new Fifo<PendingRequest>();
  /** Invariant: the number of writes in the queue. */
  #unfinished = 0;
  /** A request came while it was closing, and got no answer. */
  #hasDropped = false;

  constructor(id: string, timeoutMs: number, nowMs: number, ports: SessionPorts) {
    this.id = id;
    this.high = highHalf(id);
    this.low = lowHalf(id);
    this.timeoutMs = timeoutMs;
    this.lastHeardMs = nowMs;
    this.#ports = ports;
  }

  /** Its client has said something to us. */
  heard(nowMs: number): void {
    this.lastHeardMs = nowMs;
    this.heardHereMs = nowMs;
  }

  get stateName(): string {
    return sessionTable.states[this.#state]!;
  }

  get queueLength(): number {
    return this.#queue.size;
  }

  get isLocal(): boolean {
    return this.reach === 'local';
  }

  /** Is no write of it unfinished? */
  get isSettled(): boolean {
    return this.#unfinished === 0;
  }

  /** May a read be answered without waiting? Then nobody needs a request object for it. */
  readsAtOnce(): boolean {
    return !this.isElsewhere && sessionTable.effects(this.#state, readEvent)[0] === 'answerRead';
  }

  receiveRead(request: PendingRequest): void {
    this.#step(readEvent, request);
    // Who asks has not left, whatever was agreed upon: it comes anew, and that is agreed upon. Else
    // nobody would tell the leader that it lives; and who reads without a rest never pings.
    if (this.isElsewhere) request.port?.sessionEnded('session.moved');
  }

  receiveWrite(request: PendingRequest): void {
    if (this.isElsewhere) this.#refuseLeft(request);
    else this.#step(writeEvent, request);
  }

  /** The client closes its session, or (null) its timeout has elapsed. */
  receiveClose(request: PendingRequest | null): void {
    if (request !== null && this.isElsewhere) return this.#refuseLeft(request);
    this.#step(request === null ? eventIndex('timeout.elapsed') : closeEvent, request);
  }

  /**
   * It came over a connection that the client has left. The leader of the term in which it left
   * would refuse it, but the next one does not know who was heard where.
   */
  #refuseLeft(request: PendingRequest): void {
    // Not ahead of the answers to what was asked before.
    if (this.#queue.size === 0) this.#ports.refuse(request, ErrorCode.sessionMoved);
    request.port?.sessionEnded('session.moved');
  }

  created(): void {
    this.#step(eventIndex('session.created'), null);
  }

  closed(): void {
    for (const { isWrite, start, end } of this.#queue) if (isWrite) this.#ports.weigh(start - end);
    this.#step(eventIndex('session.closed'), null);
  }

  /**
   * The txn of the next write is about to be applied: reads sent before it see the state before it.
   */
  beforeApply(cxid: number): PendingRequest {
    for (;;) {
      const head = this.#queue.shift();
      assert(head !== undefined, 'session: an applied write is in the queue');
      if (!head.isWrite) {
        head.port?.answerRead(head);
        continue;
      }
      assert(head.cxid === cxid, 'session: writes are applied in the order of their sending');
      this.#ports.weigh(head.start - head.end);
      return head;
    }
  }

  /**
   * A new leader has told all that its predecessors agreed upon: what was not among it is not, and
   * never will be. The first `proposed` writes are on their way already; the others are sent anew.
   */
  resubmit(proposed: number): void {
    let place = 0;
    for (const request of this.#queue.drain()) {
      const isKept = !request.isWrite || place++ < proposed || this.#isWanted(request);
      if (isKept) this.#queue.push(request);
      else this.#forget(request);
      if (request.isWrite && isKept && place > proposed) this.#ports.submit(request);
    }
    assert(proposed <= place, 'session: what was proposed is in the queue');
    if (place > 0 && this.isSettled) this.#step(drainedEvent, null);
    if (this.isLocal) this.#checkEnd();
  }

  /**
   * Is a write still to be asked for? Where its client went on, it counts as not done; but nobody
   * takes back that a session is to end.
   */
  #isWanted({ port, op }: PendingRequest): boolean {
    return !this.isElsewhere && (port?.isOpen === true || op === Opcode.closeSession);
  }

  #forget(request: PendingRequest): void {
    // A socket that is still open gets no answer any more, so it has to go.
    request.port?.sessionEnded('session.moved');
    this.#unfinished--;
    this.#ports.weigh(request.start - request.end);
    if (request.op !== Opcode.closeSession) return;
    // Its end does not come, so silence may end it again.
    this.#step(withdrawnEvent, null);
    this.#endIfDropped();
    this.#ports.endRefused(this);
  }

  /** We may not decide any more that it expired: it lives until the next leader says otherwise. */
  withdrawExpiry(): void {
    const isClient = [...this.#queue].some(({ op }) => op === Opcode.closeSession);
    if (isClient) return;
    this.#step(withdrawnEvent, null);
    if (this.#unfinished === 0) this.#step(drainedEvent, null);
    this.#endIfDropped();
  }

  /** Its client asked for its end over a connection that it had left: it lives on elsewhere. */
  endRefused(): void {
    this.#step(withdrawnEvent, null);
    this.afterApply();
    this.#endIfDropped();
    this.#ports.endRefused(this);
  }

  /** A request was left without an answer: those behind it must not be answered either. */
  #endIfDropped(): void {
    if (this.#hasDropped) this.connection?.sessionEnded('session.moved');
    this.#hasDropped = false;
  }

  /** The txn has been applied and answered: reads behind it, up to the next write, may go. */
  afterApply(): void {
    this.#unfinished--;
    this.#step(this.isSettled ? drainedEvent : appliedEvent, null);
    if (this.isLocal) this.#checkEnd();
  }

  /** A local session that is closing ends with its last write. */
  #checkEnd(): void {
    if (this.isSettled && this.stateName === 'closing') this.#ports.settled(this);
  }

  #step(event: number, request: PendingRequest | null): void {
    const state = this.#state;
    this.#state = sessionTable.next(state, event);
    const { tap } = this.#ports;
    if (tap.sessions) {
      const step = { state, event, next: this.#state };
      tap.sink?.tableStepped(sessionTable, () => sessionName(formatSessionId(this.id)), step);
    }
    for (const effect of sessionTable.effects(state, event)) this.#run(effect, request);
  }

  #run(effect: SessionEffect, request: PendingRequest | null): void {
    switch (effect) {
      case 'answerRead':
        request!.port?.answerRead(request!);
        break;
      case 'holdRead':
        this.#queue.push(request!);
        break;
      case 'submitWrite':
        this.#enqueueWrite(request!);
        if (this.isLocal) this.#ports.maybeUpgrade(this, request!);
        this.#ports.submit(request!);
        break;
      case 'submitClose':
        // No txn ends a local session: nothing to wait for among its writes.
        if (request !== null && !this.isLocal) this.#enqueueWrite(request);
        this.#ports.submitClose(this, request);
        break;
      case 'answerHeldReads':
        this.#answerHeldReads();
        break;
      case 'refuseRequest':
        // Behind requests that wait, an answer would overtake theirs: the end that follows them is
        // answer enough, and all that ZooKeeper's clients get to see.
        if (this.#queue.size === 0) this.#ports.refuse(request!);
        else this.#hasDropped = true;
        break;
      case 'grantConnection':
        this.connection?.sessionGranted();
        break;
      case 'releaseConnection':
        // The connection learns why from whoever ended the session.
        break;
    }
  }

  #enqueueWrite(request: PendingRequest): void {
    this.#queue.push(request);
    this.#unfinished++;
    this.#ports.weigh(request.end - request.start);
  }

  #answerHeldReads(): void {
    for (let head = this.#queue.peek(); head && !head.isWrite; head = this.#queue.peek()) {
      this.#queue.shift();
      head.port?.answerRead(head);
    }
    this.connection?.relieve();
  }
}
