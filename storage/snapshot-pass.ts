/**
 * One pass: brings the stored snapshot forward to the state as it was when the pass began, while
 * txns go on. Pages are written in slices; a page that is about to change before its turn is
 * written first, as it was. So the snapshot is exact: it equals the state after one zxid
 * (ZooKeeper's are fuzzy, and every bug of spec 9.3 comes from that). Its cost follows what
 * changed, not the size of the tree.
 */

import { assert } from '../protocol/assert.ts';
import { encodePage } from './page.ts';
import type { ReplicatedState } from './replicated-state.ts';
import type { SnapshotMeta, SnapshotStore } from './snapshot-store.ts';

export class SnapshotPass {
  readonly #state: ReplicatedState;
  readonly #store: SnapshotStore;
  readonly #meta: SnapshotMeta;
  readonly #sessions: Buffer;
  readonly #acls: Buffer;
  #cursor = 0;
  readonly pagesOwed: number;
  /** Writes under way; a failed one is the failure of the pass. */
  #pending: Promise<void>[] = [];

  /** Nothing may change the state between the end of one txn and this call. */
  constructor(state: ReplicatedState, store: SnapshotStore, time: number) {
    this.#state = state;
    this.#store = store;
    const { tree } = state;
    this.#sessions = state.sessions.save();
    this.#acls = tree.acls.save();
    this.#meta = {
      pass: (store.meta?.pass ?? 0) + 1,
      zxid: state.lastZxid,
      digest: tree.digest.value,
      pageCount: tree.rows.pageCount,
      secret: state.secret?.toString('hex') ?? null,
      time,
    };
    this.pagesOwed = tree.rows.owePages();
    assert(this.pagesOwed <= this.#meta.pageCount, 'snapshot: no more is owed than there is');
    assert(state.lastZxid >= (store.meta?.zxid ?? 0), 'snapshot: they never go back');
    tree.rows.onOwedPage = (page) => this.#save(page);
  }

  get zxid(): number {
    return this.#meta.zxid;
  }

  /** How far it has got, from 0 to 1. */
  get share(): number {
    return this.#cursor / this.#meta.pageCount;
  }

  #save(page: number): void {
    assert(page < this.#meta.pageCount, 'snapshot: a page that came later is not owed');
    this.#state.tree.rows.settlePage(page);
    const written = this.#store.writePage(page, encodePage(this.#state.tree, page));
    // Looked at by the next slice; until then a rejection must not count as unhandled.
    written.catch(() => {});
    this.#pending.push(written);
  }

  /** Writes up to `pagesMax` owed pages; resolves when all so far is durable, false at the end. */
  async writeSlice(pagesMax: number): Promise<boolean> {
    assert(pagesMax > 0, 'snapshot: a slice goes on with the pass');
    const { rows } = this.#state.tree;
    const { pageCount } = this.#meta;
    for (let left = pagesMax; left > 0 && this.#cursor < pageCount; this.#cursor++) {
      if (!rows.isOwed(this.#cursor)) continue;
      this.#save(this.#cursor);
      left--;
    }
    assert(this.#cursor <= pageCount, 'snapshot: a pass goes no further than it has to');
    const pending = this.#pending;
    this.#pending = [];
    await Promise.all(pending);
    return this.#cursor < pageCount || this.#pending.length > 0;
  }

  /** After the last slice. */
  async finish(): Promise<SnapshotMeta> {
    assert(this.#cursor === this.#meta.pageCount, 'snapshot: a pass ends behind its last page');
    assert(this.#pending.length === 0, 'snapshot: a pass ends when all of it is durable');
    this.#state.tree.rows.onOwedPage = () => {};
    await this.#store.finish(this.#meta, this.#sessions, this.#acls);
    return this.#meta;
  }
}
