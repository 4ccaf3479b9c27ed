/**
 * multi and multiRead for callers: operations as plain objects made by `op`, results as plain
 * objects, and MultiError for a multi that was refused as a whole.
 */

import { ErrorCode } from '../protocol/error-code.ts';
import type { JuteReader } from '../protocol/jute.ts';
import type { MultiRequest, MultiResult } from '../protocol/multi.ts';
import { readMultiReply } from '../protocol/multi.ts';
import { Opcode } from '../protocol/opcode.ts';
import type { Stat } from '../protocol/record.ts';
import type { Chroot } from './chroot.ts';
import type { CreateOptions, Data } from './create.ts';
import { createRequestOf, dataBytes } from './create.ts';
import { errorOf, RuntimeInconsistencyError, ZooKeeperError } from './errors.ts';

export type WriteOp =
  | {
      readonly type: 'create';
      readonly path: string;
      readonly data?: Data;
      readonly options?: CreateOptions;
    }
  | { readonly type: 'delete'; readonly path: string; readonly version?: number }
  | {
      readonly type: 'setData';
      readonly path: string;
      readonly data: Data;
      readonly version?: number;
    }
  | { readonly type: 'check'; readonly path: string; readonly version: number };

export type ReadOp =
  | { readonly type: 'getData'; readonly path: string }
  | { readonly type: 'getChildren'; readonly path: string };

/** Makes the operations of a multi or multiRead. */
export const op = {
  create: (path: string, data: Data = null, options: CreateOptions = {}) =>
    ({ type: 'create', path, data, options }) as const,
  delete: (path: string, version = -1) => ({ type: 'delete', path, version }) as const,
  setData: (path: string, data: Data, version = -1) =>
    ({ type: 'setData', path, data, version }) as const,
  check: (path: string, version: number) => ({ type: 'check', path, version }) as const,
  getData: (path: string) => ({ type: 'getData', path }) as const,
  getChildren: (path: string) => ({ type: 'getChildren', path }) as const,
};

export type WriteResult =
  /** The Stat comes with container and TTL znodes, from ZooKeeper 3.9 on. */
  | { readonly type: 'create'; readonly path: string; readonly stat: Stat | null }
  | { readonly type: 'delete' }
  | { readonly type: 'setData'; readonly stat: Stat }
  | { readonly type: 'check' };

export type ReadResult =
  | { readonly type: 'getData'; readonly data: Buffer | null; readonly stat: Stat }
  | { readonly type: 'getChildren'; readonly children: string[] }
  | { readonly type: 'error'; readonly error: ZooKeeperError };

/**
 * A multi that was refused: nothing of it was done. `code`, `path`, `index` and `cause` are those
 * of the operation that failed; `results` has an error for each operation after it, and null for
 * each before it, which would have succeeded.
 */
export class MultiError extends ZooKeeperError {
  readonly index: number;
  readonly results: readonly (ZooKeeperError | null)[];
  declare readonly cause: ZooKeeperError;

  constructor(results: readonly (ZooKeeperError | null)[], index: number) {
    const cause = results[index]!;
    super(cause.code, cause.path, `multi: operation ${index}: ${cause.name}`, { cause });
    this.index = index;
    this.results = results;
  }
}

export function multiRequestOf(item: WriteOp | ReadOp, chroot: Chroot): MultiRequest {
  switch (item.type) {
    case 'create':
      return createRequestOf(chroot, item.path, item.data ?? null, item.options ?? {});
    case 'delete': {
      const body = { path: chroot.add(item.path), version: item.version ?? -1 };
      return { op: Opcode.delete, body };
    }
    case 'setData': {
      const version = item.version ?? -1;
      const body = { path: chroot.add(item.path), data: dataBytes(item.data), version };
      return { op: Opcode.setData, body };
    }
    case 'check':
      return { op: Opcode.check, body: { path: chroot.add(item.path), version: item.version } };
    case 'getData':
      return { op: Opcode.getData, body: { path: chroot.add(item.path), watch: false } };
    case 'getChildren':
      return { op: Opcode.getChildren, body: { path: chroot.add(item.path), watch: false } };
  }
}

/** Reads the reply of a multi; throws MultiError when it was refused. */
export function readWriteResults(
  reader: JuteReader,
  items: readonly WriteOp[],
  chroot: Chroot,
): WriteResult[] {
  const results = readMultiReply(reader);
  const errors = results.map((result, index) => errorOfResult(result, items[index]?.path ?? null));
  const failed = errors.findIndex((e) => e !== null && !(e instanceof RuntimeInconsistencyError));
  const index = failed >= 0 ? failed : errors.findIndex((error) => error !== null);
  if (index >= 0) throw new MultiError(errors, index);
  return results.map((result) => writeResultOf(result, chroot));
}

function errorOfResult(result: MultiResult, path: string | null): ZooKeeperError | null {
  if (result.op !== Opcode.error || result.err === ErrorCode.ok) return null;
  return errorOf(result.err, path);
}

function writeResultOf(result: MultiResult, chroot: Chroot): WriteResult {
  switch (result.op) {
    case Opcode.create:
      return { type: 'create', path: chroot.strip(result.body.path ?? ''), stat: null };
    case Opcode.create2:
    case Opcode.createContainer:
    case Opcode.createTtl: {
      const { path, stat } = result.body;
      return { type: 'create', path: chroot.strip(path ?? ''), stat };
    }
    case Opcode.setData:
      return { type: 'setData', stat: result.body.stat };
    case Opcode.check:
      return { type: 'check' };
    default:
      return { type: 'delete' };
  }
}

export function readReadResults(reader: JuteReader, items: readonly ReadOp[]): ReadResult[] {
  return readMultiReply(reader).map((result, index) => {
    if (result.op === Opcode.getData) {
      const { data, stat } = result.body;
      return { type: 'getData', data: data === null ? null : Buffer.from(data), stat };
    }
    if (result.op === Opcode.getChildren) {
      return { type: 'getChildren', children: result.body.children ?? [] };
    }
    const err = result.op === Opcode.error ? result.err : ErrorCode.marshallingError;
    return { type: 'error', error: errorOf(err, items[index]?.path ?? null) };
  });
}
