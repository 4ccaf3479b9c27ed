/**
 * The names of processes and links that anybody in a state remembers. Names are compared with each
 * other and nothing else, so states that differ only by which numbers they have are one: each
 * owner's names are numbered from 1 on, its process first, then its link, then older ones in their
 * order. Without that a link is the second or the third for ever, depending on what was still
 * remembered as it was named.
 */

import type { Catalogue } from './catalogue.ts';
import { frames } from './frames.ts';
import { Interner, PairMemo } from './interner.ts';
import type { Layout, State } from './layout.ts';
import { bitsOf, countOf, makeName, namesMax, ownerOf, type Renaming } from './names.ts';
import type { Network } from './network.ts';
import type { ReplicaRecord } from './replica.ts';
import { namesIn, namesOf, type Summary } from './summary.ts';

/** By name: the new one, for those that change. */
type Numbering = readonly (readonly [number, number])[];

/** The part of the model in which names stand. */
interface Named {
  readonly layout: Layout;
  readonly sids: readonly number[];
  readonly network: Network;
  readonly catalogue: Catalogue;
  record(replica: number): ReplicaRecord;
  summary(replica: number): Summary;
  summaryOf(state: State, sid: number): Summary;
  lateOf(state: State): { readonly frame: number } | null;
  unlinked(replica: number, link: number): number;
  renameReplica(replica: number, sid: Renaming): number;
  renameLate(late: number, sid: Renaming): number;
}

const allOfOne = (1 << namesMax) - 1;

export class KnownNames {
  readonly #model: Named;
  readonly #numberings = new Interner<Numbering>();
  readonly #renamings: Renaming[] = [];
  readonly #unlinked = new PairMemo((replica, link) => this.#model.unlinked(replica, link));
  readonly #replicas = new PairMemo((replica, numbering) =>
    this.#model.renameReplica(replica, this.#renaming(numbering)),
  );
  readonly #queues = new PairMemo((queue, numbering) =>
    this.#model.network.rename(queue, this.#renaming(numbering)),
  );

  constructor(model: Named) {
    this.#model = model;
  }

  /** The first name that nobody remembers. */
  free(state: State, owner: number): number {
    const bits = this.#nameBits(state);
    if (bits < 0) return this.#freeAmongMany(state, owner);
    const known = (bits >> ((owner - 1) * namesMax)) & allOfOne;
    let count = 1;
    while ((known >> (count - 1)) & 1) count++;
    return makeName(count, owner);
  }

  #freeAmongMany(state: State, owner: number): number {
    const model = this.#model;
    const known = new Set<number>();
    const note = (names: readonly number[]) => {
      for (const name of names) if (ownerOf(name) === owner) known.add(countOf(name));
    };
    for (const sid of model.sids) note(namesIn(model.record(state[sid - 1]!), model.catalogue));
    for (let at = model.layout.n; at < model.layout.cut; at++) {
      if (state[at] !== 0) note(model.network.names(state[at]!));
    }
    const late = model.lateOf(state);
    if (late !== null) note(namesOf(frames.get(late.frame)));
    let count = 1;
    while (known.has(count)) count++;
    return makeName(count, owner);
  }

  /** Of all that anybody remembers; -1 if there are too many for that. */
  #nameBits(state: State): number {
    const model = this.#model;
    const { n, cut } = model.layout;
    let bits = 0;
    for (let at = 0; at < n; at++) bits |= model.summary(state[at]!).nameBits;
    for (let at = n; at < cut; at++) {
      if (state[at] !== 0) bits |= model.network.nameBits(state[at]!);
    }
    const late = model.lateOf(state);
    return late === null ? bits : bits | bitsOf(namesOf(frames.get(late.frame)));
  }

  /** A leader need not remember links that nobody will greet over again. */
  forget(next: State): void {
    for (let sid = 1; sid <= this.#model.layout.n; sid++) {
      const { greeted } = this.#model.summaryOf(next, sid);
      for (const link of greeted) {
        if (this.#isLinkAlive(next, sid, link)) continue;
        next[sid - 1] = this.#unlinked.get(next[sid - 1]!, link);
      }
    }
  }

  #isLinkAlive(state: State, leader: number, link: number): boolean {
    const { layout, network } = this.#model;
    const owner = ownerOf(link);
    if (this.#model.summaryOf(state, owner).link === link) return true;
    const queue = state[layout.link(owner, leader)]!;
    if (queue !== 0 && network.names(queue).includes(link)) return true;
    const late = this.#model.lateOf(state);
    return late !== null && frames.get(late.frame).link === link;
  }

  /** Numbers the names anew. */
  compact(state: State): void {
    const model = this.#model;
    const { n, cut, late } = model.layout;
    const known = this.#nameBits(state);
    const kept = model.lateOf(state);
    if (known < 0) return;
    let changes: (readonly [number, number])[] | null = null;
    for (let sid = 1; sid <= n; sid++) {
      const bits = (known >> ((sid - 1) * namesMax)) & allOfOne;
      const { incarnation, link } = model.summary(state[sid - 1]!);
      const [process, over] = [incarnation >> 3, link >> 3];
      const linkAt = process === 0 ? 1 : 2;
      const isInPlace = process <= 1 && (over === 0 || over === linkAt);
      if (isInPlace && (bits & (bits + 1)) === 0) continue;
      changes = numbered(changes ?? [], sid, bits, process, over);
    }
    if (changes === null) return;
    const numbering = this.#numberings.id(changes);
    for (let at = 0; at < n; at++) state[at] = this.#replicas.get(state[at]!, numbering);
    for (let at = n; at < cut; at++) {
      if (state[at] !== 0) state[at] = this.#queues.get(state[at]!, numbering);
    }
    if (kept !== null) state[late] = model.renameLate(state[late]!, this.#renaming(numbering));
  }

  #renaming(numbering: number): Renaming {
    let known = this.#renamings[numbering];
    if (known === undefined) {
      const changed = new Map(this.#numberings.get(numbering));
      known = Object.assign((sid: number) => sid, {
        ofName: (name: number) => changed.get(name) ?? name,
      });
      this.#renamings[numbering] = known;
    }
    return known;
  }
}

function numbered(
  changes: (readonly [number, number])[],
  sid: number,
  bits: number,
  ...first: readonly number[]
) {
  const order = first.filter((count) => count > 0);
  for (let count = 1; count <= namesMax; count++) {
    if ((bits >> (count - 1)) & 1 && !order.includes(count)) order.push(count);
  }
  for (const [at, count] of order.entries()) {
    if (count !== at + 1) changes.push([makeName(count, sid), makeName(at + 1, sid)]);
  }
  return changes;
}
