/**
 * All sessions that this replica knows, by id: opens new ones, re-attaches old ones, and ends them.
 * Ids are made here (replica id in the top byte, then wall clock, then a counter); passwords are
 * derived from the ensemble's secret, so every replica can check every one of them.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { assert } from '../protocol/assert.ts';
import { emptyBytes, JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { passwordBytes } from '../protocol/replies.ts';
import { formatSessionId, nextSessionId, sessionIdFromHalves } from '../protocol/session-id.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import type { Clock } from './clock.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { PendingRequest, type ReplyPort } from './pending-request.ts';
import { Session, type SessionPorts } from './session.ts';

export interface SessionsOptions {
  readonly sid: number;
  readonly minTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** Granularity of expiry. */
  readonly tickMs: number;
}

export interface SessionsPorts {
  submit(request: PendingRequest): void;
  refuse(request: PendingRequest): void;
  note(message: string): void;
}

export class Sessions {
  readonly #state: ReplicatedState;
  readonly #clock: Clock;
  readonly #options: SessionsOptions;
  readonly #ports: SessionsPorts;
  readonly #sessionPorts: SessionPorts;
  readonly #sessions = new Map<string, Session>();
  readonly expiry: ExpiryQueue<Session>;
  #lastId: string;
  expiredCount = 0;

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
    this.#lastId = firstId(options.sid, clock.wallMs());
    this.#sessionPorts = {
      submit: (request) => ports.submit(request),
      refuse: (request) => ports.refuse(request),
      submitClose: (session, request) => this.#submitClose(session, request),
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
    const body = new JuteWriter(4).int(session.timeoutMs);
    this.#submitInternal(session, Opcode.createSession, body.view());
    return session;
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

  /**
   * Attaches `port` to a session that exists; its old connection, if any, has to go.
   * @returns null when there is no such session, it is ending, or the password is wrong
   */
  resume(id: string, password: Uint8Array | null, timeoutMs: number, port: ReplyPort) {
    const session = this.#sessions.get(id);
    if (session === undefined || !this.#state.sessions.has(id)) return null;
    if (session.stateName === 'closing' || !this.#isPassword(id, password)) return null;
    session.connection?.sessionEnded('session.moved');
    session.connection = port;
    session.timeoutMs = this.negotiate(timeoutMs);
    session.lastHeardMs = this.#clock.monotonicMs();
    this.expiry.add(session);
    return session;
  }

  #isPassword(id: string, password: Uint8Array | null): boolean {
    if (password === null || password.length !== passwordBytes) return false;
    return timingSafeEqual(this.passwordOf(id), password);
  }

  /** Sessions that were recovered get a full timeout from now on. */
  restore(): void {
    for (const [id, timeoutMs] of this.#state.sessions.entries()) {
      this.#make(id, timeoutMs).created();
    }
  }

  renewAll(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const session of this.#sessions.values()) {
      session.lastHeardMs = nowMs;
      this.expiry.add(session);
    }
  }

  expireDue(tick: number): void {
    for (const session of this.expiry.takeDue(tick)) {
      this.#ports.note(
        `session ${formatSessionId(session.id)} expired after ${session.timeoutMs} ms of silence`,
      );
      this.expiredCount++;
      session.receiveClose(null);
    }
  }

  #submitClose(session: Session, request: PendingRequest | null): void {
    this.expiry.remove(session);
    if (request !== null) this.#ports.submit(request);
    else this.#submitInternal(session, Opcode.closeSession, emptyBytes);
  }

  #submitInternal(session: Session, op: number, body: Buffer): void {
    const nowMs = this.#clock.monotonicMs();
    this.#ports.submit(PendingRequest.internal(session, op, body, nowMs));
  }

  /** The createSession txn has been applied. */
  created(id: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    session.lastHeardMs = this.#clock.monotonicMs();
    this.expiry.add(session);
    session.created();
  }

  /** The closeSession txn has been applied; `byClient` when the client asked for it. */
  closed(id: string, byClient: boolean): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    this.expiry.remove(session);
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
