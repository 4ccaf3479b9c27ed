/**
 * May this caller do this here? And: which ACL list does a create or setAcl really mean? (spec
 * 3.11, 2.6). What identities of a scheme look like, and when two match, is handed in.
 */

import { assert } from '../protocol/assert.ts';
import type { Acl, Id } from '../protocol/record.ts';
import { type AclTable, openAclId } from './acl-table.ts';
import { type Caller, provenIds } from './caller.ts';

/** The schemes this replica knows; `world` and `auth` are handled here. */
export interface AclSchemes {
  /** Can `id` stand in an ACL entry of `scheme`? False for schemes that are not known. */
  isValidId(scheme: string, id: string): boolean;
  /** Does an ACL entry of the identity's own scheme speak of it? */
  matches(scheme: string, aclId: string, identity: Id): boolean;
}

/** Each `auth` entry stands for all ids of the caller: a long list of them must not explode. */
const aclCharsMax = 1024 * 1024;

export class AccessControl {
  readonly #acls: AclTable;
  readonly #schemes: AclSchemes;
  readonly #skip: boolean;

  constructor(acls: AclTable, schemes: AclSchemes, skip: boolean) {
    this.#acls = acls;
    this.#schemes = schemes;
    this.#skip = skip;
  }

  allows(aclId: number, permission: number, caller: Caller): boolean {
    if (aclId === openAclId || this.#skip || caller.isSuper) return true;
    for (const entry of this.#acls.list(aclId)) {
      if ((entry.perms & permission) === 0) continue;
      if (entry.id.scheme === 'world') return true;
      for (const identity of caller.ids) {
        if (
          identity.scheme === entry.id.scheme &&
          this.#schemes.matches(entry.id.scheme, entry.id.id, identity)
        ) {
          return true;
        }
      }
    }
    return false;
  }

  /** The list to store: `auth` replaced by the caller's ids, duplicates gone; null if not valid. */
  fix(list: readonly Acl[] | null, caller: Caller): Acl[] | null {
    if (list === null || list.length === 0) return null;
    const fixed = new Map<string, Acl>();
    let chars = 0;
    const add = (acl: Acl) => {
      const key = `${acl.perms} ${acl.id.scheme} ${acl.id.id}`;
      chars += key.length;
      fixed.set(key, acl);
    };
    for (const acl of list) {
      if (chars > aclCharsMax) return null;
      const { scheme, id } = acl.id;
      if (scheme === 'world') {
        if (id !== 'anyone') return null;
        add(acl);
      } else if (scheme === 'auth') {
        const proven = provenIds(caller);
        if (proven.length === 0) return null;
        for (const identity of proven) add({ perms: acl.perms, id: identity });
      } else {
        if (!this.#schemes.isValidId(scheme, id)) return null;
        add(acl);
      }
    }
    assert(fixed.size > 0, 'ACL: a list that is stored is not empty');
    return [...fixed.values()];
  }
}
