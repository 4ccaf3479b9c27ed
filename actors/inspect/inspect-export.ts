/**
 * A sub-tree as a list, parents first, to be brought in elsewhere. Each znode is told as it is when
 * the walk comes to it: one that is there from begin to end is in the list once, but the list is of
 * a time, not of one moment. Above 16 MB or 100,000 znodes it is refused, and nothing is told.
 */

import type { ExportedZnode, Question } from '../../protocol/inspection.ts';
import { noSlot } from '../../storage/znode-rows.ts';
import type { ReplicaView } from '../replica-view.ts';
import type { InspectRights } from './inspect-rights.ts';
import type { Slices } from './inspect-slices.ts';
import { passing, TreeWalk } from './inspect-walk.ts';
import { kindOf } from './inspect-znodes.ts';

type Asked = Extract<Question, { what: 'export' }>;

const megabyte = 1024 * 1024;

/** Of paths and data, and of znodes. */
export interface ExportLimits {
  readonly bytes: number;
  readonly znodes: number;
}

const defaultLimits: ExportLimits = { bytes: 16 * megabyte, znodes: 100_000 };

export class InspectExport {
  readonly #state: ReplicaView['state'];
  readonly #rights: InspectRights;
  readonly #slices: Slices;
  readonly #limits: ExportLimits;
  /** One at a time: each may hold its 16 MB. */
  #isBusy = false;

  constructor(
    state: ReplicaView['state'],
    rights: InspectRights,
    slices: Slices,
    limits = defaultLimits,
  ) {
    this.#state = state;
    this.#rights = rights;
    this.#slices = slices;
    this.#limits = limits;
  }

  /** What the viewer may not read is left out, with all that is below. Throws when refused. */
  async list(asked: Asked): Promise<ExportedZnode[]> {
    if (this.#isBusy) throw new Error('another export is under way: ask again when it is done');
    const top = this.#state.tree.findPath(asked.root);
    if (top === noSlot) throw new Error(`there is no znode ${asked.root} to export`);
    if (!this.#rights.mayRead(top, asked.viewer)) {
      throw new Error(`${asked.root} may not be read without a token that allows it`);
    }
    this.#isBusy = true;
    try {
      return await this.#walk(top, asked);
    } finally {
      this.#isBusy = false;
    }
  }

  async #walk(top: number, { root, viewer }: Asked): Promise<ExportedZnode[]> {
    const walk = new TreeWalk(this.#state, top);
    const { tree } = this.#state;
    const list: ExportedZnode[] = [];
    let bytes = 0;
    for (let slot = walk.next(); slot !== noSlot; slot = walk.next()) {
      let units = 1;
      if (slot !== passing && this.#rights.mayRead(slot, viewer)) {
        walk.enter();
        const path = tree.path(slot);
        const data = tree.data(slot);
        const own = path.length + (data?.length ?? 0);
        bytes += own;
        if (bytes > this.#limits.bytes || list.length === this.#limits.znodes) {
          throw this.#tooMuch(root);
        }
        list.push({
          path,
          data: data?.toString('base64') ?? '',
          acl: this.#rights.acl(slot, viewer),
          kind: kindOf(tree, slot),
          ttlMs: tree.special.ttls.get(slot) ?? null,
        });
        units += 16 + (own >> 7);
      }
      if (this.#slices.spend(units)) await this.#slices.turn();
    }
    return list;
  }

  #tooMuch(root: string): Error {
    const { bytes, znodes } = this.#limits;
    return new Error(
      `${root} is too large to export: at most ${bytes / megabyte} MB ` +
        `and ${znodes.toLocaleString('en')} znodes, choose a part of it`,
    );
  }
}
