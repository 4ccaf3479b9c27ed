/**
 * Who asks, as far as the bytes of a connection tell it: the digest identities that were proven on
 * it. What only the replica knows (addresses, certificates, a superuser's password) leaves the
 * answer open.
 */

import { createHash } from 'node:crypto';
import { ErrorCode } from '../../../protocol/error-code.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import { type Acl, type Id, Permission } from '../../../protocol/record.ts';
import type { ConnectionRecord, Operation } from '../tap-journal.ts';
import { type ModelAcl, openModelAcl } from './model.ts';

export type Answer = 'yes' | 'no' | 'open';

export interface Caller {
  readonly ids: readonly Id[];
  /** It may have identities that are not seen from outside. */
  readonly mayHaveMore: boolean;
}

const stranger: Caller = { ids: [], mayHaveMore: false };
/** Of these the replica knows the caller's identity, and we do not. */
const unseen = new Set(['ip', 'x509', 'sasl']);

/** Callers of all connections, each remembered from one auth to the next. */
export class Callers {
  readonly #auths = new Map<ConnectionRecord, readonly { order: number; caller: Caller }[]>();

  /** Auth takes effect on receipt: a request has what was asked for ahead of it. */
  of(operation: Operation): Caller {
    const { connection, invokedOrder } = operation;
    let auths = this.#auths.get(connection);
    if (auths === undefined) {
      auths = authsOf(connection);
      this.#auths.set(connection, auths);
    }
    if (auths.length === 0) return stranger;
    return auths.findLast(({ order }) => order < invokedOrder)?.caller ?? stranger;
  }

  /** With all that the connection proved, whenever. */
  last(connection: ConnectionRecord): Caller {
    return authsOf(connection).at(-1)?.caller ?? stranger;
  }
}

function authsOf(connection: ConnectionRecord): { order: number; caller: Caller }[] {
  const auths: { order: number; caller: Caller }[] = [];
  let caller = stranger;
  for (const operation of connection.operations) {
    const { op, invokedOrder } = operation;
    if (op !== Opcode.auth && op !== Opcode.sasl) continue;
    caller = withAuth(caller, operation);
    auths.push({ order: invokedOrder, caller });
  }
  return auths;
}

function withAuth({ ids, mayHaveMore }: Caller, operation: Operation): Caller {
  const isRefused = operation.isReturned && operation.err !== ErrorCode.ok;
  if (isRefused) return { ids, mayHaveMore };
  if (operation.op === Opcode.sasl) return { ids, mayHaveMore: true };
  const { scheme, auth } = operation.request(Opcode.auth);
  if (scheme !== 'digest' || !operation.isReturned) return { ids, mayHaveMore: true };
  const text = auth?.toString() ?? '';
  const user = text.split(':')[0]!;
  const id = `${user}:${createHash('sha1').update(text).digest('base64')}`;
  return { ids: [...ids, { scheme, id }], mayHaveMore: mayHaveMore || user === 'super' };
}

export function allows(acl: ModelAcl, permission: number, caller: Caller): Answer {
  if (acl === openModelAcl || acl.list.length === 0) return 'yes';
  let answer: Answer = caller.mayHaveMore ? 'open' : 'no';
  for (const { perms, id } of acl.list) {
    if ((perms & permission) === 0) continue;
    if (id.scheme === 'world') return 'yes';
    if (caller.ids.some((own) => own.scheme === id.scheme && own.id === id.id)) return 'yes';
    if (unseen.has(id.scheme)) answer = 'open';
  }
  return answer;
}

export function mayRead(acl: ModelAcl, caller: Caller): Answer {
  return allows(acl, Permission.read, caller);
}

/** The list as it is stored (spec 3.11): null when it is not valid, `open` when we cannot tell. */
export function fixedAcl(list: readonly Acl[] | null, caller: Caller): Acl[] | null | 'open' {
  if (list === null || list.length === 0) return null;
  const fixed = new Map<string, Acl>();
  const add = (acl: Acl) => fixed.set(`${acl.perms} ${acl.id.scheme} ${acl.id.id}`, acl);
  for (const acl of list) {
    const { scheme, id } = acl.id;
    if (scheme === 'world') {
      if (id !== 'anyone') return null;
      add(acl);
    } else if (scheme === 'auth') {
      if (caller.mayHaveMore) return 'open';
      if (caller.ids.length === 0) return null;
      for (const own of caller.ids) add({ perms: acl.perms, id: own });
    } else if (scheme === 'digest') {
      if (id.split(':').length !== 2) return null;
      add(acl);
    } else return 'open';
  }
  return [...fixed.values()];
}
