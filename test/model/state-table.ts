/**
 * All states that were seen: 64 bits of hash each, in open addressing, with the state that each was
 * first reached from and by which action. Two states with one hash would be taken for one: with
 * 30 million states the odds are 1 in 40,000.
 */

import type { State } from './layout.ts';

export class StateTable {
  /** By state number. */
  #highs = new Int32Array(1 << 16);
  #lows = new Int32Array(1 << 16);
  #parents = new Int32Array(1 << 16);
  #actions = new Int32Array(1 << 16);
  /** State numbers plus 1, by hash. */
  #slots = new Int32Array(1 << 17);
  size = 0;

  /** The number of a new state; -1 for one that is known. */
  add(state: State, parent: number, action: number): number {
    let high = 0x1b873593;
    let low = 0x2545f491;
    for (let at = 0; at < state.length; at++) {
      const part = state[at]!;
      high = Math.imul(high ^ part, 0x9e3779b1);
      high ^= high >>> 15;
      low = Math.imul(low + part + at, 0x85ebca77);
      low ^= low >>> 13;
    }
    high = Math.imul(high ^ (high >>> 16), 0x7feb352d) ^ (low >>> 7);
    const mask = this.#slots.length - 1;
    let slot = (low ^ (high >>> 9)) & mask;
    for (let known = this.#slots[slot]!; known !== 0; known = this.#slots[slot]!) {
      if (this.#highs[known - 1] === high && this.#lows[known - 1] === low) return -1;
      slot = (slot + 1) & mask;
    }
    if (this.size === this.#highs.length) this.#widen();
    const number = this.size++;
    this.#highs[number] = high;
    this.#lows[number] = low;
    this.#parents[number] = parent;
    this.#actions[number] = action;
    this.#slots[slot] = number + 1;
    if (this.size * 3 > this.#slots.length * 2) this.#rehash();
    return number;
  }

  #widen(): void {
    const wider = (old: Int32Array) => {
      const grown = new Int32Array(old.length + Math.min(old.length, 1 << 22));
      grown.set(old);
      return grown;
    };
    this.#highs = wider(this.#highs);
    this.#lows = wider(this.#lows);
    this.#parents = wider(this.#parents);
    this.#actions = wider(this.#actions);
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      let slot = (this.#lows[number]! ^ (this.#highs[number]! >>> 9)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number + 1;
    }
  }

  /** The actions that lead to a state, first to last. */
  path(number: number): number[] {
    const actions: number[] = [];
    for (let at = number; this.#parents[at]! >= 0; at = this.#parents[at]!) {
      actions.push(this.#actions[at]!);
    }
    return actions.reverse();
  }
}
