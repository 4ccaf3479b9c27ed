/** What the parts of the page want to be sent, joined to the one filter of its connection. */

import type { InspectFilter } from '../../protocol/inspection.ts';

export type Wish = Partial<InspectFilter>;

export class Wishes {
  readonly #wishes = new Set<Wish>();
  readonly #changed: () => void;
  #last = '';

  /** `changed` is called when the joined filter is another one. */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.#last = JSON.stringify(this.filter());
  }

  /** Returns what takes the wish back. */
  add(wish: Wish): () => void {
    const own = { ...wish };
    this.#wishes.add(own);
    this.#tell();
    return () => {
      if (this.#wishes.delete(own)) this.#tell();
    };
  }

  /** All machines and replicas of all wishes; of single actors, the one that was asked for last. */
  filter(): InspectFilter {
    const wishes = [...this.#wishes];
    const machines = [...new Set(wishes.flatMap((wish) => wish.machines ?? []))].sort();
    const isOfAll = wishes.some((wish) => (wish.sids ?? null) === null);
    const sids = [...new Set(wishes.flatMap((wish) => wish.sids ?? []))].sort((a, b) => a - b);
    const instances = wishes.flatMap((wish) => wish.instance ?? []);
    return {
      machines,
      sids: isOfAll || wishes.length === 0 ? null : sids,
      instance: instances.at(-1) ?? null,
    };
  }

  #tell(): void {
    const now = JSON.stringify(this.filter());
    if (now === this.#last) return;
    this.#last = now;
    this.#changed();
  }
}
