/**
 * Hosts one connection's machine on its socket: frames in, replies and events out. All frames of a
 * chunk are handled in one go; reads are answered in place; what is to be sent leaves in one write at
 * the end of the turn. What the client may not do ends the connection, and nothing else.
 */

import { connectionEvents, connectionMachine } from '../machines/connection.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import { FrameSplitter } from '../protocol/frame.ts';
import { getInt, JuteError, JuteReader, JuteWriter, putInt } from '../protocol/jute.ts';
import { Opcode, RequestKind, requestKind, Xid } from '../protocol/opcode.ts';
import { Permission } from '../protocol/record.ts';
import { passwordBytes, writeConnectResponse } from '../protocol/replies.ts';
import {
  type ConnectRequest,
  connectRequestBytesMin,
  readConnectRequest,
  readRequest,
} from '../protocol/requests.ts';
import { noSession } from '../protocol/session-id.ts';
import type { AccessControl } from '../storage/acl.ts';
import type { Caller } from '../storage/caller.ts';
import type { TreeReader } from '../storage/read.ts';
import type { Authenticator, AuthOutcome } from './authenticator.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Clock } from './clock.ts';
import { type Counters, LatencyCounter } from './counters.ts';
import { Output } from './output.ts';
import { PendingRequest, type ReplyPort } from './pending-request.ts';
import type { Session } from './session.ts';
import { TransitionTable } from './table.ts';
import type { EventPort } from './watches.ts';

type ConnectionEffect =
  | 'answerWord'
  | 'openSession'
  | 'resumeSession'
  | 'acceptSession'
  | 'denySession'
  | 'pauseInput'
  | 'resumeInput'
  | 'endSocket'
  | 'destroySocket'
  | 'detachSession'
  | 'countRefusal';
type ConnectionEventType = (typeof connectionEvents)[number];

export const connectionTable = TransitionTable.compile<ConnectionEventType, ConnectionEffect>(
  connectionMachine,
  connectionEvents,
);
const awaitingState = connectionTable.stateIndex('awaitingConnect');
const flowingState = connectionTable.stateIndex('serving.flowing');
const stalledState = connectionTable.stateIndex('serving.stalled');
const closedState = connectionTable.stateIndex('closed');

const requestHeaderBytes = 8;
/** Unsent output above which a connection's requests are not read. */
const outputBytesHigh = 1024 * 1024;
/** Unsent output at which a client that takes nothing is given up. */
const outputBytesMax = 64 * 1024 * 1024;

/** What a connection asks of the rest of the replica. */
export interface ConnectionPorts {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly reader: TreeReader;
  readonly access: AccessControl;
  readonly frameBytesMax: number;
  /** Unfinished requests of one session above which its socket is not read. */
  readonly requestsMax: number;
  isServing(): boolean;
  lastZxid(): number;
  openSession(timeoutMs: number, port: ReplyPort): Session;
  resumeSession(request: ConnectRequest, port: ReplyPort): Session | null;
  passwordOf(sessionId: string): Buffer;
  isWord(word: string): boolean;
  /** The answer to a four-letter word; `argument` are the bytes behind it. */
  answerWord(word: string, argument: Buffer): string;
  flushLater(connection: Connection): void;
  ended(connection: Connection): void;
}

export class Connection implements ReplyPort, EventPort {
  /** Under this number its watches are kept. */
  readonly watcher: number;
  readonly socket: ClientSocket;
  readonly #ports: ConnectionPorts;
  readonly #auth: Authenticator;
  readonly #output: Output;
  readonly #splitter: FrameSplitter;
  readonly #reader = new JuteReader();
  readonly #origin: { caller: Caller; session: string; watcher: number };
  #state = awaitingState;
  #session: Session | null = null;
  #request: ConnectRequest | null = null;
  /** Bytes that were read before a stall or an open handshake stopped the splitting. */
  #unread: Buffer | null = null;
  #isHandling = false;
  #flushIsDue = false;
  #word = '';
  #chunkMs = 0;

  readonly establishedMs: number;
  received = 0;
  sent = 0;
  lastOp: number | null = null;
  lastXid = -1;
  lastZxid = 0;
  lastReplyMs = 0;
  lastLatencyMs = 0;
  readonly latency = new LatencyCounter();

  constructor(socket: ClientSocket, watcher: number, auth: Authenticator, ports: ConnectionPorts) {
    this.socket = socket;
    this.watcher = watcher;
    this.#auth = auth;
    this.#ports = ports;
    this.#output = new Output(socket);
    this.#origin = { caller: auth.caller, session: noSession, watcher };
    this.#splitter = new FrameSplitter(ports.frameBytesMax, (chunk, start, end) =>
      this.#frame(chunk, start, end),
    );
    this.establishedMs = ports.clock.wallMs();
    socket.onData = (chunk) => this.#data(chunk);
    socket.onDrain = () => this.relieve();
    socket.onClose = () => this.#event('socket.closed');
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
    for (const effect of connectionTable.effects(state, index)) this.#run(effect);
    if (this.#state === closedState && state !== closedState) this.#ports.ended(this);
  }

  #run(effect: ConnectionEffect): void {
    switch (effect) {
      case 'answerWord':
        this.#output.append(Buffer.from(this.#word));
        break;
      case 'openSession':
        this.#session = this.#ports.openSession(this.#request!.timeOut, this);
        break;
      case 'resumeSession':
        this.#resumeSession();
        break;
      case 'acceptSession':
        this.#acceptSession();
        break;
      case 'denySession':
        this.#connectResponse(0, noSession, Buffer.alloc(passwordBytes));
        break;
      case 'pauseInput':
        this.socket.pause();
        break;
      case 'resumeInput':
        this.#resumeInput();
        break;
      case 'endSocket':
        this.#flush();
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

  #data(chunk: Buffer): void {
    if (this.#unread !== null) {
      // The socket was paused in mid-flight: keep what it still delivered, in order.
      this.#unread = Buffer.concat([this.#unread, chunk]);
      return;
    }
    this.#handle(chunk);
  }

  #handle(chunk: Buffer): void {
    this.#isHandling = true;
    this.#chunkMs = this.#ports.clock.monotonicMs();
    if (this.#session !== null) this.#session.lastHeardMs = this.#chunkMs;
    const start = this.#state === awaitingState && this.received === 0 ? this.#peekWord(chunk) : 0;
    const used = start < 0 ? chunk.length : this.#splitter.push(chunk, start, chunk.length);
    if (used < 0) this.#event('protocol.violated');
    else if (used < chunk.length && this.isOpen) this.#unread = chunk.subarray(used);
    this.#isHandling = false;
    if (this.isOpen) this.#flush();
  }

  #wordBytes = '';

  /**
   * The first four bytes may be a four-letter word, also in pieces: as a length they would be far
   * above any limit. Returns where frames start, or -1 when there are none (yet).
   */
  #peekWord(chunk: Buffer): number {
    const missing = 4 - this.#wordBytes.length;
    const text = this.#wordBytes + chunk.toString('latin1', 0, missing);
    if (text.length < 4 && /^[a-z]+$/.test(text)) {
      this.#wordBytes = text;
      return -1;
    }
    if (!this.#ports.isWord(text)) {
      const before = Buffer.from(this.#wordBytes, 'latin1');
      this.#wordBytes = '';
      this.#splitter.push(before, 0, before.length);
      return 0;
    }
    this.#word = this.#ports.answerWord(text, chunk.subarray(missing));
    this.#event('word.received');
    return -1;
  }

  /** Takes one frame; false stops the splitting. */
  #frame(chunk: Buffer, start: number, end: number): boolean {
    this.received++;
    this.#ports.counters.packetsReceived++;
    if (this.#state === flowingState) this.#takeRequest(chunk, start, end);
    else if (this.#state === awaitingState) this.#connect(chunk, start, end);
    return this.#state === flowingState;
  }

  #resumeInput(): void {
    this.socket.resume();
    const unread = this.#unread;
    if (unread === null || this.#isHandling) return;
    this.#unread = null;
    this.#handle(unread);
  }

  // Handshake.

  #connect(chunk: Buffer, start: number, end: number): void {
    const reader = this.#reader.reset(chunk, start, end);
    try {
      if (end - start < connectRequestBytesMin) throw new JuteError('short connect request');
      const request = readConnectRequest(reader);
      this.#request = { ...request, passwd: request.passwd && Buffer.from(request.passwd) };
    } catch (failure) {
      if (!(failure instanceof JuteError)) throw failure;
      return this.#event('connect.refused');
    }
    const { lastZxidSeen, sessionId } = this.#request;
    // Never an expired-session answer: the client is right, we are behind (spec 8.1, 5).
    if (!this.#ports.isServing() || lastZxidSeen > this.#ports.lastZxid()) {
      return this.#event('connect.refused');
    }
    this.#event(sessionId === noSession ? 'connect.fresh' : 'connect.resume');
  }

  #resumeSession(): void {
    this.#session = this.#ports.resumeSession(this.#request!, this);
    this.#event(this.#session === null ? 'session.denied' : 'session.granted');
  }

  sessionGranted(): void {
    this.#event('session.granted');
  }

  #acceptSession(): void {
    const session = this.#session!;
    this.#origin.session = session.id;
    this.#connectResponse(session.timeoutMs, session.id, this.#ports.passwordOf(session.id));
    this.lastOp = Opcode.createSession;
  }

  #connectResponse(timeOut: number, sessionId: string, passwd: Buffer): void {
    const { readOnly } = this.#request!;
    const { writer } = this.#output;
    const start = writer.length;
    writer.int(0);
    writeConnectResponse(writer, {
      protocolVersion: 0,
      timeOut,
      sessionId,
      passwd,
      ...(readOnly === undefined ? {} : { readOnly: false }),
    });
    putInt(writer.buffer, start, writer.length - start - 4);
    this.#noteReply(writer.length - start);
    this.#wantFlush();
  }

  // Requests.

  #takeRequest(chunk: Buffer, start: number, end: number): void {
    if (end - start < requestHeaderBytes) return this.#event('protocol.violated');
    const xid = getInt(chunk, start);
    const op = getInt(chunk, start + 4);
    const kind = requestKind(op);
    const session = this.#session!;
    this.lastXid = xid;
    this.lastOp = op;
    if (kind === RequestKind.immediate) {
      return this.#authenticate(xid, op, chunk, start + requestHeaderBytes, end);
    }
    if (!this.#auth.mayProceed) {
      this.#sendError(xid, this.#ports.lastZxid(), ErrorCode.sessionClosedRequireSaslAuth);
      return this.#event('request.fatal');
    }
    if (kind === RequestKind.read && session.readsAtOnce()) {
      this.#origin.caller = this.#auth.caller;
      this.#answer(xid, op, chunk, start + requestHeaderBytes, end, this.#chunkMs);
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
    });
    if (kind === RequestKind.write) session.receiveWrite(request);
    else if (kind === RequestKind.close) session.receiveClose(request);
    else session.receiveRead(request);
    if (session.queueLength > this.#ports.requestsMax) this.#event('pressure.high');
  }

  answerRead(request: PendingRequest): void {
    if (!this.isOpen) return;
    this.#origin.caller = request.caller;
    const { cxid, op, buffer, start, end, receivedMs } = request;
    this.#answer(cxid, op, buffer, start, end, receivedMs);
    this.#wantFlush();
  }

  #answer(
    xid: number,
    op: number,
    buffer: Buffer,
    start: number,
    end: number,
    receivedMs: number,
  ): void {
    if (requestKind(op) === RequestKind.unknown) {
      this.#sendError(xid, -1, ErrorCode.unimplemented);
      return this.#event('request.fatal');
    }
    const input = this.#reader.reset(buffer, start, end);
    let at: number;
    let err: number;
    if (op === Opcode.setWatches || op === Opcode.setWatches2) {
      // These may queue events, which go ahead of the reply; their own body is empty.
      err = this.#ports.reader.read(op, input, this.#origin, noBody.reset());
      at = this.#output.beginReply();
    } else {
      at = this.#output.beginReply();
      err = this.#ports.reader.read(op, input, this.#origin, this.#output.writer);
    }
    const shown = op === Opcode.ping ? Xid.ping : xid;
    const zxid = this.#ports.lastZxid();
    const size = this.#output.endReply(at, shown, zxid, err, err === ErrorCode.ok);
    this.#finishReply(size, zxid, receivedMs);
  }

  reply(request: PendingRequest, zxid: number, err: number, body: JuteWriter | null): void {
    if (!this.isOpen) return;
    const at = this.#output.beginReply();
    if (body !== null) this.#output.writer.raw(body.buffer, 0, body.length);
    const size = this.#output.endReply(at, request.cxid, zxid, err, true);
    this.#finishReply(size, zxid, request.receivedMs);
    this.#wantFlush();
  }

  /** A reply of the header alone. */
  #sendError(xid: number, zxid: number, err: number): void {
    const at = this.#output.beginReply();
    this.#finishReply(this.#output.endReply(at, xid, zxid, err, false), zxid, this.#chunkMs);
    this.#wantFlush();
  }

  #finishReply(size: number, zxid: number, receivedMs: number): void {
    this.lastZxid = zxid;
    this.#noteReply(size);
    const nowMs = this.#ports.clock.monotonicMs();
    this.lastReplyMs = nowMs;
    this.lastLatencyMs = nowMs - receivedMs;
    this.latency.note(this.lastLatencyMs);
    this.#ports.counters.latency.note(this.lastLatencyMs);
  }

  #noteReply(bytes: number): void {
    this.sent++;
    this.#ports.counters.noteReply(bytes);
  }

  #authenticate(xid: number, op: number, chunk: Buffer, start: number, end: number): void {
    const reader = this.#reader.reset(chunk, start, end);
    let outcome: AuthOutcome;
    try {
      if (op === Opcode.sasl) outcome = this.#auth.sasl(readRequest(Opcode.sasl, reader).token);
      else {
        const packet = readRequest(Opcode.auth, reader);
        outcome = this.#auth.authenticate(packet.scheme, packet.auth);
      }
    } catch (failure) {
      if (!(failure instanceof JuteError)) throw failure;
      outcome = { err: ErrorCode.authFailed, token: null, drop: true };
    }
    if (outcome.err !== ErrorCode.ok) this.#ports.counters.authFailures++;
    if (outcome.drop) return this.#event('protocol.violated');
    const at = this.#output.beginReply();
    if (op === Opcode.sasl) this.#output.writer.bytes(outcome.token);
    this.#finishReply(this.#output.endReply(at, xid, 0, outcome.err, true), 0, this.#chunkMs);
    this.#wantFlush();
    if (outcome.err !== ErrorCode.ok) this.#event('request.fatal');
  }

  // Output.

  queueEvent(frame: Buffer): void {
    if (!this.isOpen) return;
    this.#output.append(frame);
    this.#noteReply(frame.length);
    this.#wantFlush();
  }

  mayRead(aclId: number): boolean {
    return this.#ports.access.allows(aclId, Permission.read, this.#auth.caller);
  }

  #wantFlush(): void {
    if (this.#output.queuedBytes > outputBytesMax) return this.#event('output.overflowed');
    if (this.#isHandling || this.#flushIsDue) return;
    this.#flushIsDue = true;
    this.#ports.flushLater(this);
  }

  /** The turn is over: what was queued leaves. */
  flushDue(): void {
    this.#flushIsDue = false;
    this.#flush();
  }

  #flush(): void {
    this.#output.flush();
    if (this.#output.queuedBytes > outputBytesHigh) this.#event('pressure.high');
  }

  relieve(): void {
    if (this.#state !== stalledState) return;
    if (this.#output.queuedBytes > outputBytesHigh / 2) return;
    if (this.queued > this.#ports.requestsMax / 2) return;
    this.#event('pressure.low');
  }

  sessionEnded(reason: 'session.closed' | 'session.expired' | 'session.moved'): void {
    this.#event(reason);
  }

  /** Nothing was received of a handshake within the time for it. */
  handshakeTimedOut(): void {
    if (this.#state === awaitingState) this.#event('handshake.timedOut');
  }

  /** The server is stopping: send what is queued, then close. */
  stop(): void {
    this.#event('server.stopping');
  }
}

/** Takes the empty body of setWatches. */
const noBody = new JuteWriter(16);
