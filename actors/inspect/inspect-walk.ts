/**
 * Goes over znodes step by step while the tree changes between the steps. A znode that is there
 * from the begin to the end is told exactly once, and each that is told is there at that moment;
 * one that comes or goes meanwhile may be left out.
 *
 * New children come first in their parent's chain and slots are reused, so a znode that was met
 * before is known by its czxid: a slot that was given to another one since has a later one.
 */

import type { ReplicatedState } from '../../storage/replicated-state.ts';
import { Field, noSlot } from '../../storage/znode-rows.ts';
import { IntList } from './int-list.ts';

/** Appends the children of one znode to a list, one by one. */
export class ChildChain {
  readonly #state: ReplicatedState;
  readonly #parent: number;
  readonly #parentZxid: number;
  readonly #list: IntList;
  /** Where its own part of the list begins. Nobody else changes the list meanwhile. */
  readonly #begin: number;
  /** Children that it met came up to this zxid. */
  #metZxid: number;
  #seenZxid: number;

  constructor(state: ReplicatedState, parent: number, list: IntList) {
    this.#state = state;
    this.#parent = parent;
    this.#parentZxid = state.tree.rows.wireLong(parent, Field.czxid);
    this.#list = list;
    this.#begin = list.length;
    this.#metZxid = state.lastZxid;
    this.#seenZxid = state.lastZxid;
  }

  /** Is the znode whose children these are still there? */
  get isAlive(): boolean {
    const { rows } = this.#state.tree;
    const parent = this.#parent;
    return rows.isLive(parent) && rows.wireLong(parent, Field.czxid) === this.#parentZxid;
  }

  /** Appends the next child; false when there is no further one, or the parent is gone. */
  step(): boolean {
    const { tree, lastZxid } = this.#state;
    if (lastZxid !== this.#seenZxid) {
      if (!this.isAlive) return false;
      this.#stepBack();
      this.#seenZxid = lastZxid;
    }
    const list = this.#list;
    const next =
      list.length === this.#begin
        ? tree.firstChild(this.#parent)
        : tree.nextSibling(list.get(list.length - 1));
    if (next === noSlot) return false;
    list.push(next);
    return true;
  }

  /** The child met last may be gone: the last one that is not leads on to those not yet met. */
  #stepBack(): void {
    const list = this.#list;
    const { tree, lastZxid } = this.#state;
    while (list.length > this.#begin) {
      const slot = list.get(list.length - 1);
      const isThere = tree.rows.isLive(slot) && tree.parent(slot) === this.#parent;
      if (isThere && tree.rows.wireLong(slot, Field.czxid) <= this.#metZxid) return;
      list.pop();
    }
    this.#metZxid = lastZxid;
  }
}

/** What a step of a walk is when it has only looked for children. */
export const passing = -2;

/** Goes over a sub-tree, parents first; into the children of those only that it is told to. */
export class TreeWalk {
  readonly #state: ReplicatedState;
  readonly #open = new IntList();
  readonly #beginZxid: number;
  #chain: ChildChain | null = null;
  #last = noSlot;

  constructor(state: ReplicatedState, top: number) {
    this.#state = state;
    this.#beginZxid = state.lastZxid;
    this.#open.push(top);
  }

  /**
   * One step of bounded work: the slot of the next znode, to be handled at once; or `passing`; or
   * noSlot at the end.
   */
  next(): number {
    if (this.#chain !== null) {
      if (this.#chain.step()) return passing;
      this.#chain = null;
    }
    if (this.#open.length === 0) return noSlot;
    const slot = this.#open.pop();
    const { rows } = this.#state.tree;
    const isSame = rows.isLive(slot) && rows.wireLong(slot, Field.czxid) <= this.#beginZxid;
    this.#last = isSame ? slot : noSlot;
    return isSame ? slot : passing;
  }

  /** The znode that was told just now: its children are to be told as well. */
  enter(): void {
    if (this.#state.tree.firstChild(this.#last) === noSlot) return;
    this.#chain = new ChildChain(this.#state, this.#last, this.#open);
  }
}
