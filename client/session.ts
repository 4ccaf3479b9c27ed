/**
 * A session across its connections: opens one, carries the session over to the next server when it
 * breaks, keeps requests that could not be sent yet, and ends what waits too long.
 *
 * Promises: requests leave in the order in which they were made; after a new connection first the
 * identities, then the watches, then the requests that waited. A request that was sent and not
 * answered is never sent again: it fails with ConnectionLossError, since only the caller knows what
 * a second time would do. Only the ensemble's own word ends a session.
 */

import { ErrorCode } from '../protocol/error-code.ts';
import { Fifo } from '../protocol/fifo.ts';
import { JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import type { ConnectResponse, WatcherEvent } from '../protocol/replies.ts';
import { passwordBytes } from '../protocol/replies.ts';
import { noSession } from '../protocol/session-id.ts';
import type { Call } from './call.ts';
import { Alarm } from './clock.ts';
import type { ServerAddress, ServerList } from './connect-string.ts';
import type { ConnectionOwner } from './connection.ts';
import { Connection } from './connection.ts';
import { authCall, Credentials } from './credentials.ts';
import type { ByteStream, Dial } from './dial.ts';
import { dialer } from './dial.ts';
import {
  ClosedError,
  ConnectionLossError,
  SessionExpiredError,
  ThrottledOpError,
} from './errors.ts';
import type { CallOptions, ClientState, Credential, Settings } from './options.ts';
import { QuorumProbe } from './quorum-probe.ts';
import { Request } from './request.ts';
import { setWatchesCalls } from './set-watches.ts';
import type { WatchTable } from './watch-table.ts';

const never = Number.POSITIVE_INFINITY;
/** An alarm that is later than this is put off by one turn. */
const lateMsMax = 100;

export class Session implements ConnectionOwner {
  readonly #settings: Settings;
  readonly #servers: ServerList;
  readonly #watches: WatchTable;
  readonly #dial: Dial;
  readonly #alarm: Alarm;
  readonly #probe: QuorumProbe;
  readonly #credentials: Credentials;
  readonly #scratch = new JuteWriter();
  readonly #onState: (state: ClientState) => void;
  #lastXid: number;
  #connection: Connection | null = null;
  /** Requests not sent yet: filled while there is no connection, drained by the next one. */
  #waiting = new Fifo<Request>();
  #retryAtMs = never;
  /** The server to try next, when one is known to be better than the rest. */
  #preferred: ServerAddress | null = null;
  /** Attempts since a connection last carried a reply. */
  #attempts = 0;
  #hasSeenQuorum = false;
  #wasConnected = false;
  #closing: Promise<void> | null = null;
  state: ClientState = 'connecting';
  id: string = noSession;
  password: Buffer = Buffer.alloc(passwordBytes);
  timeoutMs: number;
  lastZxid = 0;
  server: ServerAddress | null = null;

  constructor(
    settings: Settings,
    servers: ServerList,
    watches: WatchTable,
    onState: (state: ClientState) => void,
  ) {
    this.#settings = settings;
    this.#lastXid = settings.lastXid ?? 0;
    this.#servers = servers;
    this.#watches = watches;
    this.#onState = onState;
    this.#dial = settings.dial ?? dialer(settings.tls);
    this.#alarm = new Alarm(settings.clock, (lateMs) => this.#wake(lateMs));
    this.#probe = new QuorumProbe(this.#dial, servers, settings.clock, (server) => {
      this.#preferred = server;
      this.#connection?.close(new Error('another server has a quorum'));
    });
    this.#credentials = new Credentials(settings.auth);
    this.timeoutMs = settings.sessionTimeoutMs;
    if (settings.session !== undefined) {
      this.id = settings.session.id;
      this.password = Buffer.from(settings.session.password);
      this.#hasSeenQuorum = true;
    }
  }

  start(): void {
    this.#attempt();
  }

  submit<T>(call: Call<T>, options: CallOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const request = new Request(call, resolve as (value: unknown) => void, reject);
      if (!this.#admit(request, options)) return;
      const connection = this.#ready();
      try {
        if (connection !== null) connection.send(request);
        else {
          call.encode(this.#scratch.reset());
          request.body = this.#scratch.copy();
          this.#waiting.push(request);
        }
      } catch (error) {
        request.reject(error);
      }
    });
  }

  addAuth(credential: Credential, options: CallOptions = {}): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const settle = resolve as (value: unknown) => void;
      const request = new Request(authCall(credential), settle, reject);
      if (!this.#admit(request, options)) return;
      this.#credentials.add(credential, request, this.#ready());
    });
  }

  /** Ends the session in the ensemble when there is a connection, and the client in any case. */
  close(): Promise<void> {
    this.#closing ??= this.#close(this.#ready() === null ? null : this.#closeSession());
    return this.#closing;
  }

  /** Is there a connection that takes requests now? */
  get isReady(): boolean {
    return this.#ready() !== null;
  }

  handshaken(connection: Connection, response: ConnectResponse): void {
    if (response.timeOut <= 0) {
      this.#connection = null;
      connection.close(new SessionExpiredError());
      this.#expired();
      return;
    }
    const isReadOnly = response.readOnly === true;
    this.#hasSeenQuorum ||= !isReadOnly;
    this.id = response.sessionId;
    this.password = Buffer.from(response.passwd ?? Buffer.alloc(passwordBytes));
    this.timeoutMs = response.timeOut;
    this.#credentials.sendAll(connection);
    for (const call of setWatchesCalls(this.#watches, this.lastZxid)) {
      connection.sendSetWatches(new Request(call, ignore, ignore));
    }
    for (const request of this.#waiting.drain()) {
      if (request.settled) continue;
      try {
        connection.send(request);
      } catch (error) {
        request.reject(error);
      }
    }
    this.#alarm.by(this.#dueMs());
    if (this.#wasConnected) this.#watches.gap();
    this.#wasConnected = true;
    this.#setState(isReadOnly ? 'readOnly' : 'connected');
  }

  zxidSeen(zxid: number): void {
    if (zxid > this.lastZxid) this.lastZxid = zxid;
  }

  event(event: WatcherEvent, zxid: number | null): void {
    this.#watches.dispatch(event, zxid);
  }

  closed(connection: Connection, cause: Error): void {
    if (this.#connection !== connection) return;
    this.#lastXid = connection.xid;
    this.#connection = null;
    this.server = null;
    if (connection.replies > 0) this.#attempts = 0;
    if (this.state === 'connected' || this.state === 'readOnly') this.#setState('suspended');
    for (const request of connection.unanswered()) {
      request.reject(new ConnectionLossError(request.call.path, undefined, { cause }));
    }
    if (!this.#isOver() && this.#closing === null) this.#retry();
  }

  #closeSession(): Promise<unknown> {
    const call = { op: Opcode.closeSession, path: null, encode() {}, decode() {} };
    return this.submit(call, { timeoutMs: this.#settings.closeTimeoutMs }).catch(ignore);
  }

  async #close(answered: Promise<unknown> | null): Promise<void> {
    if (answered !== null) await answered;
    this.#setState('closed');
    this.#alarm.stop();
    this.#rejectAll((request) => new ClosedError(request.call.path));
    this.#connection?.close(new ClosedError());
    this.#watches.closed();
  }

  #isOver(): boolean {
    return this.state === 'closed' || (this.state === 'lost' && !this.#settings.renewSession);
  }

  /** The connection that takes requests, if there is one. */
  #ready(): Connection | null {
    return this.#connection?.handshaken === true ? this.#connection : null;
  }

  /**
   * Checks that `request` may enter, and starts its deadline; rejects it and returns false if not.
   */
  #admit(request: Request, options: CallOptions): boolean {
    const { path } = request.call;
    const { signal } = options;
    if (this.#closing !== null) request.reject(new ClosedError(path));
    else if (this.#isOver()) request.reject(new SessionExpiredError(path));
    else if (signal?.aborted === true) request.reject(signal.reason);
    else if (this.#outstanding() >= this.#settings.requestsMax) {
      request.reject(new ThrottledOpError(path, 'too many requests outstanding'));
    }
    if (request.settled) return false;
    if (signal !== undefined) request.heed(signal);
    const timeoutMs = options.timeoutMs ?? this.#settings.operationTimeoutMs;
    request.deadlineMs = this.#settings.clock.now() + timeoutMs;
    this.#alarm.by(request.deadlineMs);
    return true;
  }

  #outstanding(): number {
    return this.#waiting.size + (this.#connection?.outstanding ?? 0);
  }

  #attempt(): void {
    const { clock, attemptTimeoutMs, sessionTimeoutMs, canBeReadOnly } = this.#settings;
    this.#attempts++;
    this.#retryAtMs = never;
    this.server = this.#preferred ?? this.#servers.next();
    this.#preferred = null;
    let stream: ByteStream;
    try {
      stream = this.#dial(this.server);
    } catch {
      this.#retry();
      return;
    }
    const connection = new Connection(stream, this, clock, this.#settings, this.#lastXid);
    this.#connection = connection;
    connection.handshake({
      protocolVersion: 0,
      lastZxidSeen: this.lastZxid,
      timeOut: sessionTimeoutMs,
      // The session of a read-only server is that server's own: no other one knows it.
      sessionId: this.#hasSeenQuorum ? this.id : noSession,
      passwd: this.#hasSeenQuorum ? this.password : Buffer.alloc(passwordBytes),
      readOnly: canBeReadOnly,
    });
    this.#alarm.by(connection.startedMs + attemptTimeoutMs);
  }

  #retry(): void {
    this.#retryAtMs = this.#settings.clock.now() + this.#pauseMs();
    this.#alarm.by(this.#retryAtMs);
  }

  /** Short after a connection that worked, then doubling per round of servers, with jitter. */
  #pauseMs(): number {
    const { retryMinMs, retryMaxMs, random } = this.#settings;
    if (this.#attempts === 0) return retryMinMs * random();
    const round = Math.floor((this.#attempts - 1) / this.#servers.size);
    return Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(round, 20)) * (0.5 + random() / 2);
  }

  #expired(): void {
    this.id = noSession;
    this.password = Buffer.alloc(passwordBytes);
    this.#hasSeenQuorum = false;
    this.server = null;
    this.#setState('lost');
    this.#rejectAll((request) => new SessionExpiredError(request.call.path));
    this.#watches.lost(this.#settings.renewSession);
    if (this.#isOver()) {
      this.#alarm.stop();
      return;
    }
    this.#setState('connecting');
    this.#attempt();
  }

  #rejectAll(errorFor: (request: Request) => Error): void {
    const requests = [...this.#credentials.waiting(), ...this.#waiting.drain()];
    for (const request of requests) request.reject(errorFor(request));
    for (const request of this.#connection?.unanswered() ?? []) request.reject(errorFor(request));
  }

  #setState(state: ClientState): void {
    if (this.state === state) return;
    this.state = state;
    if (state === 'readOnly') this.#probe.start();
    else this.#probe.stop();
    this.#onState(state);
  }

  /** When something has to be done next, requests' deadlines aside. */
  #dueMs(): number {
    const connection = this.#connection;
    if (connection === null) return this.#retryAtMs;
    if (!connection.handshaken) return connection.startedMs + this.#settings.attemptTimeoutMs;
    return Math.min(
      connection.lastSentMs + this.#pingMs(),
      connection.lastHeardMs + this.#deafMs(),
    );
  }

  /**
   * Silence of ours after which a ping is due; leaves the answer time before the server's patience.
   */
  #pingMs(): number {
    return this.timeoutMs / 3;
  }

  /** Silence of the server after which the connection counts as dead, as in ZooKeeper's clients. */
  #deafMs(): number {
    return (this.timeoutMs * 2) / 3;
  }

  #wake(lateMs: number): void {
    const nowMs = this.#settings.clock.now();
    // This process was busy: what the server said meanwhile lies unread, so it is read first.
    if (lateMs > lateMsMax) {
      this.#alarm.by(nowMs);
      return;
    }
    const connection = this.#connection;
    if (connection === null) {
      if (nowMs >= this.#retryAtMs) this.#attempt();
    } else if (!connection.handshaken) {
      if (nowMs >= connection.startedMs + this.#settings.attemptTimeoutMs) {
        connection.close(new Error('no answer to the handshake in time'));
      }
    } else if (nowMs >= connection.lastHeardMs + this.#deafMs()) {
      connection.close(new Error('nothing heard from the server for two thirds of the timeout'));
    } else if (nowMs >= connection.lastSentMs + this.#pingMs()) {
      connection.ping();
      connection.lastSentMs = nowMs;
    }
    this.#alarm.by(Math.min(this.#dueMs(), this.#sweep(nowMs)));
  }

  /** Ends requests whose time is over; returns the next deadline. */
  #sweep(nowMs: number): number {
    let nextMs = never;
    const waiting = new Fifo<Request>();
    const check = (request: Request) => {
      if (request.settled) return;
      if (request.deadlineMs <= nowMs) request.fail(ErrorCode.operationTimeout);
      else nextMs = Math.min(nextMs, request.deadlineMs);
    };
    for (const request of this.#waiting) {
      check(request);
      if (!request.settled) waiting.push(request);
    }
    this.#waiting = waiting;
    for (const request of this.#credentials.waiting()) check(request);
    for (const request of this.#connection?.unanswered() ?? []) check(request);
    return nextMs;
  }
}

function ignore(): void {}
