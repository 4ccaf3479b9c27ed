/**
 * What a server sends: the connect response, reply headers, one record per operation and watch
 * events. An operation without an entry is answered by the header alone; when the header carries an
 * error, no body follows.
 */

import type { JuteReader, JuteWriter } from './jute.ts';
import { Opcode } from './opcode.ts';
import type { RecordOf, Schema } from './record.ts';
import { readRecord, writeRecord } from './record.ts';

export const connectResponse = [
  ['protocolVersion', 'int'],
  ['timeOut', 'int'],
  ['sessionId', 'sid'],
  ['passwd', 'buffer'],
] as const satisfies Schema;

export interface ConnectResponse extends RecordOf<typeof connectResponse> {
  /** Present exactly when the request carried its byte. */
  readOnly?: boolean;
}

export const passwordBytes = 16;

export function readConnectResponse(reader: JuteReader): ConnectResponse {
  const response: ConnectResponse = readRecord(connectResponse, reader);
  if (reader.remaining > 0) response.readOnly = reader.boolean();
  return response;
}

export function writeConnectResponse(writer: JuteWriter, response: ConnectResponse): void {
  writeRecord(connectResponse, writer, response);
  if (response.readOnly !== undefined) writer.boolean(response.readOnly);
}

export const replyHeader = [
  ['xid', 'int'],
  ['zxid', 'long'],
  ['err', 'int'],
] as const satisfies Schema;
export type ReplyHeader = RecordOf<typeof replyHeader>;
export const replyHeaderBytes = 16;

const pathReply = [['path', 'ustring']] as const satisfies Schema;
const statReply = [['stat', 'stat']] as const satisfies Schema;
const pathStatReply = [
  ['path', 'ustring'],
  ['stat', 'stat'],
] as const satisfies Schema;

/** Reply bodies by operation code. */
export const replySchemas = {
  [Opcode.create]: pathReply,
  [Opcode.create2]: pathStatReply,
  [Opcode.createContainer]: pathStatReply,
  [Opcode.createTtl]: pathStatReply,
  [Opcode.delete]: [],
  [Opcode.exists]: statReply,
  [Opcode.getData]: [
    ['data', 'buffer'],
    ['stat', 'stat'],
  ],
  [Opcode.setData]: statReply,
  [Opcode.getAcl]: [
    ['acl', 'acl'],
    ['stat', 'stat'],
  ],
  [Opcode.setAcl]: statReply,
  [Opcode.getChildren]: [['children', 'strings']],
  [Opcode.getChildren2]: [
    ['children', 'strings'],
    ['stat', 'stat'],
  ],
  [Opcode.sync]: pathReply,
  [Opcode.check]: [],
  [Opcode.reconfig]: [
    ['data', 'buffer'],
    ['stat', 'stat'],
  ],
  [Opcode.checkWatches]: [],
  [Opcode.removeWatches]: [],
  [Opcode.auth]: [],
  [Opcode.setWatches]: [],
  [Opcode.setWatches2]: [],
  [Opcode.sasl]: [['token', 'buffer']],
  [Opcode.getEphemerals]: [['ephemerals', 'strings']],
  [Opcode.getAllChildrenNumber]: [['totalNumber', 'int']],
  [Opcode.addWatch]: [['err', 'int']],
} as const satisfies { readonly [op: number]: Schema };

export type ReplySchemas = typeof replySchemas;
export type ReplyOp = keyof ReplySchemas;
export type ReplyBody<Op extends ReplyOp> = RecordOf<ReplySchemas[Op]>;

export function readReply<Op extends ReplyOp>(op: Op, reader: JuteReader): ReplyBody<Op> {
  return readRecord(replySchemas[op] as ReplySchemas[Op] & Schema, reader) as ReplyBody<Op>;
}

export function writeReply<Op extends ReplyOp>(
  op: Op,
  writer: JuteWriter,
  body: ReplyBody<Op>,
): void {
  writeRecord(replySchemas[op] as Schema, writer, body as never);
}

/** One identity of a connection, as whoAmI lists it. */
export interface ClientInfo {
  readonly authScheme: string;
  readonly user: string;
}

export function readClientInfos(reader: JuteReader): ClientInfo[] {
  const count = Math.max(0, reader.vector(8));
  const list: ClientInfo[] = [];
  for (let i = 0; i < count; i++) {
    list.push({ authScheme: reader.string() ?? '', user: reader.string() ?? '' });
  }
  return list;
}

export function writeClientInfos(writer: JuteWriter, list: readonly ClientInfo[]): void {
  writer.int(list.length);
  for (const { authScheme, user } of list) writer.string(authScheme).string(user);
}

export const watcherEvent = [
  ['type', 'int'],
  ['state', 'int'],
  ['path', 'ustring'],
] as const satisfies Schema;
export type WatcherEvent = RecordOf<typeof watcherEvent>;

export const EventType = {
  none: -1,
  nodeCreated: 1,
  nodeDeleted: 2,
  nodeDataChanged: 3,
  nodeChildrenChanged: 4,
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

/** The only session state that a server writes into an event. */
export const syncConnected = 3;
