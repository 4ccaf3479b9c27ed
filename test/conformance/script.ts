/**
 * Runs a client program and writes down what came back, field by field, in a form in which two
 * servers can be compared: zxids count from the start of the program, session ids carry the name of
 * their client, times and passwords are replaced, sets are sorted. Nothing else is changed.
 */

import { JuteReader } from '../../protocol/jute.ts';
import type { MultiRequest } from '../../protocol/multi.ts';
import { readMultiReply } from '../../protocol/multi.ts';
import { Opcode, Xid } from '../../protocol/opcode.ts';
import { readRecord } from '../../protocol/record.ts';
import type { ConnectResponse, ReplyOp } from '../../protocol/replies.ts';
import {
  readClientInfos,
  readReply,
  replyHeader,
  replyHeaderBytes,
  replySchemas,
  watcherEvent,
} from '../../protocol/replies.ts';
import type { ConnectRequest, RequestBody, RequestOp } from '../../protocol/requests.ts';
import { noSession } from '../../protocol/session-id.ts';
import type { Arrival } from '../support/raw-client.ts';
import { RawClient } from '../support/raw-client.ts';

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

export interface Entry {
  readonly step: string;
  readonly client: string;
  readonly op: string;
  /** Replies and events in the order in which they came. */
  readonly got: Json[];
}

/** How long a connection that should be closed by the server is waited for. */
const closeMsMax = 15_000;
const shownBytesMax = 200;
const opNames = new Map<number, string>(Object.entries(Opcode).map(([name, op]) => [op, name]));
const zxidFields = new Set(['zxid', 'czxid', 'mzxid', 'pzxid']);
const timeFields = new Set(['ctime', 'mtime']);
/** Sets, whose order no server promises. */
const sortedFields = new Set(['children', 'ephemerals', 'identities']);

export class Script {
  readonly entries: Entry[] = [];
  readonly #port: number;
  /** Names of the clients by session id. */
  readonly #sessions = new Map<string, string>();
  readonly #clients: RawClient[] = [];
  /** The zxid from which others are counted: that of the program's first reply. */
  #base: number | null = null;

  constructor(port: number) {
    this.#port = port;
  }

  /** A client with a new session. */
  async client(name: string, request: Partial<ConnectRequest> = {}): Promise<ScriptClient> {
    const client = await this.connection(name);
    await client.connect('a new session', request);
    return client;
  }

  /** A client that is connected but has not said anything yet. */
  async connection(name: string): Promise<ScriptClient> {
    const raw = await RawClient.open(this.#port);
    this.#clients.push(raw);
    return new ScriptClient(this, name, raw);
  }

  end(): void {
    for (const client of this.#clients) client.drop();
  }

  add(entry: Entry): void {
    this.entries.push(entry);
  }

  knows(sessionId: string, name: string): void {
    if (sessionId !== noSession && !this.#sessions.has(sessionId)) {
      this.#sessions.set(sessionId, name);
    }
  }

  /** A decoded value as JSON that any two servers can agree on. */
  plain(value: unknown, field = ''): Json {
    if (typeof value === 'number') {
      if (timeFields.has(field)) return value === 0 ? 0 : 'time';
      return zxidFields.has(field) ? this.#zxid(value) : value;
    }
    if (value instanceof Uint8Array) return shown(Buffer.from(value));
    if (field === 'ephemeralOwner' || field === 'sessionId') return this.#owner(String(value));
    if (Array.isArray(value)) {
      const list = value.map((item) => this.plain(item));
      return sortedFields.has(field) ? list.sort(byText) : list;
    }
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).map(([name, item]) => [name, this.plain(item, name)]);
      return Object.fromEntries(entries) as Json;
    }
    return value as Json;
  }

  #zxid(zxid: number): Json {
    if (zxid <= 0) return zxid;
    this.#base ??= zxid;
    return `+${zxid - this.#base}`;
  }

  #owner(id: string): Json {
    return id === noSession ? 0 : (this.#sessions.get(id) ?? 'unknown session');
  }
}

export class ScriptClient {
  readonly #script: Script;
  readonly #name: string;
  readonly raw: RawClient;

  constructor(script: Script, name: string, raw: RawClient) {
    this.#script = script;
    this.#name = name;
    this.raw = raw;
  }

  async connect(step: string, request: Partial<ConnectRequest> = {}): Promise<void> {
    const response = await this.raw.connect(request);
    this.#add(step, 'connect', [this.#response(response)]);
  }

  /** Sends one request; notes all that comes up to its reply. */
  async ask<Op extends RequestOp>(
    step: string,
    op: Op,
    body: RequestBody<Op>,
    options: { xid?: number; isLast?: boolean } = {},
  ): Promise<void> {
    const xid = options.xid ?? this.raw.xid++;
    this.raw.send(op, body, xid);
    await this.#note(step, [op], options.isLast ?? false);
  }

  async askMulti(step: string, list: readonly MultiRequest[]): Promise<void> {
    this.raw.sendMulti(list);
    await this.#note(step, [Opcode.multi], false);
  }

  async askMultiRead(step: string, list: readonly MultiRequest[]): Promise<void> {
    this.raw.sendMulti(list, Opcode.multiRead);
    await this.#note(step, [Opcode.multiRead], false);
  }

  /** Sends a header with these bytes behind it. */
  async askRaw(
    step: string,
    op: number,
    body: Buffer = Buffer.alloc(0),
    options: { xid?: number; isLast?: boolean } = {},
  ): Promise<void> {
    const xid = options.xid ?? this.raw.xid++;
    this.raw.sendRaw(op, body, xid);
    await this.#note(step, [op], options.isLast ?? false);
  }

  /** Sends several requests before it listens for any reply. */
  async pipeline(step: string, send: (raw: RawClient) => number[]): Promise<void> {
    await this.#note(step, send(this.raw), false);
  }

  /** Sends bytes that no reply may follow: notes whether the server hangs up. */
  async sendsNonsense(step: string, bytes: Buffer): Promise<void> {
    this.raw.write(bytes);
    await this.#note(step, [], true);
  }

  /** Notes whether the server hangs up, as it should. */
  async isClosed(step: string): Promise<void> {
    await this.#note(step, [], true);
  }

  /** A ping: all events that are due on this connection come before its reply. */
  async ping(step: string): Promise<void> {
    this.raw.sendRaw(Opcode.ping, Buffer.alloc(0), Xid.ping);
    await this.#note(step, [Opcode.ping], false);
  }

  /** Notes events and the replies to `ops`, and the end of the connection when it `isLast`. */
  async #note(step: string, ops: readonly number[], isLast: boolean): Promise<void> {
    const got: Json[] = [];
    let replies = 0;
    while (replies < ops.length) {
      const arrival = await this.raw.poll(closeMsMax);
      if (arrival === null || arrival === 'closed') {
        got.push(arrival ?? 'no answer');
        break;
      }
      const isEvent = arrival.readInt32BE(0) === Xid.notification;
      got.push(isEvent ? this.#event(arrival) : this.#reply(ops[replies]!, arrival));
      if (!isEvent) replies++;
    }
    if (isLast && got.at(-1) !== 'closed') got.push(await this.#ending());
    this.#add(step, ops.map((op) => opNames.get(op) ?? String(op)).join(' '), got);
  }

  async #ending(): Promise<Json> {
    const arrival: Arrival | null = await this.raw.poll(closeMsMax);
    if (arrival === null) return 'still open';
    return arrival === 'closed' ? arrival : { unexpected: arrival.toString('hex') };
  }

  #event(bytes: Buffer): Json {
    const reader = new JuteReader(bytes);
    const { zxid } = readRecord(replyHeader, reader);
    return this.#script.plain({ event: readRecord(watcherEvent, reader), zxid });
  }

  #reply(op: number, bytes: Buffer): Json {
    const reader = new JuteReader(bytes);
    if (bytes.length < replyHeaderBytes) return { unexpected: bytes.toString('hex') };
    const header = readRecord(replyHeader, reader);
    const body: { [name: string]: unknown } = {};
    if (header.err === 0) {
      if (op === Opcode.multi || op === Opcode.multiRead) body['results'] = readMultiReply(reader);
      else if (op === Opcode.whoAmI) body['identities'] = readClientInfos(reader);
      else if (op in replySchemas) Object.assign(body, readReply(op as ReplyOp, reader));
    }
    const rest = reader.remaining > 0 ? { bytesLeft: reader.remaining } : {};
    return this.#script.plain({ ...header, ...('err' in body ? { body } : body), ...rest });
  }

  #response(response: ConnectResponse | 'closed'): Json {
    if (response === 'closed') return response;
    this.#script.knows(response.sessionId, this.#name);
    const { passwd, ...rest } = response;
    const isZero = passwd?.every((byte) => byte === 0) ?? false;
    return this.#script.plain({
      ...rest,
      passwd: `${passwd?.length} bytes${isZero ? ' of 0' : ''}`,
    });
  }

  #add(step: string, op: string, got: Json[]): void {
    this.#script.add({ step, client: this.#name, op, got });
  }
}

function byText(one: Json, other: Json): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

/** Text as text, other bytes as hex, long data by its length. */
function shown(bytes: Buffer): string {
  if (bytes.length > shownBytesMax) return `(${bytes.length} bytes)`;
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : `0x${bytes.toString('hex')}`;
}
