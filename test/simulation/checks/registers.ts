/**
 * Single znodes as registers: the journal's operations on one path become calls for the search in
 * linear.ts. Reads take part when a sync of their connection comes right before them: then they run
 * from the sync's call to their own return. Nothing here looks at a zxid.
 *
 * Left out are znodes that more than the plain operations change: by a multi, by the end of a
 * session, by the ensemble. An operation that failed for a reason outside of its znode had no
 * effect, and is left out too.
 */

import { ErrorCode } from '../../../protocol/error-code.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import { configPath } from '../../../protocol/path.ts';
import { CreateMode } from '../../../protocol/requests.ts';
import { type ConnectionRecord, type Journal, never, type Operation } from '../tap-journal.ts';
import type { Report } from './finding.ts';
import { type Call, isLinear } from './linear.ts';

/** What a sequential create adds to the path that it is asked for. */
const sequenceSuffix = /\d{10}$/;

/** Null: there is no znode. */
type Register = { readonly version: number; readonly data: string } | null;

interface RegisterCall extends Call<Register> {
  readonly operation: Operation;
}

/** Checks each path's history by itself. */
export function checkRegisters(journal: Journal, report: Report, stepsMax?: number): void {
  for (const [path, calls] of registersOf(journal)) {
    const verdict = isLinear(calls, null as Register, keyOf, stepsMax);
    report.count(verdict === 'too long' ? 'registers too long' : 'registers');
    report.count('register operations', calls.length);
    if (verdict !== 'not linear') continue;
    const few = calls.slice(0, 12).map(({ operation }) => operation);
    report.add('C1', `no order explains what was done to ${path}`, ...few);
  }
}

function keyOf(register: Register): string {
  return register === null ? '' : `${register.version} ${register.data}`;
}

function registersOf(journal: Journal): Map<string, RegisterCall[]> {
  const calls = new Map<string, RegisterCall[]>();
  const unfit = new Set<string>(['/']);
  /** The sync that the next read of a connection may rely on. */
  const syncs = new Map<ConnectionRecord, Operation>();
  for (const operation of journal.operations) {
    const { op, connection, session } = operation;
    if (session === '') continue;
    if (op === Opcode.multi) noteParts(operation, unfit);
    const sync = syncs.get(connection) ?? null;
    if (op === Opcode.sync && (!operation.isReturned || operation.isDone)) {
      syncs.set(connection, operation);
    } else if (op !== Opcode.ping) syncs.delete(connection);
    const path = registerPath(operation, unfit);
    if (path === null) continue;
    const call = callOf(operation, sync);
    if (call === null) continue;
    const list = calls.get(path);
    if (list === undefined) calls.set(path, [call]);
    else list.push(call);
  }
  for (const path of calls.keys()) {
    if (unfit.has(path) || unfit.has(path.replace(sequenceSuffix, ''))) calls.delete(path);
  }
  return calls;
}

function noteParts(operation: Operation, unfit: Set<string>): void {
  try {
    for (const { body } of operation.multi()) unfit.add(body.path ?? '');
  } catch {
    // What cannot be read changes nothing.
  }
}

/** The path whose history the operation belongs to; marks paths that are no registers. */
function registerPath(operation: Operation, unfit: Set<string>): string | null {
  const path = pathAsRegister(operation, unfit);
  // What it holds is changed by the ensemble itself.
  return path === configPath ? null : path;
}

function pathAsRegister(operation: Operation, unfit: Set<string>): string | null {
  const { op, body } = operation;
  switch (op) {
    case Opcode.create:
    case Opcode.create2: {
      const { path, flags } = decode(() => operation.request(op)) ?? { path: null, flags: 0 };
      if (path === null) return null;
      if (flags !== CreateMode.persistent) {
        // A sequential one makes another znode; any else may end without being asked for.
        unfit.add(path);
        return null;
      }
      return path;
    }
    case Opcode.createContainer:
    case Opcode.createTtl:
      unfit.add(decode(() => operation.request(op))?.path ?? '');
      return null;
    case Opcode.setData:
    case Opcode.getData:
    case Opcode.delete:
      return body.length > 8 ? body.toString('utf8', 4, 4 + body.readInt32BE(0)) : null;
    default:
      return null;
  }
}

function decode<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function callOf(operation: Operation, sync: Operation | null): RegisterCall | null {
  const { op, isReturned, err, invokedOrder, returnedOrder } = operation;
  if (op === Opcode.getData) {
    if (sync === null || !isReturned) return null;
    const step = readStep(operation);
    return step && { operation, called: sync.invokedOrder, returned: returnedOrder, step };
  }
  const step = isReturned ? doneStep(operation, err) : openStep(operation);
  if (step === null) return null;
  return { operation, called: invokedOrder, returned: isReturned ? returnedOrder : never, step };
}

type Step = (register: Register) => Register | undefined;

function readStep(operation: Operation): Step | null {
  if (operation.err === ErrorCode.noNode) return (now) => (now === null ? null : undefined);
  if (operation.err !== ErrorCode.ok) return null;
  const { data, stat } = operation.result(Opcode.getData);
  const text = textOf(data);
  return (now) => (now?.version === stat.version && now.data === text ? now : undefined);
}

const textOf = (data: Uint8Array | null): string =>
  data === null ? 'null' : Buffer.from(data).toString('latin1');

const matches = (now: { readonly version: number }, version: number): boolean =>
  version === -1 || now.version === version;

/** A write that was answered. */
function doneStep(operation: Operation, err: number): Step | null {
  const { op } = operation;
  const asked = op === Opcode.delete || op === Opcode.setData ? operation.request(op) : null;
  switch (err) {
    case ErrorCode.ok: {
      const open = openStep(operation)!;
      if (op === Opcode.setData) {
        const { stat } = operation.result(op);
        return (now) => {
          const after = now === null ? undefined : open(now);
          const isChange = now !== null && matches(now, asked!.version);
          return isChange && after?.version === stat.version ? after : undefined;
        };
      }
      if (op === Opcode.delete) {
        return (now) => (now !== null && matches(now, asked!.version) ? null : undefined);
      }
      return (now) => (now === null ? open(null) : undefined);
    }
    case ErrorCode.nodeExists:
      return (now) => (now === null ? undefined : now);
    case ErrorCode.badVersion:
      return (now) => (now !== null && !matches(now, asked!.version) ? now : undefined);
    case ErrorCode.noNode:
      // Of a create it says that the parent is missing.
      return asked === null ? null : (now) => (now === null ? null : undefined);
    default:
      return null;
  }
}

/** A write of which nothing was heard: it does what it can, whenever. */
function openStep(operation: Operation): Step | null {
  const { op } = operation;
  if (op === Opcode.setData) {
    const { data, version } = operation.request(op);
    const text = textOf(data);
    return (now) =>
      now !== null && matches(now, version) ? { version: now.version + 1, data: text } : now;
  }
  if (op === Opcode.delete) {
    const { version } = operation.request(op);
    return (now) => (now !== null && matches(now, version) ? null : now);
  }
  if (op !== Opcode.create && op !== Opcode.create2) return null;
  const text = textOf(operation.request(op).data);
  return (now) => now ?? { version: 0, data: text };
}
