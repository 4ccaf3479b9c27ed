/**
 * What a write must come to, by the specification's order of checks (section 2.5) against the model
 * as it stands: the change, or the error. What cannot be told from outside widens the verdict.
 */

import { ErrorCode } from '../../../protocol/error-code.ts';
import { JuteWriter } from '../../../protocol/jute.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import { isSystemPath, parentPath, pathFault, sequenceSuffix } from '../../../protocol/path.ts';
import { type Acl, Permission, writeAcl } from '../../../protocol/record.ts';
import {
  CreateMode,
  isEphemeralMode,
  isSequentialMode,
  isTtlMode,
  type RequestBody,
} from '../../../protocol/requests.ts';
import { allows, type Caller, fixedAcl } from './caller.ts';
import type { Part } from './log-txns.ts';
import type { ModelTree, ModelZnode } from './model.ts';

export interface Rules {
  readonly extendedTypesEnabled: boolean;
  /** Are there sessions without a createSession txn? */
  readonly localSessionsEnabled: boolean;
}

export type SessionKind = 'global' | 'none' | 'local';

export interface Verdict {
  readonly err: number;
  /** The change that a success makes; its ACL is null where it cannot be told. */
  readonly part: (Omit<Part, 'acl'> & { readonly acl: Buffer | null }) | null;
  /** Errors that may come instead, for reasons that are not seen from outside. */
  readonly mayAlso: readonly number[];
}

type Create = RequestBody<typeof Opcode.create> & { readonly ttl?: number };

const ttlMax = 2 ** 40 - 1;
const anyVersion = -1;
const writer = new JuteWriter();

/** One judgement: collects what may come instead on the way. */
export class Judge {
  readonly #model: ModelTree;
  readonly #rules: Rules;
  #mayAlso: number[] = [];

  constructor(model: ModelTree, rules: Rules) {
    this.#model = model;
    this.#rules = rules;
  }

  /** `op` is a change of one znode, alone or inside a multi; `body` its decoded request. */
  change(op: number, body: unknown, caller: Caller, session: SessionKind): Verdict {
    this.#mayAlso = [];
    switch (op) {
      case Opcode.create:
      case Opcode.create2:
      case Opcode.createContainer:
      case Opcode.createTtl:
        return this.#create(op, body as Create, caller, session);
      case Opcode.delete:
        return this.#delete(body as RequestBody<typeof Opcode.delete>, caller, session);
      case Opcode.setData:
        return this.#setData(body as RequestBody<typeof Opcode.setData>, caller, session);
      case Opcode.setAcl:
        return this.#setAcl(body as RequestBody<typeof Opcode.setAcl>, caller, session);
      case Opcode.check:
        return this.#check(body as RequestBody<typeof Opcode.check>, caller, session);
      default:
        return this.#fails(ErrorCode.unimplemented);
    }
  }

  #fails(err: number): Verdict {
    return { err, part: null, mayAlso: this.#mayAlso };
  }

  #holds(part: Partial<Part> & { type: number; path: string }, acl?: Buffer | null): Verdict {
    const nothing = { data: null, version: 0, ephemeral: false, parentCreates: 0, ttl: 0 };
    const whole = { err: 0, ...nothing, ...part, acl: acl === undefined ? empty : acl };
    return { err: ErrorCode.ok, part: whole, mayAlso: this.#mayAlso };
  }

  /** False when it is refused for certain. */
  #allows(znode: ModelZnode, permission: number, caller: Caller): boolean {
    const answer = allows(znode.acl, permission, caller);
    if (answer === 'open') this.#mayAlso.push(ErrorCode.noAuth);
    return answer !== 'no';
  }

  #noteQuota(): void {
    const hasQuota = this.#model.znodes.get('/zookeeper/quota')!.children.size > 0;
    if (hasQuota) this.#mayAlso.push(ErrorCode.quotaExceeded);
  }

  /** The encoded list; null when it cannot be told, `invalid` when it is none. */
  #fixed(list: readonly Acl[] | null, caller: Caller): Buffer | null | 'invalid' {
    const fixed = fixedAcl(list, caller);
    if (fixed === null) return 'invalid';
    if (fixed === 'open') {
      this.#mayAlso.push(ErrorCode.invalidAcl);
      return null;
    }
    writeAcl(writer.reset(), fixed);
    return writer.copy();
  }

  #create(op: number, body: Create, caller: Caller, session: SessionKind): Verdict {
    const { path: requested, data, flags } = body;
    if (requested === null) return this.#fails(ErrorCode.marshallingError);
    const fault = this.#modeFault(op, flags, body.ttl ?? anyVersion);
    if (fault !== ErrorCode.ok) return this.#fails(fault);
    if (session === 'none') return this.#fails(ErrorCode.sessionExpired);
    const isPlain = op === Opcode.create || op === Opcode.create2;
    const ephemeral = isPlain && isEphemeralMode(flags);
    if (ephemeral && session === 'local') return this.#fails(ErrorCode.ephemeralOnLocalSession);
    if (!requested.includes('/') || requested.includes('\0')) {
      return this.#fails(ErrorCode.badArguments);
    }
    const acl = this.#fixed(body.acl, caller);
    if (acl === 'invalid') return this.#fails(ErrorCode.invalidAcl);
    const parent = this.#model.find(parentPath(requested));
    if (parent === undefined) return this.#fails(ErrorCode.noNode);
    if (!this.#allows(parent, Permission.create, caller)) return this.#fails(ErrorCode.noAuth);
    const path = isSequentialMode(flags) ? requested + sequenceSuffix(parent.creates) : requested;
    if (pathFault(path) !== null) return this.#fails(ErrorCode.badArguments);
    if (this.#model.znodes.has(path)) return this.#fails(ErrorCode.nodeExists);
    if (parent.kind === 'ephemeral') return this.#fails(ErrorCode.noChildrenForEphemerals);
    this.#noteQuota();
    const parentCreates = (parent.creates + 1) | 0;
    const ttl = op === Opcode.createTtl ? body.ttl! : 0;
    const made = { type: op, path, data: data as Buffer | null, ephemeral, parentCreates, ttl };
    return this.#holds(made, acl);
  }

  #modeFault(op: number, flags: number, ttl: number): number {
    if (flags < 0 || flags > CreateMode.persistentSequentialWithTtl) return ErrorCode.badArguments;
    if (isTtlMode(flags)) {
      if (!this.#rules.extendedTypesEnabled) return ErrorCode.unimplemented;
      return ttl >= 1 && ttl <= ttlMax ? ErrorCode.ok : ErrorCode.badArguments;
    }
    return op === Opcode.createTtl ? ErrorCode.badArguments : ErrorCode.ok;
  }

  #delete(
    { path, version }: RequestBody<typeof Opcode.delete>,
    caller: Caller,
    session: SessionKind,
  ): Verdict {
    if (path === null) return this.#fails(ErrorCode.marshallingError);
    if (session === 'none') return this.#fails(ErrorCode.sessionExpired);
    if (!path.startsWith('/') || path.includes('\0') || isSystemPath(path)) {
      return this.#fails(ErrorCode.badArguments);
    }
    const parent = this.#model.find(parentPath(path));
    if (parent === undefined) return this.#fails(ErrorCode.noNode);
    if (!this.#allows(parent, Permission.delete, caller)) return this.#fails(ErrorCode.noAuth);
    const znode = this.#model.znodes.get(path);
    if (znode === undefined) return this.#fails(ErrorCode.noNode);
    if (version !== anyVersion && version !== znode.version) {
      return this.#fails(ErrorCode.badVersion);
    }
    if (znode.children.size > 0) return this.#fails(ErrorCode.notEmpty);
    return this.#holds({ type: Opcode.delete, path });
  }

  /** The znode that a change of it speaks of, or the error. */
  #target(
    path: string | null,
    permission: number,
    caller: Caller,
    session: SessionKind,
  ): ModelZnode | Verdict {
    if (path === null) return this.#fails(ErrorCode.marshallingError);
    if (session === 'none') return this.#fails(ErrorCode.sessionExpired);
    if (pathFault(path) !== null) return this.#fails(ErrorCode.badArguments);
    const znode = this.#model.znodes.get(path);
    if (znode === undefined) return this.#fails(ErrorCode.noNode);
    if (!this.#allows(znode, permission, caller)) return this.#fails(ErrorCode.noAuth);
    return znode;
  }

  #setData(
    { path, data, version }: RequestBody<typeof Opcode.setData>,
    caller: Caller,
    session: SessionKind,
  ): Verdict {
    const znode = this.#target(path, Permission.write, caller, session);
    if ('err' in znode) return znode;
    this.#noteQuota();
    if (version !== anyVersion && version !== znode.version) {
      return this.#fails(ErrorCode.badVersion);
    }
    const next = nextVersion(znode.version);
    const made = { type: Opcode.setData, path: path!, version: next };
    return this.#holds({ ...made, data: data as Buffer | null });
  }

  #setAcl(
    { path, acl, version }: RequestBody<typeof Opcode.setAcl>,
    caller: Caller,
    session: SessionKind,
  ): Verdict {
    if (path === null) return this.#fails(ErrorCode.marshallingError);
    if (session === 'none') return this.#fails(ErrorCode.sessionExpired);
    if (pathFault(path) !== null) return this.#fails(ErrorCode.badArguments);
    const fixed = this.#fixed(acl, caller);
    if (fixed === 'invalid') return this.#fails(ErrorCode.invalidAcl);
    const znode = this.#target(path, Permission.admin, caller, session);
    if ('err' in znode) return znode;
    if (version !== anyVersion && version !== znode.aversion) {
      return this.#fails(ErrorCode.badVersion);
    }
    const next = nextVersion(znode.aversion);
    return this.#holds({ type: Opcode.setAcl, path, version: next }, fixed);
  }

  #check(
    { path, version }: RequestBody<typeof Opcode.check>,
    caller: Caller,
    session: SessionKind,
  ): Verdict {
    const znode = this.#target(path, Permission.read, caller, session);
    if ('err' in znode) return znode;
    if (version !== anyVersion && version !== znode.version) {
      return this.#fails(ErrorCode.badVersion);
    }
    return this.#holds({ type: Opcode.check, path: path! });
  }
}

const empty = Buffer.alloc(0);

/** 32 bits that skip -1, which means any version. */
function nextVersion(version: number): number {
  const next = (version + 1) | 0;
  return next === anyVersion ? 0 : next;
}

/** How a part of a txn differs from what was judged; null when it does not. */
export function partDifference(part: Part, judged: NonNullable<Verdict['part']>): string | null {
  if (part.type !== judged.type) return `is of type ${part.type}, not ${judged.type}`;
  if (part.path !== judged.path) return `is about ${part.path}, not ${judged.path}`;
  if (part.type === Opcode.check) return null;
  if (part.version !== judged.version && part.type !== Opcode.delete && !isCreateType(part)) {
    return `makes version ${part.version}, not ${judged.version}`;
  }
  if (part.ephemeral !== judged.ephemeral) return `is ${part.ephemeral ? '' : 'not '}ephemeral`;
  if (part.parentCreates !== judged.parentCreates) {
    return `counts ${part.parentCreates} children created, not ${judged.parentCreates}`;
  }
  if (part.ttl !== judged.ttl) return `lives ${part.ttl} ms, not ${judged.ttl}`;
  if (!sameBytes(part.data, judged.data)) return 'has other data than was asked for';
  if (judged.acl !== null && !part.acl.equals(judged.acl)) return 'has another ACL';
  return null;
}

const isCreateType = ({ type }: Part): boolean =>
  type !== Opcode.setData && type !== Opcode.setAcl && type !== Opcode.delete;

function sameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

/** Can the request be read at all? */
export function decoded<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
