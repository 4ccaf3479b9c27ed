/**
 * Pages of a znode's children, sorted by name, of parents with a million of them as well. A child
 * that is there while the page is made is in its place; who comes or goes meanwhile may be left
 * out, and a parent whose children change all the time may be shown in an order of a moment ago
 * (see order-cache.ts).
 */

import type { ChildPage, ChildRow, Question } from '../protocol/inspection.ts';
import { Field, Flag, noSlot } from '../storage/znode-rows.ts';
import type { Clock } from './clock.ts';
import { type NameSource, orderByName } from './inspect-order.ts';
import type { InspectRights } from './inspect-rights.ts';
import type { Slices } from './inspect-slices.ts';
import { ChildChain } from './inspect-walk.ts';
import { IntList } from './int-list.ts';
import { OrderCache } from './order-cache.ts';
import type { ReplicaView } from './replica-view.ts';

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
    const version = `${rows.wireInt(parent, Field.cversion)} ${rows.wireLong(parent, Field.pzxid)}`;
    return this.#orders.get(key, version, () => this.#sort(parent));
  }

  async #sort(parent: number): Promise<Int32Array> {
    const list = new IntList();
    const chain = new ChildChain(this.#state, parent, list);
    while (chain.step()) if (this.#slices.spend()) await this.#slices.turn();
    return orderByName(list.copy(), this.#names(), this.#slices);
  }

  #names(): NameSource {
    const { tree } = this.#state;
    return {
      get buffer() {
        return tree.cells.buffer;
      },
      get offset() {
        return tree.cells.offset;
      },
      locate(slot) {
        if (!tree.rows.isLive(slot)) return 0;
        tree.locateCell(slot);
        return tree.rows.nameLength(slot);
      },
    };
  }
}
