/**
 * Prepare and apply without anything around them: requests go in, txns and replies come out, and a
 * test decides how far apply lags behind prepare. What was prepared can be had as batch frames.
 */

import { crc32 } from 'node:zlib';
import { beginBatch, endBatch } from '../../protocol/batch.ts';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import type { MultiRequest } from '../../protocol/multi.ts';
import { writeMultiRequest } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import type { Stat } from '../../protocol/record.ts';
import { openAcl } from '../../protocol/record.ts';
import { readReply } from '../../protocol/replies.ts';
import type { RequestBody, RequestOp } from '../../protocol/requests.ts';
import { writeRequest } from '../../protocol/requests.ts';
import { highHalf, lowHalf, sessionIdFromHalves } from '../../protocol/session-id.ts';
import { Txn } from '../../protocol/txn.ts';
import { AccessControl, type AclSchemes } from '../../storage/acl.ts';
import { Applier, silentListener, type TreeListener } from '../../storage/apply.ts';
import type { Caller } from '../../storage/caller.ts';
import { Preparer } from '../../storage/prepare.ts';
import type {
  LocalSessionsPort,
  PrepareRules,
  ReconfigPort,
} from '../../storage/prepare-context.ts';
import { ReplicatedState } from '../../storage/replicated-state.ts';

export interface PreparedTxn {
  readonly zxid: number;
  readonly error: number;
  readonly bytes: Buffer;
}

export interface Answer {
  readonly zxid: number;
  readonly err: number;
  readonly body: Buffer;
}

export const sessionA = '01000000000000aa';
export const sessionB = 'f1000000000000bb';
export const nobodyCaller: Caller = { ids: [{ scheme: 'ip', id: '10.0.0.1' }], isSuper: false };

/** Any digest or ip is valid; identities match when they are equal. */
export const equalSchemes: AclSchemes = {
  isValidId: (scheme) => scheme === 'digest' || scheme === 'ip',
  matches: (_scheme, aclId, identity) => aclId === identity.id,
};

const defaultRules: PrepareRules = {
  extendedTypesEnabled: true,
  emulate353TtlNodes: false,
  enforceQuota: false,
  reconfigEnabled: false,
  standaloneEnabled: true,
};

export interface PipelineOptions {
  readonly state?: ReplicatedState;
  readonly listener?: TreeListener;
  readonly rules?: Partial<PrepareRules>;
  readonly reconfig?: ReconfigPort;
  readonly localSessions?: LocalSessionsPort;
  /** Sessions to open at once. */
  readonly sessions?: readonly string[];
}

interface Origin {
  readonly session?: string;
  readonly caller?: Caller;
  /** Of the process that took it. */
  readonly origin?: number;
  readonly fault?: number;
}

export class Pipeline {
  readonly state: ReplicatedState;
  readonly access: AccessControl;
  readonly preparer: Preparer;
  readonly applier: Applier;
  /** All that was prepared, in zxid order. */
  readonly txns: PreparedTxn[] = [];
  nowMs = 1_000_000;
  #applied = 0;
  readonly #firstZxid: number;

  constructor(options: PipelineOptions = {}) {
    this.state = options.state ?? ReplicatedState.initial();
    this.#firstZxid = this.state.lastZxid + 1;
    this.access = new AccessControl(this.state.tree.acls, equalSchemes, false);
    const rules = { ...defaultRules, ...options.rules };
    const { reconfig, localSessions } = options;
    this.preparer = new Preparer(this.state, this.access, rules, reconfig, localSessions);
    this.applier = new Applier(this.state, options.listener ?? silentListener);
    for (const session of options.sessions ?? [sessionA, sessionB]) this.openSession(session);
  }

  openSession(session: string, timeoutMs = 30_000): void {
    this.run(Opcode.createSession, new JuteWriter().int(timeoutMs).copy(), { session });
  }

  prepare(op: number, body: Buffer, origin: Origin = {}): PreparedTxn {
    const writer = new JuteWriter();
    const session = origin.session ?? sessionA;
    const zxid = this.#firstZxid + this.txns.length;
    const request = {
      op,
      session,
      sessionHigh: highHalf(session),
      sessionLow: lowHalf(session),
      cxid: this.txns.length,
      origin: origin.origin ?? 0,
      fault: origin.fault ?? 0,
      time: this.nowMs++,
      caller: origin.caller ?? nobodyCaller,
      buffer: body,
      start: 0,
      end: body.length,
    };
    const error = this.preparer.prepare(request, zxid, writer);
    const txn = { zxid, error, bytes: writer.copy() };
    this.txns.push(txn);
    return txn;
  }

  /** Applies the oldest txn that is prepared only. */
  applyNext(): Answer {
    const { zxid, bytes } = this.txns[this.#applied++]!;
    const txn = new Txn();
    txn.read(new JuteReader(bytes), zxid);
    const reply = new JuteWriter();
    const err = this.applier.apply(txn, reply);
    const { outstanding } = this.preparer;
    const session = sessionIdFromHalves(txn.sessionHigh, txn.sessionLow);
    if (txn.type === Opcode.createSession) outstanding.opening.delete(session);
    if (txn.type === Opcode.closeSession) outstanding.closing.delete(session);
    outstanding.applied(zxid);
    return { zxid, err, body: reply.copy() };
  }

  get lag(): number {
    return this.txns.length - this.#applied;
  }

  applyAll(): Answer | null {
    let last: Answer | null = null;
    while (this.lag > 0) last = this.applyNext();
    return last;
  }

  /** Prepares, applies all that is prepared, and answers. */
  run(op: number, body: Buffer, origin: Origin = {}): Answer {
    this.prepare(op, body, origin);
    return this.applyAll()!;
  }

  /** All prepared txns in frames of `perBatch` txns. */
  frames(perBatch = 1, from = 0): Buffer[] {
    const frames: Buffer[] = [];
    for (let at = from; at < this.txns.length; at += perBatch) {
      frames.push(frameOf(this.txns.slice(at, at + perBatch)));
    }
    return frames;
  }

  stat(path: string): Stat | null {
    const slot = this.state.tree.findPath(path);
    if (slot < 0) return null;
    const bytes = Buffer.alloc(68);
    this.state.tree.copyStat(slot, bytes, 0);
    return readReply(Opcode.exists, new JuteReader(bytes)).stat;
  }

  data(path: string): string | null | undefined {
    const slot = this.state.tree.findPath(path);
    return slot < 0 ? undefined : (this.state.tree.data(slot)?.toString() ?? null);
  }
}

/** A batch frame of txns that follow each other. */
export function frameOf(txns: readonly PreparedTxn[]): Buffer {
  const writer = new JuteWriter();
  beginBatch(writer);
  for (const { bytes } of txns) writer.raw(bytes, 0, bytes.length);
  return Buffer.from(endBatch(writer, txns[0]!.zxid, txns.length, crc32));
}

export function bodyOf<Op extends RequestOp>(op: Op, body: RequestBody<Op>): Buffer {
  const writer = new JuteWriter();
  writeRequest(op, writer, body);
  return writer.copy();
}

export function createBody(path: string, flags = 0, data: string | null = '', acl = openAcl) {
  const bytes = data === null ? null : Buffer.from(data);
  return bodyOf(Opcode.create, { path, data: bytes, acl, flags });
}

export function setDataBody(path: string, data: string, version = -1): Buffer {
  return bodyOf(Opcode.setData, { path, data: Buffer.from(data), version });
}

export function deleteBody(path: string, version = -1): Buffer {
  return bodyOf(Opcode.delete, { path, version });
}

export function multiBody(parts: readonly MultiRequest[]): Buffer {
  const writer = new JuteWriter();
  writeMultiRequest(writer, parts);
  return writer.copy();
}
