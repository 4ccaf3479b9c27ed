/**
 * Sessions that only this replica knows: made without a txn, kept in memory, expired and closed
 * here. Clients get them where `localSessionsEnabled` says so, and everywhere while there is no
 * leader to agree with. Their writes go the way of all writes. The first that creates an ephemeral
 * makes its session a global one, where that is allowed: the createSession goes ahead of it (spec
 * 3.9, ZOOKEEPER-1147).
 */

import { ErrorCode } from '../protocol/error-code.ts';
import { JuteError, JuteReader } from '../protocol/jute.ts';
import { readMultiRequest } from '../protocol/multi.ts';
import { Opcode } from '../protocol/opcode.ts';
import { isEphemeralMode, readRequest } from '../protocol/requests.ts';
import { creatorOf } from '../protocol/session-id.ts';
import { type LocalSessionsPort, noLocalSessions } from '../storage/prepare-context.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import type { Clock } from './clock.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import type { PendingRequest } from './pending-request.ts';
import type { Session } from './session.ts';
import { isDistributed, type Settings } from './settings.ts';

export interface LocalSessionsPorts {
  /** Asks for the createSession of a session that all are to know. */
  submitCreate(session: Session): void;
  /** Its timeout has elapsed. */
  expired(session: Session): void;
  /** Nothing of it is unfinished: it is over. */
  ended(id: string, byClient: boolean): void;
}

export interface LocalSessionsOptions {
  /** Does the first ephemeral make a session global, or is it refused? */
  readonly mayUpgrade: boolean;
  /** Granularity of expiry. */
  readonly tickMs: number;
}

export class LocalSessions {
  readonly expiry: ExpiryQueue<Session>;
  readonly #state: ReplicatedState;
  readonly #clock: Clock;
  readonly #mayUpgrade: boolean;
  readonly #ports: LocalSessionsPorts;
  /** Invariant: the sessions whose reach is local. */
  readonly #sessions = new Set<Session>();
  /** What their clients ended them by, of those that wait for their writes. */
  readonly #closes = new Map<Session, PendingRequest>();

  constructor(
    state: ReplicatedState,
    clock: Clock,
    options: LocalSessionsOptions,
    ports: LocalSessionsPorts,
  ) {
    this.#state = state;
    this.#clock = clock;
    this.#mayUpgrade = options.mayUpgrade;
    this.#ports = ports;
    this.expiry = new ExpiryQueue(options.tickMs);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** A new session is of this kind: nobody has to agree, it is granted in the next turn. */
  add(session: Session): void {
    session.reach = 'local';
    this.#sessions.add(session);
    this.expiry.add(session);
    this.#clock.defer(() => session.created());
  }

  /** The session is over, or not of this kind any more. */
  remove(session: Session): void {
    this.#sessions.delete(session);
    this.#closes.delete(session);
    this.expiry.remove(session);
  }

  /**
   * Before a write is submitted. From here on the session is as any other: its end is a txn behind
   * the write, so that no ephemeral can outlive it (ZOOKEEPER-3471).
   */
  maybeUpgrade(session: Session, request: PendingRequest): void {
    if (!this.#mayUpgrade || !createsEphemeral(request)) return;
    this.remove(session);
    session.reach = 'proposed';
    this.#ports.submitCreate(session);
  }

  /** Ends it by `request` of its client or, null, by its timeout: behind its unfinished writes. */
  close(session: Session, request: PendingRequest | null): void {
    this.expiry.remove(session);
    if (request !== null) this.#closes.set(session, request);
    if (session.isSettled) this.settled(session);
  }

  /** All writes of a session that is closing have been answered. */
  settled(session: Session): void {
    const request = this.#closes.get(session);
    if (request?.port?.isOpen) {
      request.port.reply(request, this.#state.lastZxid, ErrorCode.ok, null);
    }
    this.#ports.ended(session.id, request !== undefined);
  }

  renewAll(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const session of this.#sessions) {
      session.lastHeardMs = nowMs;
      if (session.stateName !== 'closing') this.expiry.add(session);
    }
  }

  expireDue(tick: number): void {
    for (const session of this.expiry.takeDue(tick)) this.#ports.expired(session);
  }

  /** All of them are over, whatever they wait for. */
  clear(): void {
    for (const { id } of [...this.#sessions]) this.#ports.ended(id, false);
  }
}

/** A replica that runs alone has none: a txn costs it no agreement. So it is in ZooKeeper, too. */
export function hasLocalSessions(settings: Settings): boolean {
  return settings.localSessionsEnabled && isDistributed(settings);
}

/** What the leader takes on trust: only its own local sessions are known to it (spec 3.9). */
export function localSessionsPort(
  settings: Settings,
  session: (id: string) => Session | undefined,
): LocalSessionsPort {
  if (!hasLocalSessions(settings)) return noLocalSessions;
  return {
    mayExist: (id) => creatorOf(id) !== settings.sid || session(id)?.reach === 'local',
  };
}

/** Does it need a global session? What cannot be decoded does not: prepare refuses it. */
function createsEphemeral({ op, buffer, start, end }: PendingRequest): boolean {
  const reader = new JuteReader().reset(buffer, start, end);
  try {
    if (op === Opcode.create || op === Opcode.create2) {
      return isEphemeralMode(readRequest(op, reader).flags);
    }
    if (op !== Opcode.multi) return false;
    return readMultiRequest(reader).some(
      (part) =>
        (part.op === Opcode.create || part.op === Opcode.create2) &&
        isEphemeralMode(part.body.flags),
    );
  } catch (failure) {
    if (failure instanceof JuteError) return false;
    throw failure;
  }
}
