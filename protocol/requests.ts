/**
 * What clients send: the connect request, request headers and one record per operation, by the
 * names and field order of zookeeper.jute. An operation without an entry has an empty body; `multi`
 * and `multiRead` are in multi.ts.
 */

import type { JuteReader, JuteWriter } from './jute.ts';
import { Opcode } from './opcode.ts';
import type { RecordOf, Schema } from './record.ts';
import { readRecord, writeRecord } from './record.ts';

export const connectRequest = [
  ['protocolVersion', 'int'],
  ['lastZxidSeen', 'long'],
  ['timeOut', 'int'],
  ['sessionId', 'sid'],
  ['passwd', 'buffer'],
] as const satisfies Schema;

export interface ConnectRequest extends RecordOf<typeof connectRequest> {
  /**
   * Absent in the frames of go-zookeeper and clients older than 3.4; then the reply lacks it too.
   */
  readOnly?: boolean;
}

/** Least bytes of a connect request: null password, no readOnly byte. */
export const connectRequestBytesMin = 28;

export function readConnectRequest(reader: JuteReader): ConnectRequest {
  const request: ConnectRequest = readRecord(connectRequest, reader);
  if (reader.remaining > 0) request.readOnly = reader.boolean();
  return request;
}

export function writeConnectRequest(writer: JuteWriter, request: ConnectRequest): void {
  writeRecord(connectRequest, writer, request);
  if (request.readOnly !== undefined) writer.boolean(request.readOnly);
}

export const createRequest = [
  ['path', 'ustring'],
  ['data', 'buffer'],
  ['acl', 'acl'],
  ['flags', 'int'],
] as const satisfies Schema;

const watchRequest = [
  ['path', 'ustring'],
  ['watch', 'boolean'],
] as const satisfies Schema;

const pathRequest = [['path', 'ustring']] as const satisfies Schema;

const watchTypeRequest = [
  ['path', 'ustring'],
  ['type', 'int'],
] as const satisfies Schema;

export const setWatchesRequest = [
  ['relativeZxid', 'long'],
  ['dataWatches', 'strings'],
  ['existWatches', 'strings'],
  ['childWatches', 'strings'],
] as const satisfies Schema;

/** Request bodies by operation code. */
export const requestSchemas = {
  [Opcode.create]: createRequest,
  [Opcode.create2]: createRequest,
  [Opcode.createContainer]: createRequest,
  [Opcode.createTtl]: [...createRequest, ['ttl', 'long']],
  [Opcode.delete]: [
    ['path', 'ustring'],
    ['version', 'int'],
  ],
  [Opcode.exists]: watchRequest,
  [Opcode.getData]: watchRequest,
  [Opcode.setData]: [
    ['path', 'ustring'],
    ['data', 'buffer'],
    ['version', 'int'],
  ],
  [Opcode.getAcl]: pathRequest,
  [Opcode.setAcl]: [
    ['path', 'ustring'],
    ['acl', 'acl'],
    ['version', 'int'],
  ],
  [Opcode.getChildren]: watchRequest,
  [Opcode.getChildren2]: watchRequest,
  [Opcode.sync]: pathRequest,
  [Opcode.check]: [
    ['path', 'ustring'],
    ['version', 'int'],
  ],
  [Opcode.reconfig]: [
    ['joiningServers', 'ustring'],
    ['leavingServers', 'ustring'],
    ['newMembers', 'ustring'],
    ['curConfigId', 'long'],
  ],
  [Opcode.checkWatches]: watchTypeRequest,
  [Opcode.removeWatches]: watchTypeRequest,
  [Opcode.auth]: [
    ['type', 'int'],
    ['scheme', 'ustring'],
    ['auth', 'buffer'],
  ],
  [Opcode.setWatches]: setWatchesRequest,
  [Opcode.setWatches2]: [
    ...setWatchesRequest,
    ['persistentWatches', 'strings'],
    ['persistentRecursiveWatches', 'strings'],
  ],
  [Opcode.sasl]: [['token', 'buffer']],
  [Opcode.getEphemerals]: [['prefixPath', 'ustring']],
  [Opcode.getAllChildrenNumber]: pathRequest,
  [Opcode.addWatch]: [
    ['path', 'ustring'],
    ['mode', 'int'],
  ],
} as const satisfies { readonly [op: number]: Schema };

export type RequestSchemas = typeof requestSchemas;
export type RequestOp = keyof RequestSchemas;
export type RequestBody<Op extends RequestOp> = RecordOf<RequestSchemas[Op]>;

export function readRequest<Op extends RequestOp>(op: Op, reader: JuteReader): RequestBody<Op> {
  return readRecord(requestSchemas[op] as RequestSchemas[Op] & Schema, reader) as RequestBody<Op>;
}

export function writeRequest<Op extends RequestOp>(
  op: Op,
  writer: JuteWriter,
  body: RequestBody<Op>,
): void {
  writeRecord(requestSchemas[op] as Schema, writer, body as never);
}

/** How a znode is created; the `flags` of a create request. */
export const CreateMode = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
  persistentWithTtl: 5,
  persistentSequentialWithTtl: 6,
} as const;
export type CreateMode = (typeof CreateMode)[keyof typeof CreateMode];

export function isEphemeralMode(flags: number): boolean {
  return flags === CreateMode.ephemeral || flags === CreateMode.ephemeralSequential;
}

export function isSequentialMode(flags: number): boolean {
  return (
    flags === CreateMode.persistentSequential ||
    flags === CreateMode.ephemeralSequential ||
    flags === CreateMode.persistentSequentialWithTtl
  );
}

export function isTtlMode(flags: number): boolean {
  return flags === CreateMode.persistentWithTtl || flags === CreateMode.persistentSequentialWithTtl;
}

/** What addWatch sets up. */
export const AddWatchMode = { persistent: 0, persistentRecursive: 1 } as const;
export type AddWatchMode = (typeof AddWatchMode)[keyof typeof AddWatchMode];

/** What checkWatches and removeWatches speak of. 4 and 5 came with ZooKeeper 3.9. */
export const WatcherType = {
  children: 1,
  data: 2,
  any: 3,
  persistent: 4,
  persistentRecursive: 5,
} as const;
export type WatcherType = (typeof WatcherType)[keyof typeof WatcherType];
