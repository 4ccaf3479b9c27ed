/**
 * The side of a replica that faces clients: the port, connections, sessions and watches, and what
 * connections ask of the rest.
 */

import { ErrorCode } from '../protocol/error-code.ts';
import type { ConnectRequest } from '../protocol/requests.ts';
import type { AccessControl } from '../storage/acl.ts';
import { TreeReader } from '../storage/read.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import { Authenticator } from './authenticator.ts';
import type { AcceptSocket, Listener } from './client-socket.ts';
import type { Clock } from './clock.ts';
import { Connection } from './connection.ts';
import type { ConnectionPorts, Door } from './connection-ports.ts';
import { Connections } from './connections.ts';
import type { Counters } from './counters.ts';
import { hasLocalSessions } from './local-sessions.ts';
import type { Notes } from './note.ts';
import type { PendingRequest, ReplyPort } from './pending-request.ts';
import type { Random } from './random.ts';
import type { Question } from './revalidations.ts';
import type { Session } from './session.ts';
import { SessionTracker } from './session-tracker.ts';
import { Sessions } from './sessions.ts';
import type { Settings } from './settings.ts';
import type { Tap } from './tap.ts';
import type { Watches } from './watches.ts';

/** Expiry is decided four times per tick: finer than ZooKeeper, within its bounds. */
export const expiriesPerTick = 4;
/** A gap of this many ticks between two looks at the clock is a stall of our own. */
export const stallTicks = 8;

export interface Words {
  isWord(word: string): boolean;
  answer(word: string, argument: Buffer): string;
}

export interface ClientsParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly notes: Notes;
  readonly counters: Counters;
  readonly state: ReplicatedState;
  readonly access: AccessControl;
  readonly watches: Watches;
  readonly tap: Tap;
  /** Names this process in txns. */
  readonly origin: number;
  listen(accept: AcceptSocket): Promise<Listener>;
}

export interface ClientsPorts {
  submit(request: PendingRequest): void;
  /** May a session that exists go on here? Asked of the leader, if that is somebody else. */
  revalidate(question: Question): void;
  door(): Door;
  isOverloaded(): boolean;
}

export class Clients {
  readonly sessions: Sessions;
  readonly connections: Connections;
  readonly watches: Watches;
  /** Expires the local sessions, whatever part we play. */
  readonly #localTracker: SessionTracker;
  readonly #parts: ClientsParts;
  readonly #ports: ClientsPorts;
  #listener: Listener | null = null;
  #isStopped = false;

  constructor(parts: ClientsParts, ports: ClientsPorts) {
    const { settings, clock, notes, state } = parts;
    this.#parts = parts;
    this.#ports = ports;
    this.watches = parts.watches;
    this.watches.onCrowd = (change) => this.connections.flushCrowd(change);
    this.connections = new Connections(clock, settings.sessionlessTimeoutMs);
    this.sessions = new Sessions(
      state,
      clock,
      {
        sid: settings.sid || 1,
        origin: parts.origin,
        minTimeoutMs: settings.minSessionTimeoutMs,
        maxTimeoutMs: settings.maxSessionTimeoutMs,
        mayUpgrade: settings.localSessionsUpgradingEnabled,
        tickMs: settings.tickTimeMs / expiriesPerTick,
      },
      {
        submit: (request) => ports.submit(request),
        refuse: (request, err = ErrorCode.sessionExpired) =>
          request.port?.reply(request, state.lastZxid, err, null),
        note: (message) => notes.info(message),
        tap: parts.tap,
      },
    );
    this.#localTracker = this.#trackLocal();
  }

  #trackLocal(): SessionTracker {
    const { settings, clock, tap } = this.#parts;
    const { local } = this.sessions;
    const tracked = {
      renewAll: () => local.renewAll(),
      // Nobody is silent whom we do not listen to.
      expireDue: (tick: number) => {
        if (this.#isListening) local.expireDue(tick);
        else local.renewAll();
      },
    };
    const tickMs = settings.tickTimeMs / expiriesPerTick;
    return new SessionTracker(tracked, clock, { tickMs, stallTicks, name: 'local' }, tap);
  }

  get #isListening(): boolean {
    const door = this.#ports.door();
    return door === 'open' || door === 'readOnly';
  }

  /** Where clients connect; null while none may. */
  get address(): { readonly host: string; readonly port: number } | null {
    return this.#listener?.address ?? null;
  }

  /** Requests that were read and not yet answered. */
  get outstanding(): number {
    let count = 0;
    for (const connection of this.connections.all()) count += connection.queued;
    return count;
  }

  async open(words: Words): Promise<void> {
    const { settings, random, access, state } = this.#parts;
    const reader = new TreeReader(state, access, this.watches);
    const ports = this.#connectionPorts(reader, words);
    const listener = await this.#parts.listen((socket) => {
      const auth = new Authenticator(settings, random, socket.remoteAddress);
      const watcher = this.connections.nextWatcher();
      const connection = new Connection(socket, watcher, auth, ports);
      this.watches.addWatcher(watcher, connection);
      this.connections.add(connection);
    });
    if (this.#isStopped) return listener.close();
    this.#listener = listener;
    if (hasLocalSessions(settings) || settings.readOnlyModeEnabled) this.#localTracker.start();
  }

  #connectionPorts(reader: TreeReader, words: Words): ConnectionPorts {
    const { settings, clock, counters, access, state, origin, tap } = this.#parts;
    const { sessions } = this;
    return {
      tap,
      clock,
      counters,
      reader,
      access,
      origin,
      frameBytesMax: settings.frameBytesMax,
      requestsMax: settings.globalOutstandingLimit,
      door: () => this.#ports.door(),
      isOverloaded: () => this.#ports.isOverloaded(),
      lastZxid: () => state.lastZxid,
      openSession: ({ timeOut }, port) =>
        hasLocalSessions(settings) || this.#ports.door() === 'readOnly'
          ? sessions.openLocal(timeOut, port)
          : sessions.open(timeOut, port),
      resumeSession: (request, port, done) => this.#resume(request, port, done),
      passwordOf: (sessionId) => sessions.passwordOf(sessionId),
      isWord: (word) => words.isWord(word),
      answerWord: (word, argument) => words.answer(word, argument),
      stalled: (connection) => this.connections.noteStalled(connection),
      flushLater: (connection) => this.connections.flushLater(connection),
      ended: (watcher) => {
        this.connections.remove(watcher);
        this.watches.removeWatcher(watcher);
      },
      gone: (watcher) => this.connections.gone(watcher),
    };
  }

  #resume(
    { sessionId, passwd, timeOut }: ConnectRequest,
    port: ReplyPort,
    done: (session: Session | null) => void,
  ): void {
    const { sessions } = this;
    if (!sessions.isPassword(sessionId, passwd)) return done(null);
    const attach = () => done(port.isOpen ? sessions.resume(sessionId, timeOut, port) : null);
    // Who is local is known to nobody else.
    const isOurs = sessions.get(sessionId)?.isLocal === true;
    if (isOurs || this.#ports.door() === 'readOnly') return attach();
    this.#ports.revalidate({
      session: sessions.nameOf(sessionId),
      timeoutMs: sessions.negotiate(timeOut),
      asker: port,
      done: (isValid) => {
        // The leader may know of it before we do.
        if (isValid) sessions.whenCreated(sessionId, attach);
        else done(null);
      },
    });
  }

  /** No connection of the read-only time goes on; nor does a session that may not write now. */
  dropReadOnly(): void {
    this.drop();
    if (!hasLocalSessions(this.#parts.settings)) this.sessions.local.clear();
  }

  /** What was read is answered; no more is read until `release`. */
  hold(): void {
    this.connections.holdInput();
  }

  release(): void {
    this.connections.relieve();
  }

  /** They may find a replica that serves elsewhere. */
  drop(): void {
    this.connections.dropAll();
  }

  /** Nobody new; and nothing more is read. */
  closePort(): void {
    this.#isStopped = true;
    this.#localTracker.stop();
    void this.#listener?.close();
    this.connections.holdInput();
  }

  stop(): void {
    this.closePort();
    this.connections.stop();
  }
}
