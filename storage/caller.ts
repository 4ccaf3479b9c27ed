/**
 * Who asks: the identities of a connection at the moment it sent a request. Immutable, so that a
 * request that waits keeps the rights that it came with.
 */

import type { Id } from '../protocol/record.ts';

export interface Caller {
  readonly ids: readonly Id[];
  /** Passes every ACL check. */
  readonly isSuper: boolean;
}

/** The replica itself, for what it does on its own account. */
export const internalCaller: Caller = { ids: [], isSuper: true };

/** Identities that stand for `auth` in an ACL: those that the client proved, so not its address. */
export function provenIds(caller: Caller): Id[] {
  return caller.ids.filter(({ scheme }) => scheme !== 'ip' && scheme !== 'super');
}

export function makeCaller(ids: readonly Id[]): Caller {
  return { ids, isSuper: ids.some(({ scheme }) => scheme === 'super') };
}
