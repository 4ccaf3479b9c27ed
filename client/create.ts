/**
 * What a create becomes on the wire: which of the four operations, which flags, whether a ttl goes
 * along. Mistakes that no server could make sense of are refused here.
 */

import { Opcode } from '../protocol/opcode.ts';
import type { Acl } from '../protocol/record.ts';
import { openAcl } from '../protocol/record.ts';
import type { RequestBody } from '../protocol/requests.ts';
import { CreateMode, isSequentialMode, isTtlMode } from '../protocol/requests.ts';
import type { Chroot } from './chroot.ts';
import { BadArgumentsError } from './errors.ts';

/** Data of a znode: bytes, text as UTF-8, or null, which is not the same as empty. */
export type Data = Uint8Array | string | null;

export interface CreateOptions {
  mode?: CreateMode;
  /** Default: everything for everybody. */
  acl?: readonly Acl[];
  /**
   * Milliseconds without change after which a childless TTL znode goes; makes the mode a TTL mode.
   */
  ttl?: number;
}

export type CreateRequest =
  | { op: typeof Opcode.create; body: RequestBody<typeof Opcode.create> }
  | { op: typeof Opcode.create2; body: RequestBody<typeof Opcode.create2> }
  | { op: typeof Opcode.createContainer; body: RequestBody<typeof Opcode.createContainer> }
  | { op: typeof Opcode.createTtl; body: RequestBody<typeof Opcode.createTtl> };

export function dataBytes(data: Data): Uint8Array | null {
  if (typeof data === 'string') return Buffer.from(data);
  if (data === null || data instanceof Uint8Array) return data;
  throw new BadArgumentsError(null, 'data must be a Uint8Array, a string or null');
}

/** Throws BadArgumentsError on a bad path and on a mode and ttl that do not go together. */
export function createRequestOf(
  chroot: Chroot,
  path: string,
  data: Data,
  options: CreateOptions,
  withStat = false,
): CreateRequest {
  const flags = modeOf(path, options);
  const body = {
    path: isSequentialMode(flags) ? chroot.addSequential(path) : chroot.add(path),
    data: dataBytes(data),
    acl: options.acl ?? openAcl,
    flags,
  };
  if (isTtlMode(flags)) return { op: Opcode.createTtl, body: { ...body, ttl: options.ttl! } };
  if (flags === CreateMode.container) return { op: Opcode.createContainer, body };
  return { op: withStat ? Opcode.create2 : Opcode.create, body };
}

function modeOf(path: string, { mode = CreateMode.persistent, ttl }: CreateOptions): CreateMode {
  if (ttl === undefined) {
    if (isTtlMode(mode)) throw new BadArgumentsError(path, 'a TTL mode needs a ttl');
    return mode;
  }
  if (!Number.isSafeInteger(ttl) || ttl <= 0) {
    throw new BadArgumentsError(path, 'ttl must be a whole number of milliseconds above zero');
  }
  if (isTtlMode(mode)) return mode;
  if (mode === CreateMode.persistent) return CreateMode.persistentWithTtl;
  if (mode === CreateMode.persistentSequential) return CreateMode.persistentSequentialWithTtl;
  throw new BadArgumentsError(path, 'only a persistent znode has a ttl');
}
