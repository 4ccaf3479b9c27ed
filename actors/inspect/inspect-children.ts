/**
 * Pages of a znode's children, sorted by name, of parents with a million of them as well. A child
 * that is there while the page is made is in its place; who comes or goes meanwhile may be left
 * out, and a parent whose children change all the time may be shown in an order of a moment ago
 * (see order-cache.ts). Of an order that is kept, only what came and went since is worked on.
 */

import type { ChildPage, ChildRow, Question } from '../../protocol/inspection.ts';
import { Field, Flag, noSlot } from '../../storage/znode-rows.ts';
import type { Clock } from '../clock.ts';
import type { ReplicaView } from '../replica-view.ts';
import { compareNames, type NameSource, orderByName } from './inspect-order.ts';
import type { InspectRights } from './inspect-rights.ts';
import type { Slices } from './inspect-slices.ts';
import { ChildChain } from './inspect-walk.ts';
import { IntList } from './int-list.ts';
import { OrderCache } from './order-cache.ts';

type Asked = Extract<Question, { what: 'children' }>;

export class InspectChildren {
  readonly #state: ReplicaView['state'];
  readonly #rights: InspectRights;
  readonly #slices: Slices;
  readonly #orders: OrderCache;

  constructor(
    { state, clock }: { state: ReplicaView['state']; clock: Pick<Clock, 'monotonicMs'> },
    rights: InspectRights,
    slices: Slices,
  ) {
    this.#state = state;
    this.#rights = rights;
    this.#slices = slices;
    this.#orders = new OrderCache(clock);
  }

  /** Null when there is no such znode, or the viewer may not list its children. */
  async page({ path, viewer, offset, limit }: Asked): Promise<ChildPage | null> {
    const { tree } = this.#state;
    const parent = tree.findPath(path);
    if (parent === noSlot || !this.#rights.mayRead(parent, viewer)) return null;
    const family = new ChildChain(this.#state, parent, new IntList());
    const order = await this.#order(parent);
    const rows: ChildRow[] = [];
    for (let at = offset; at < Math.min(offset + limit, order.length); at++) {
      // It may have been deleted while we waited, and its slot be in use elsewhere.
      if (!family.isAlive) return null;
      const slot = order[at]!;
      if (tree.rows.isLive(slot) && tree.parent(slot) === parent)
        rows.push(this.#row(slot, viewer));
      if (this.#slices.spend(8)) await this.#slices.turn();
    }
    if (!family.isAlive || !this.#rights.mayRead(parent, viewer)) return null;
    return { path, total: tree.numChildren(parent), rows };
  }

  #row(slot: number, viewer: Asked['viewer']): ChildRow {
    const { tree } = this.#state;
    const isSeen = this.#rights.mayRead(slot, viewer);
    return {
      name: tree.name(slot),
      // Of one that may not be read, the list of its parent tells the name and nothing more.
      children: isSeen ? tree.numChildren(slot) : 0,
      bytes: isSeen ? tree.rows.wireInt(slot, Field.dataLength) : 0,
      isEphemeral: isSeen && (tree.rows.flags(slot) & Flag.ephemeral) !== 0,
    };
  }

  #order(parent: number): Promise<Int32Array> {
    const { rows } = this.#state.tree;
    const key = `${parent} ${rows.wireLong(parent, Field.czxid)}`;
    const pzxid = rows.wireLong(parent, Field.pzxid);
    const version = `${pzxid} ${rows.wireInt(parent, Field.cversion)}`;
    return this.#orders.get(key, version, async (before) => {
      if (before === null) return this.#sort(parent, pzxid);
      // A version begins with the zxid up to which it knows all children.
      const since = Number.parseInt(before.version!, 10);
      return this.#renew(parent, await before.items, since, pzxid);
    });
  }

  /** All children from the beginning, none of them younger than `until`. */
  async #sort(parent: number, until: number): Promise<Int32Array> {
    const list = new IntList();
    const chain = new ChildChain(this.#state, parent, list);
    while (chain.step()) if (this.#slices.spend()) await this.#slices.turn();
    const children = await this.#known(list, parent, until);
    return orderByName(children, this.#names(parent, until), this.#slices);
  }

  /** The order before, without those that went, with those that came since that zxid. */
  async #renew(
    parent: number,
    before: Int32Array,
    since: number,
    until: number,
  ): Promise<Int32Array> {
    const list = new IntList();
    const chain = new ChildChain(this.#state, parent, list);
    // The youngest come first.
    while (chain.step()) {
      if (this.#isChild(list.get(list.length - 1), parent, since)) {
        list.pop();
        break;
      }
      if (this.#slices.spend()) await this.#slices.turn();
    }
    const names = this.#names(parent, until);
    const children = await this.#known(list, parent, until);
    const added = await orderByName(children, names, this.#slices);
    const merged = new IntList();
    let next = 0;
    for (const slot of before) {
      if (this.#slices.spend(2)) await this.#slices.turn();
      if (!this.#isChild(slot, parent, since)) continue;
      while (next < added.length && compareNames(names, added[next]!, slot) < 0) {
        merged.push(added[next++]!);
      }
      merged.push(slot);
    }
    while (next < added.length) merged.push(added[next++]!);
    return merged.copy();
  }

  /** Those of the list that came up to that zxid: younger ones are for the next time. */
  async #known(list: IntList, parent: number, until: number): Promise<Int32Array> {
    const known = new IntList();
    for (let at = 0; at < list.length; at++) {
      if (this.#isChild(list.get(at), parent, until)) known.push(list.get(at));
      if (this.#slices.spend()) await this.#slices.turn();
    }
    return known.copy();
  }

  /** Is this the slot of a child that came up to that zxid? It may be in use elsewhere by now. */
  #isChild(slot: number, parent: number, until: number): boolean {
    const { tree } = this.#state;
    if (!tree.rows.isLive(slot) || tree.parent(slot) !== parent) return false;
    return tree.rows.wireLong(slot, Field.czxid) <= until;
  }

  #names(parent: number, until: number): NameSource {
    const { tree } = this.#state;
    const isChild = (slot: number) => this.#isChild(slot, parent, until);
    return {
      get buffer() {
        return tree.cells.buffer;
      },
      get offset() {
        return tree.cells.offset;
      },
      locate(slot) {
        if (!isChild(slot)) return 0;
        tree.locateCell(slot);
        return tree.rows.nameLength(slot);
      },
    };
  }
}
