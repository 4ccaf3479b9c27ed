/**
 * Hosts one connection's machine on its socket: frames in, replies and events out. All frames of a
 * chunk are handled in one go; reads are answered in place; what is to be sent leaves in one write
 * at the end of the turn. What the client may not do ends the connection, and nothing else.
 */

import { ErrorCode } from '../protocol/error-code.ts';
import { getInt, JuteOverflow, JuteReader, JuteWriter } from '../protocol/jute.ts';
import { Opcode, RequestKind, requestKind, Xid } from '../protocol/opcode.ts';
import { Permission } from '../protocol/record.ts';
import { passwordBytes } from '../protocol/replies.ts';
import type { ConnectRequest } from '../protocol/requests.ts';
import { noSession } from '../protocol/session-id.ts';
import type { Caller } from '../storage/caller.ts';
import type { Authenticator } from './authenticator.ts';
import type { ClientSocket } from './client-socket.ts';
import type { ConnectionPorts } from './connection-ports.ts';
import { ConnectionStats } from './connection-stats.ts';
import {
  awaitingState,
  type ConnectionEffect,
  type ConnectionEventType,
  closedState,
  connectionTable,
  flowingState,
  openingState,
  stalledState,
  tellStep,
  waitingState,
} from './connection-table.ts';
import { takeConnectRequest } from './handshake.ts';
import { Input, type InputSink } from './input.ts';
import { PendingRequest, type ReplyPort } from './pending-request.ts';
import { Replies } from './replies.ts';
import type { Session } from './session.ts';
import type { EventPort } from './watches.ts';

const requestHeaderBytes = 8;
/** Unsent output above which a connection's requests are not read. */
const outputBytesHigh = 1024 * 1024;
/** Unsent output at which a client that takes nothing is given up. */
const outputBytesMax = 256 * 1024 * 1024;

export class Connection implements ReplyPort, EventPort, InputSink {
  /** Under this number its watches are kept. */
  readonly watcher: number;
  readonly socket: ClientSocket;
  readonly #ports: ConnectionPorts;
  readonly #auth: Authenticator;
  readonly #replies: Replies;
  readonly #input: Input;
  readonly #reader = new JuteReader();
  readonly #origin: { caller: Caller; session: string; watcher: number };
  #state = awaitingState;
  #session: Session | null = null;
  #request: ConnectRequest | null = null;
  #flushIsDue = false;
  /** It was let in while there is no leader: it may only read. */
  #isReadOnly = false;
  #word = '';
  #chunkMs = 0;
  readonly stats: ConnectionStats;

  constructor(socket: ClientSocket, watcher: number, auth: Authenticator, ports: ConnectionPorts) {
    this.socket = socket;
    this.watcher = watcher;
    this.#auth = auth;
    this.#ports = ports;
    this.#origin = { caller: auth.caller, session: noSession, watcher };
    this.#input = new Input(ports.frameBytesMax, this);
    this.stats = new ConnectionStats(ports.counters, ports.clock.wallMs());
    this.#replies = new Replies(socket, this.stats, ports.clock);
    socket.onData = (chunk) => {
      if (this.isOpen) this.#input.data(chunk);
    };
    socket.onDrain = () => this.flushDue();
    socket.onClose = () => {
      this.#event('socket.closed');
      ports.gone(watcher);
    };
  }

  get session(): Session | null {
    return this.#session;
  }

  get stateName(): string {
    return connectionTable.states[this.#state]!;
  }

  get isOpen(): boolean {
    return this.#state !== closedState;
  }

  get isServing(): boolean {
    return this.#state === flowingState || this.#state === stalledState;
  }

  /** Requests read and not yet answered. */
  get queued(): number {
    return this.#session?.queueLength ?? 0;
  }

  #event(event: ConnectionEventType): void {
    const index = connectionTable.eventIndex(event);
    const state = this.#state;
    this.#state = connectionTable.next(state, index);
    tellStep(this.#ports.tap, this.watcher, state, index, this.#state);
    for (const effect of connectionTable.effects(state, index)) this.#run(effect);
    if (this.#state === closedState && state !== closedState) this.#ports.ended(this.watcher);
  }

  #run(effect: ConnectionEffect): void {
    switch (effect) {
      case 'answerWord':
        this.#replies.text(this.#word);
        break;
      case 'openSession':
        this.#session = this.#ports.openSession(this.#request!, this);
        break;
      case 'resumeSession':
        this.#resumeSession();
        break;
      case 'acceptSession':
        this.#acceptSession();
        break;
      case 'denySession':
        this.#respond(0, noSession, Buffer.alloc(passwordBytes));
        break;
      case 'pauseInput':
        this.socket.pause();
        if (this.#state !== openingState) this.#ports.stalled(this);
        break;
      case 'resumeInput':
        this.socket.resume();
        this.#input.resume();
        break;
      case 'endSocket':
        this.#replies.flush(true);
        this.socket.end();
        break;
      case 'destroySocket':
        this.socket.destroy();
        break;
      case 'detachSession':
        if (this.#session?.connection === this) this.#session.connection = null;
        break;
      case 'countRefusal':
        this.#ports.counters.refusedConnections++;
        break;
    }
  }

  // Input.

  begun(): void {
    this.#chunkMs = this.#ports.clock.monotonicMs();
    this.#session?.heard(this.#chunkMs);
  }

  ended(): void {
    if (this.isOpen) this.#flush();
  }

  isWord(word: string): boolean {
    return this.#ports.isWord(word);
  }

  word(word: string, argument: Buffer): void {
    this.stats.noteFrame();
    this.#word = this.#ports.answerWord(word, argument);
    this.#event('word.received');
  }

  violated(): void {
    this.#event('protocol.violated');
  }

  frame(chunk: Buffer, start: number, end: number): boolean {
    this.stats.noteFrame();
    if (this.#state === flowingState) this.#takeRequest(chunk, start, end);
    else if (this.#state === awaitingState) this.#connect(chunk, start, end);
    return this.#state === flowingState;
  }

  // Handshake.

  #connect(chunk: Buffer, start: number, end: number): void {
    this.#request = takeConnectRequest(chunk, start, end);
    if (this.#request === null) return this.#event('connect.refused');
    this.#knock(this.#request);
  }

  /** May it come in? Where that is not clear yet, it is asked again when something has changed. */
  #knock(request: ConnectRequest): void {
    const door = this.#ports.door();
    if (door === 'waiting') return this.#event('connect.early');
    this.#isReadOnly = door === 'readOnly';
    const isAllowed = door === 'open' || (this.#isReadOnly && request.readOnly === true);
    // Never an expired-session answer to a client that is ahead: it is right, we are behind.
    if (!isAllowed || request.lastZxidSeen > this.#ports.lastZxid()) {
      return this.#event('connect.refused');
    }
    this.#event(request.sessionId === noSession ? 'connect.fresh' : 'connect.resume');
  }

  #resumeSession(): void {
    this.#ports.resumeSession(this.#request!, this, (session) => {
      this.#session = session;
      this.#event(session === null ? 'session.denied' : 'session.granted');
    });
  }

  sessionGranted(): void {
    this.#event('session.granted');
  }

  #acceptSession(): void {
    const session = this.#session!;
    this.#origin.session = session.id;
    this.stats.lastOp = Opcode.createSession;
    this.#respond(session.timeoutMs, session.id, this.#ports.passwordOf(session.id));
  }

  #respond(timeOut: number, sessionId: string, passwd: Buffer): void {
    const readOnly = this.#isReadOnly;
    this.#replies.connectResponse(this.#request!, { timeOut, sessionId, passwd, readOnly });
    // It may hold a megabyte of password.
    this.#request = null;
    this.#wantFlush();
  }

  // Requests.

  #takeRequest(chunk: Buffer, start: number, end: number): void {
    if (end - start < requestHeaderBytes) return this.#event('protocol.violated');
    const xid = getInt(chunk, start);
    const op = getInt(chunk, start + 4);
    const kind = requestKind(op);
    const session = this.#session!;
    this.stats.noteRequest(xid, op);
    if (kind === RequestKind.immediate) {
      return this.#authenticate(xid, op, chunk, start + requestHeaderBytes, end);
    }
    if (!this.#auth.mayProceed) {
      return this.#endWith(xid, 0, ErrorCode.sessionClosedRequireSaslAuth);
    }
    if (kind === RequestKind.read && (session.readsAtOnce() || this.#isReadOnly)) {
      this.#origin.caller = this.#auth.caller;
      this.#answer(xid, op, chunk, start + requestHeaderBytes, end, this.#chunkMs);
      // A chunk can ask for a thousand times its size: not all of it at once.
      if (this.#replies.pendingBytes > outputBytesHigh) this.#flush();
      return;
    }
    const request = new PendingRequest(this, session, {
      cxid: xid,
      op,
      caller: this.#auth.caller,
      buffer: chunk,
      start: start + requestHeaderBytes,
      end,
      receivedMs: this.#chunkMs,
      isWrite: kind === RequestKind.write || kind === RequestKind.close,
      origin: this.#ports.origin,
    });
    if (this.#isReadOnly && request.isWrite && !(session.isLocal && kind === RequestKind.close)) {
      return this.#refuseWrite(request, kind === RequestKind.close);
    }
    if (kind === RequestKind.write) session.receiveWrite(request);
    else if (kind === RequestKind.close) session.receiveClose(request);
    else session.receiveRead(request);
    const isTooMuch = session.queueLength > this.#ports.requestsMax || this.#ports.isOverloaded();
    if (isTooMuch) this.#event('pressure.high');
  }

  /** Without a leader nothing is agreed upon; a global session that ends now ends here alone. */
  #refuseWrite(request: PendingRequest, isClose: boolean): void {
    const err = isClose ? ErrorCode.ok : ErrorCode.notReadOnly;
    this.reply(request, this.#ports.lastZxid(), err, null);
    if (isClose) this.#event('session.closed');
  }

  answerRead(request: PendingRequest): void {
    if (!this.isOpen) return;
    this.#origin.caller = request.caller;
    const { cxid, op, buffer, start, end, receivedMs } = request;
    this.#answer(cxid, op, buffer, start, end, receivedMs);
    this.#wantFlush();
  }

  #answer(xid: number, op: number, buffer: Buffer, start: number, end: number, atMs: number): void {
    if (requestKind(op) === RequestKind.unknown) {
      return this.#endWith(xid, -1, ErrorCode.unimplemented);
    }
    const input = this.#reader.reset(buffer, start, end);
    const answered = { cxid: op === Opcode.ping ? Xid.ping : xid, receivedMs: atMs };
    const replies = this.#replies;
    if (op === Opcode.setWatches || op === Opcode.setWatches2) {
      // These may queue events, which go ahead of the reply; their own body is empty.
      const err = this.#ports.reader.read(op, input, this.#origin, noBody.reset());
      return replies.send(answered, this.#ports.lastZxid(), err, null);
    }
    const at = replies.begin();
    try {
      const err = this.#ports.reader.read(op, input, this.#origin, replies.writer);
      replies.end(at, answered, this.#ports.lastZxid(), err, err === ErrorCode.ok);
    } catch (failure) {
      if (!(failure instanceof JuteOverflow)) throw failure;
      this.#event('output.overflowed');
    }
  }

  reply(request: PendingRequest, zxid: number, err: number, body: JuteWriter | null): void {
    if (!this.isOpen) return;
    this.#replies.send(request, zxid, err, body);
    this.#wantFlush();
  }

  /** Answers by an error that ends the connection. */
  #endWith(xid: number, zxid: number, err: number): void {
    this.#replies.send({ cxid: xid, receivedMs: this.#chunkMs }, zxid, err, null);
    this.#event('request.fatal');
  }

  #authenticate(xid: number, op: number, chunk: Buffer, start: number, end: number): void {
    const outcome = this.#auth.take(op, this.#reader.reset(chunk, start, end));
    if (outcome.err !== ErrorCode.ok) this.#ports.counters.authFailures++;
    if (outcome.drop) return this.#event('protocol.violated');
    const at = this.#replies.begin();
    if (op === Opcode.sasl) this.#replies.writer.bytes(outcome.token);
    this.#replies.end(at, { cxid: xid, receivedMs: this.#chunkMs }, 0, outcome.err, true);
    this.#wantFlush();
    if (outcome.err !== ErrorCode.ok) this.#event('request.fatal');
  }

  // Output.

  queueEvent(frame: Buffer): void {
    if (!this.isOpen) return;
    this.#replies.event(frame);
    this.#wantFlush();
  }

  mayRead(aclId: number): boolean {
    return this.#ports.access.allows(aclId, Permission.read, this.#auth.caller);
  }

  #wantFlush(): void {
    if (this.#replies.queuedBytes > outputBytesMax) return this.#event('output.overflowed');
    if (this.#input.isHandling || this.#flushIsDue) return;
    this.#flushIsDue = true;
    this.#ports.flushLater(this);
  }

  /** The turn is over, or the socket has room again: what was queued leaves. */
  flushDue(): void {
    this.#flushIsDue = false;
    this.#flush();
    this.relieve();
  }

  /** Within a txn: nothing but writing. False when more is to be done at the end of the turn. */
  flushEarly(): boolean {
    this.#replies.flush();
    this.#flushIsDue = this.#state !== flowingState || this.#replies.queuedBytes > 0;
    return !this.#flushIsDue;
  }

  #flush(): void {
    this.#replies.flush();
    if (this.#replies.queuedBytes > outputBytesHigh) this.#event('pressure.high');
  }

  /** Reads on, if there is room again; false while it has to wait. */
  relieve(): boolean {
    if (this.#state === waitingState) {
      if (this.#ports.door() === 'waiting') return false;
      this.#knock(this.#request!);
      this.#flush();
      return true;
    }
    if (this.#state !== stalledState) return true;
    if (this.#replies.queuedBytes > outputBytesHigh / 2) return false;
    if (this.queued > this.#ports.requestsMax / 2 || this.#ports.isOverloaded()) return false;
    this.#event('pressure.low');
    return true;
  }

  sessionEnded(reason: 'session.closed' | 'session.expired' | 'session.moved'): void {
    this.#event(reason);
  }

  /** No handshake came in time; read no more; or send what is queued, then close. */
  tell(event: 'handshake.timedOut' | 'pressure.high' | 'server.stopping'): void {
    this.#event(event);
  }
}

/** Takes the empty body of setWatches. */
const noBody = new JuteWriter(16);
