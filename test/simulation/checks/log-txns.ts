/**
 * The txns of a log as plain records: decoded once, in zxid order, with the parts of each.
 */

import { batchHeaderBytes, firstZxidOf, txnCountOf } from '../../../protocol/batch.ts';
import { JuteReader } from '../../../protocol/jute.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import { sessionIdFromHalves } from '../../../protocol/session-id.ts';
import { Txn } from '../../../protocol/txn.ts';

/** One change, or one error, as a txn states it. */
export interface Part {
  readonly type: number;
  readonly err: number;
  readonly path: string;
  readonly data: Buffer | null;
  /** As encoded; empty where there is none. */
  readonly acl: Buffer;
  readonly version: number;
  readonly ephemeral: boolean;
  readonly parentCreates: number;
  readonly ttl: number;
}

export interface TxnRecord {
  readonly zxid: number;
  readonly session: string;
  readonly cxid: number;
  readonly origin: number;
  readonly time: number;
  readonly type: number;
  /** Of type error. */
  readonly err: number;
  /** A multi's parts; the change itself, of others that change znodes. */
  readonly parts: readonly Part[];
  /** Of closeSession: the ephemerals that go. */
  readonly paths: readonly string[];
  readonly timeoutMs: number;
  readonly holder: number;
  /** Its bytes, from session to end. */
  readonly bytes: Buffer;
}

const changes = new Set<number>([
  ...[Opcode.create, Opcode.create2, Opcode.createContainer, Opcode.createTtl],
  ...[Opcode.delete, Opcode.deleteContainer, Opcode.setData, Opcode.setAcl, Opcode.check],
  ...[Opcode.reconfig, Opcode.setMembership],
]);
const creates = new Set<number>([
  ...[Opcode.create, Opcode.create2, Opcode.createContainer, Opcode.createTtl],
]);

/** The Txn is used again and again: of its fields only those of the type mean anything. */
const setsData = new Set<number>([Opcode.setData, Opcode.reconfig, Opcode.setMembership]);

export const isCreate = (type: number): boolean => creates.has(type);

const nothing = Buffer.alloc(0);
const noParts: readonly Part[] = [];
const noPaths: readonly string[] = [];

/** All txns of some batch frames. */
export function txnsOf(frames: Iterable<Buffer>): TxnRecord[] {
  const records: TxnRecord[] = [];
  const reader = new JuteReader();
  const txn = new Txn();
  for (const frame of frames) {
    const first = firstZxidOf(frame);
    reader.reset(frame, batchHeaderBytes, frame.length);
    for (let index = 0, count = txnCountOf(frame); index < count; index++) {
      const start = reader.position + 4;
      txn.read(reader, first + index);
      records.push(recordOf(txn, frame.subarray(start, reader.position)));
    }
  }
  return records;
}

function recordOf(txn: Txn, bytes: Buffer): TxnRecord {
  const { type } = txn;
  return {
    zxid: txn.zxid,
    session: sessionOf(txn),
    cxid: txn.cxid,
    origin: txn.origin,
    time: txn.time,
    type,
    err: type === Opcode.error ? txn.err : 0,
    parts: type === Opcode.multi ? multiParts(txn) : changes.has(type) ? [partOf(txn)] : noParts,
    paths: type === Opcode.closeSession ? pathsOf(txn) : noPaths,
    timeoutMs: txn.timeoutMs,
    holder: txn.holder,
    bytes,
  };
}

/** Names of sessions by their halves: the same few come again and again. */
const names = new Map<number, Map<number, string>>();

function sessionOf({ sessionHigh, sessionLow }: Txn): string {
  let ofHigh = names.get(sessionHigh);
  if (ofHigh === undefined) {
    ofHigh = new Map();
    names.set(sessionHigh, ofHigh);
  }
  let name = ofHigh.get(sessionLow);
  if (name === undefined) {
    name = sessionIdFromHalves(sessionHigh, sessionLow);
    ofHigh.set(sessionLow, name);
  }
  return name;
}

function partOf(txn: Txn): Part {
  const { buffer, type } = txn;
  const hasData = txn.dataStart >= 0 && (creates.has(type) || setsData.has(type));
  const hasAcl = creates.has(type) || type === Opcode.setAcl;
  return {
    type,
    err: type === Opcode.error ? txn.err : 0,
    path: type === Opcode.error ? '' : buffer.toString('utf8', txn.pathStart, txn.pathEnd),
    data: hasData ? buffer.subarray(txn.dataStart, txn.dataEnd) : null,
    acl: hasAcl ? buffer.subarray(txn.aclStart, txn.aclEnd) : nothing,
    version: txn.version,
    ephemeral: creates.has(type) && txn.ephemeral,
    parentCreates: creates.has(type) ? txn.parentCreates : 0,
    ttl: type === Opcode.createTtl ? txn.ttl : 0,
  };
}

const part = new Txn();

function multiParts(txn: Txn): Part[] {
  const reader = new JuteReader().reset(txn.buffer, txn.bodyStart, txn.bodyEnd);
  const parts: Part[] = [];
  for (let left = reader.int(); left > 0; left--) {
    part.type = reader.int();
    const end = reader.int() + reader.position;
    part.dataStart = -1;
    part.readBody(reader, end);
    reader.position = end;
    parts.push(partOf(part));
  }
  return parts;
}

function pathsOf(txn: Txn): string[] {
  return new JuteReader().reset(txn.buffer, txn.bodyStart, txn.bodyEnd).strings() ?? [];
}
