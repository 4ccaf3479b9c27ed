/**
 * What every replica of an ensemble holds alike: the tree, the sessions, the secret that session
 * passwords are derived from, and the zxid up to which all of it has been applied. It changes by
 * committed txns only (apply.ts).
 */

import { Quotas } from './quota.ts';
import { SessionTable } from './session-table.ts';
import { Tree } from './tree.ts';

export class ReplicatedState {
  readonly tree: Tree;
  readonly sessions = new SessionTable();
  readonly quotas: Quotas;
  /** Made once per ensemble by a txn; null until then. */
  secret: Buffer | null = null;
  /** Invariant: never goes down; every txn up to it is applied whole, none above it. */
  lastZxid = 0;

  constructor(tree: Tree) {
    this.tree = tree;
    this.quotas = new Quotas(tree);
  }

  /** What an empty server starts with. */
  static initial(): ReplicatedState {
    return new ReplicatedState(Tree.initial());
  }
}
