/**
 * All sessions that this replica knows, by id: opens new ones, re-attaches old ones, and ends them.
 * Ids are made here (replica id in the top byte, then wall clock, then a counter); passwords are
 * derived from the ensemble's secret, so every replica can check every one of them.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { assert } from '../protocol/assert.ts';
import type { ErrorCode } from '../protocol/error-code.ts';
import { emptyBytes, JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { passwordBytes } from '../protocol/replies.ts';
import {
  formatSessionId,
  highHalf,
  lowHalf,
  nextSessionId,
  sessionIdFromHalves,
} from '../protocol/session-id.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import type { Clock } from './clock.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { LocalSessions } from './local-sessions.ts';
import { PendingRequest, type ReplyPort, type SessionName } from './pending-request.ts';
import { proposedBy } from './proposed.ts';
import { Session, type SessionPorts } from './session.ts';
import type { Tap } from './tap.ts';

export interface SessionsOptions {
  readonly sid: number;
  /** Names this process in the txns that it asks for. */
  readonly origin: number;
  readonly minTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** May a local session become a global one? */
  readonly mayUpgrade: boolean;
  /** Granularity of expiry. */
  readonly tickMs: number;
}

export interface SessionsPorts {
  submit(request: PendingRequest): void;
  refuse(request: PendingRequest, err?: ErrorCode): void;
  note(message: string): void;
  readonly tap: Tap;
}

export class Sessions {
  readonly #state: ReplicatedState;
  readonly #clock: Clock;
  readonly #options: SessionsOptions;
  readonly #ports: SessionsPorts;
  readonly #sessionPorts: SessionPorts;
  readonly #sessions = new Map<string, Session>();
  /** Of the sessions that all know. */
  readonly expiry: ExpiryQueue<Session>;
  readonly local: LocalSessions;
  /** Sessions that the leader has heard of before us, and who waits for them. */
  readonly #awaited = new Map<string, (() => void)[]>();
  #lastId: string;
  expiredCount = 0;
  /** Bytes of writes by our own clients that are not applied yet. */
  unfinishedBytes = 0;

  constructor(
    state: ReplicatedState,
    clock: Clock,
    options: SessionsOptions,
    ports: SessionsPorts,
  ) {
    this.#state = state;
    this.#clock = clock;
    this.#options = options;
    this.#ports = ports;
    this.expiry = new ExpiryQueue(options.tickMs);
    this.local = new LocalSessions(state, clock, options, {
      submitCreate: (session) => this.#submitCreate(session),
      expired: (session) => this.#expire(session),
      ended: (id, byClient) => this.closed(id, byClient),
    });
    this.#lastId = firstId(options.sid, clock.wallMs());
    this.#sessionPorts = {
      submit: (request) => ports.submit(request),
      refuse: (request, err) => ports.refuse(request, err),
      maybeUpgrade: (session, request) => this.local.maybeUpgrade(session, request),
      settled: (session) => this.local.settled(session),
      submitClose: (session, request) => this.#submitClose(session, request),
      endRefused: (session) => this.expiry.add(session),
      tap: ports.tap,
      weigh: (bytes) => {
        this.unfinishedBytes += bytes;
      },
    };
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  all(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** Its id in all forms, of a session that need not be known here. */
  nameOf(id: string): SessionName {
    return { id, high: highHalf(id), low: lowHalf(id) };
  }

  negotiate(timeoutMs: number): number {
    const { minTimeoutMs, maxTimeoutMs } = this.#options;
    return Math.min(Math.max(timeoutMs, minTimeoutMs), maxTimeoutMs);
  }

  passwordOf(id: string): Buffer {
    const { secret } = this.#state;
    assert(secret !== null, 'sessions: the secret is agreed upon before the first session');
    return createHmac('sha256', secret).update(id).digest().subarray(0, passwordBytes);
  }

  /** A new session for `port`: granted once its createSession txn has been applied. */
  open(timeoutMs: number, port: ReplyPort): Session {
    const session = this.#make(this.#nextId(), this.negotiate(timeoutMs));
    session.connection = port;
    session.reach = 'proposed';
    this.#submitCreate(session);
    return session;
  }

  /** One that no other replica knows of. */
  openLocal(timeoutMs: number, port: ReplyPort): Session {
    const session = this.#make(this.#nextId(), this.negotiate(timeoutMs));
    session.connection = port;
    this.local.add(session);
    return session;
  }

  /** Calls `then` once the session's createSession has been applied here, if it is not yet. */
  whenCreated(id: string, then: () => void): void {
    if (this.#sessions.get(id)?.reach === 'global') return then();
    this.#awaited.set(id, [...(this.#awaited.get(id) ?? []), then]);
  }

  #submitCreate(session: Session): void {
    const body = new JuteWriter(4).int(session.timeoutMs);
    this.#submitInternal(session, Opcode.createSession, body.view());
  }

  #nextId(): string {
    do this.#lastId = nextSessionId(this.#lastId);
    while (this.#sessions.has(this.#lastId) || this.#state.sessions.has(this.#lastId));
    return this.#lastId;
  }

  #make(id: string, timeoutMs: number): Session {
    const session = new Session(id, timeoutMs, this.#clock.monotonicMs(), this.#sessionPorts);
    this.#sessions.set(id, session);
    return session;
  }

  /** Is there such a session that is not ending? Asked of the leader. */
  isAlive(id: string): boolean {
    const session = this.#sessions.get(id);
    return session !== undefined && this.#state.sessions.has(id) && session.stateName !== 'closing';
  }

  /**
   * Attaches `port` to a session that exists; its old connection here, if any, has to go.
   * @returns null when there is no such session, or it is ending
   */
  resume(id: string, timeoutMs: number, port: ReplyPort): Session | null {
    const session = this.#sessions.get(id);
    if (session === undefined || session.stateName === 'closing') return null;
    if (!session.isLocal && !this.isAlive(id)) return null;
    session.connection?.sessionEnded('session.moved');
    session.connection = port;
    this.touch(session, this.negotiate(timeoutMs));
    return session;
  }

  /** Something was heard of its client, here or elsewhere. */
  touch(session: Session, timeoutMs: number): void {
    const isOther = timeoutMs !== session.timeoutMs;
    session.timeoutMs = timeoutMs;
    session.lastHeardMs = this.#clock.monotonicMs();
    if (isOther) (session.isLocal ? this.local : this).expiry.add(session);
  }

  /** A request of its client has come through another replica. */
  asked(id: string): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) session.lastHeardMs = this.#clock.monotonicMs();
  }

  isPassword(id: string, password: Uint8Array | null): boolean {
    if (password === null || password.length !== passwordBytes) return false;
    return timingSafeEqual(this.passwordOf(id), password);
  }

  /** Sessions that were recovered get a full timeout from now on. */
  restore(): void {
    for (const [id, timeoutMs] of this.#state.sessions.entries()) {
      if (!this.#sessions.has(id)) this.#make(id, timeoutMs).created();
    }
  }

  /**
   * All that older leaders agreed upon is known: what is unfinished, but for what the given batches
   * hold, is asked for anew, in its order.
   */
  resubmit(unapplied: Iterable<Buffer>): void {
    const { creating, writes } = proposedBy(this.#options.origin, unapplied);
    for (const session of this.#sessions.values()) {
      const isUnheard = session.reach === 'proposed' && !creating.has(session.id);
      if (isUnheard) this.#submitCreate(session);
      session.resubmit(writes.get(session.id) ?? 0);
    }
  }

  /**
   * What the leader has to know: sessions that were heard of here since `sinceMs`, also those whose
   * connection broke right after that: they live their timeout from then on.
   */
  *heardSince(sinceMs: number): Iterable<Session> {
    for (const session of this.#sessions.values()) {
      const { isLocal, isElsewhere, connection, lastHeardMs, heardHereMs } = session;
      if (isLocal || isElsewhere) continue;
      const isRecent = connection !== null && lastHeardMs >= sinceMs;
      if (isRecent || heardHereMs >= sinceMs) yield session;
    }
  }

  /** We decide no more who expires. */
  withdrawExpiries(): void {
    for (const session of this.#sessions.values()) {
      // The end of a local one is for nobody else to decide.
      if (session.stateName === 'closing' && !session.isLocal) session.withdrawExpiry();
    }
  }

  renewAll(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const session of this.#sessions.values()) {
      if (session.isLocal) continue;
      session.lastHeardMs = nowMs;
      // Its end is on its way.
      if (session.stateName !== 'closing') this.expiry.add(session);
    }
  }

  expireDue(tick: number): void {
    for (const session of this.expiry.takeDue(tick)) this.#expire(session);
  }

  #expire(session: Session): void {
    this.#ports.note(
      `session ${formatSessionId(session.id)} expired after ${session.timeoutMs} ms of silence`,
    );
    this.expiredCount++;
    session.receiveClose(null);
  }

  #submitClose(session: Session, request: PendingRequest | null): void {
    if (session.isLocal) return this.local.close(session, request);
    this.expiry.remove(session);
    if (request !== null) this.#ports.submit(request);
    else this.#submitInternal(session, Opcode.closeSession, emptyBytes);
  }

  #submitInternal(session: Session, op: number, body: Buffer): void {
    const nowMs = this.#clock.monotonicMs();
    this.#ports.submit(PendingRequest.internal(session, op, body, nowMs));
  }

  /** The createSession txn has been applied, asked for here or elsewhere. */
  created(id: string, timeoutMs: number): void {
    const session = this.#sessions.get(id) ?? this.#make(id, timeoutMs);
    session.lastHeardMs = this.#clock.monotonicMs();
    session.reach = 'global';
    this.expiry.add(session);
    session.created();
    const waiting = this.#awaited.get(id);
    if (waiting === undefined) return;
    this.#awaited.delete(id);
    for (const then of waiting) then();
  }

  /** The moveSession txn has been applied: it goes on at the process `holder`. */
  moved(id: string, timeoutMs: number, holder: number): void {
    const session = this.#sessions.get(id);
    if (session === undefined || timeoutMs < 0) return;
    session.isElsewhere = holder !== this.#options.origin;
    this.touch(session, timeoutMs);
  }

  /** The closeSession txn has been applied; `byClient` when a client of ours asked for it. */
  closed(id: string, byClient: boolean): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    this.expiry.remove(session);
    this.local.remove(session);
    session.closed();
    session.connection?.sessionEnded(byClient ? 'session.closed' : 'session.expired');
    session.connection = null;
  }
}

/** Replica id, 40 bits of wall clock in ms, 16 bits to count: no repeats after a restart. */
function firstId(sid: number, wallMs: number): string {
  const high = (sid << 24) | (Math.floor(wallMs / 2 ** 16) & 0xffffff);
  const low = (wallMs % 2 ** 16) * 2 ** 16;
  return sessionIdFromHalves(high, low);
}
