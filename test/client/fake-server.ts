/**
 * A server that follows a script, for tests of the client: it speaks the protocol, keeps no tree,
 * answers as the test tells it and remembers all that it was sent. It listens on a port of its own.
 */

import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { FrameSplitter } from '../../protocol/frame.ts';
import { JuteReader, JuteWriter, putInt } from '../../protocol/jute.ts';
import { readMultiRequest } from '../../protocol/multi.ts';
import { Opcode, Xid } from '../../protocol/opcode.ts';
import type { Stat } from '../../protocol/record.ts';
import { writeRecord } from '../../protocol/record.ts';
import type { ConnectResponse } from '../../protocol/replies.ts';
import {
  replyHeader,
  replySchemas,
  syncConnected,
  watcherEvent,
  writeConnectResponse,
  writeReply,
} from '../../protocol/replies.ts';
import type { ConnectRequest } from '../../protocol/requests.ts';
import { readConnectRequest, readRequest, requestSchemas } from '../../protocol/requests.ts';
import { noSession } from '../../protocol/session-id.ts';

export const someStat: Stat = {
  czxid: 1,
  mzxid: 2,
  ctime: 3,
  mtime: 4,
  version: 5,
  cversion: 6,
  aversion: 7,
  ephemeralOwner: noSession,
  dataLength: 8,
  numChildren: 9,
  pzxid: 10,
};

export interface FakeRequest {
  readonly op: number;
  readonly xid: number;
  // biome-ignore lint/suspicious/noExplicitAny: a record of any operation, looked into by tests
  readonly body: any;
  readonly connection: FakeConnection;
}

/** `undefined` answers as usual; an object overrides parts of that. */
export type Answer =
  | undefined
  | 'silence'
  | 'close'
  | { err?: number; zxid?: number; body?: object; write?: (writer: JuteWriter) => void };

export type Handshake = 'silence' | 'close' | 'expired' | Partial<ConnectResponse>;

const frameBytesMax = 2 ** 22;

export class FakeServer {
  readonly #server: Server;
  readonly connections: FakeConnection[] = [];
  readonly handshakes: ConnectRequest[] = [];
  readonly requests: FakeRequest[] = [];
  #watchers: (() => void)[] = [];
  zxid = 100;
  onRequest: (request: FakeRequest) => Answer = () => undefined;
  onHandshake: (request: ConnectRequest) => Handshake = () => ({});

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.connections.push(new FakeConnection(this, socket)));
  }

  static listen(): Promise<FakeServer> {
    const server = createServer();
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(new FakeServer(server)));
    });
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  get last(): FakeConnection {
    return this.connections.at(-1)!;
  }

  ops(): number[] {
    return this.requests.map((request) => request.op);
  }

  /** Waits until `condition` holds; it is looked at after each frame that arrives. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  changed(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.drop();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export class FakeConnection {
  readonly #server: FakeServer;
  readonly #socket: Socket;
  #handshaken = false;
  /** How many pieces of the byte stream came in. */
  chunks = 0;
  /** Frames are written cut into pieces of this size, when it is set. */
  pieceBytes = 0;

  constructor(server: FakeServer, socket: Socket) {
    this.#server = server;
    this.#socket = socket;
    socket.setNoDelay(true);
    const splitter = new FrameSplitter(frameBytesMax, (chunk, start, end) => {
      this.#frame(new JuteReader().reset(Buffer.from(chunk.subarray(start, end)), 0, end - start));
      return true;
    });
    socket.on('data', (chunk) => {
      this.chunks++;
      splitter.push(chunk, 0, chunk.length);
      server.changed();
    });
    socket.on('error', () => {});
  }

  drop(): void {
    this.#socket.destroy();
  }

  event(type: number, path: string, zxid = -1): void {
    this.frame((writer) => {
      writeRecord(replyHeader, writer, { xid: Xid.notification, zxid, err: 0 });
      writeRecord(watcherEvent, writer, { type, state: syncConnected, path });
    });
  }

  reply(xid: number, zxid: number, err: number, write: (writer: JuteWriter) => void): void {
    this.frame((writer) => {
      writeRecord(replyHeader, writer, { xid, zxid, err });
      if (err === 0) write(writer);
    });
  }

  frame(write: (writer: JuteWriter) => void): void {
    const writer = new JuteWriter().int(0);
    write(writer);
    putInt(writer.buffer, 0, writer.length - 4);
    const bytes = writer.copy();
    const piece = this.pieceBytes || bytes.length;
    for (let at = 0; at < bytes.length; at += piece) {
      this.#socket.write(bytes.subarray(at, at + piece));
    }
  }

  #frame(reader: JuteReader): void {
    if (!this.#handshaken) {
      this.#handshaken = true;
      this.#handshake(readConnectRequest(reader));
      return;
    }
    const xid = reader.int();
    const op = reader.int();
    const request: FakeRequest = { op, xid, body: bodyOf(op, reader), connection: this };
    this.#server.requests.push(request);
    const answer = this.#server.onRequest(request);
    if (answer === 'silence') return;
    if (answer === 'close') {
      this.drop();
      return;
    }
    const zxid = answer?.zxid ?? ++this.#server.zxid;
    const body = { ...usualBody(request), ...answer?.body };
    this.reply(xid, zxid, answer?.err ?? 0, (writer) => {
      if (answer?.write !== undefined) answer.write(writer);
      else if (op in replySchemas) writeReply(op as typeof Opcode.getData, writer, body as never);
    });
    if (op === Opcode.closeSession) this.#socket.end();
  }

  #handshake(request: ConnectRequest): void {
    this.#server.handshakes.push(request);
    const answer = this.#server.onHandshake(request);
    if (answer === 'silence') return;
    if (answer === 'close') {
      this.drop();
      return;
    }
    const isExpired = answer === 'expired';
    const response: ConnectResponse = {
      protocolVersion: 0,
      timeOut: isExpired ? 0 : request.timeOut,
      sessionId: isExpired || request.sessionId !== noSession ? request.sessionId : newSessionId(),
      passwd: isExpired ? Buffer.alloc(16) : Buffer.alloc(16, 7),
      readOnly: false,
      ...(isExpired ? { sessionId: noSession } : answer),
    };
    if (!isExpired && 'readOnly' in answer && answer.readOnly === undefined) {
      delete (response as { readOnly?: boolean }).readOnly;
    }
    this.frame((writer) => writeConnectResponse(writer, response));
    if (isExpired) this.#socket.end();
  }
}

let sessions = 0;

function newSessionId(): string {
  return `01${String(++sessions).padStart(14, '0')}`;
}

function bodyOf(op: number, reader: JuteReader): unknown {
  if (op === Opcode.multi || op === Opcode.multiRead) return readMultiRequest(reader);
  return op in requestSchemas ? readRequest(op as typeof Opcode.getData, reader) : null;
}

/** A reply that fits the request: paths are echoed, data is the path, one child. */
function usualBody({ body }: FakeRequest): object {
  return {
    path: body?.path ?? null,
    data: Buffer.from(body?.path ?? ''),
    stat: someStat,
    children: ['child'],
    acl: [],
    ephemerals: [],
    totalNumber: 1,
    err: 0,
  };
}
