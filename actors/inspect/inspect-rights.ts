/**
 * What a viewer may see of znodes: an admin all, the world what a client could without any identity
 * of its own. It is decided as for requests: data, Stat and children need READ, an ACL READ or
 * ADMIN.
 */

import type { AclEntry, Viewer } from '../../protocol/inspection.ts';
import { Permission } from '../../protocol/record.ts';
import { makeCaller } from '../../storage/caller.ts';
import { Field } from '../../storage/znode-rows.ts';
import type { ReplicaView } from '../replica-view.ts';

const anybody = makeCaller([]);

const letters = [
  ['c', Permission.create],
  ['d', Permission.delete],
  ['r', Permission.read],
  ['w', Permission.write],
  ['a', Permission.admin],
] as const;

export class InspectRights {
  readonly #view: Pick<ReplicaView, 'state' | 'access'>;

  constructor(view: Pick<ReplicaView, 'state' | 'access'>) {
    this.#view = view;
  }

  /** Data, Stat and the names of the children. */
  mayRead(slot: number, viewer: Viewer): boolean {
    return viewer === 'admin' || this.#allows(slot, Permission.read);
  }

  /** Stat and ACL. */
  mayReadAcl(slot: number, viewer: Viewer): boolean {
    return this.mayRead(slot, viewer) || this.#allows(slot, Permission.admin);
  }

  #allows(slot: number, permission: number): boolean {
    const { state, access } = this.#view;
    return access.allows(state.tree.rows.int(slot, Field.acl), permission, anybody);
  }

  /** The znode's ACL; ids of digest are for an admin only. */
  acl(slot: number, viewer: Viewer): AclEntry[] {
    const { tree } = this.#view.state;
    return tree.acls.list(tree.rows.int(slot, Field.acl)).map(({ perms, id: { scheme, id } }) => ({
      perms: letters.map(([letter, bit]) => ((perms & bit) === 0 ? '' : letter)).join(''),
      scheme,
      id: scheme === 'digest' && viewer !== 'admin' ? '' : id,
    }));
  }
}
