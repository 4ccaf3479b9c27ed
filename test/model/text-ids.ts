/**
 * Texts with small numbers, equal ones with the same: millions of them, kept as bytes outside of
 * the heap, where the garbage collector does not look at them.
 */

import { assert } from '../../protocol/assert.ts';

const chunkBytes = 1 << 24;

export class TextIds {
  readonly #chunks: Buffer[] = [];
  #used = 0;
  /** By number: where its text begins, counted over all chunks, how long it is, and its hash. */
  #starts = new Float64Array(1 << 10);
  #lengths = new Int32Array(1 << 10);
  #hashes = new Int32Array(1 << 10);
  /** Numbers plus 1, by hash. */
  #slots = new Int32Array(1 << 11);
  size = 0;

  /** The number of a text of Latin letters, which may be new. */
  id(text: string): number {
    const hash = hashOf(text);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let known = this.#slots[slot]!; known !== 0; known = this.#slots[slot]!) {
      if (this.#hashes[known - 1] === hash && this.text(known - 1) === text) return known - 1;
      slot = (slot + 1) & mask;
    }
    const id = this.#keep(text, hash);
    this.#slots[slot] = id + 1;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  text(id: number): string {
    const start = this.#starts[id]!;
    const at = start % chunkBytes;
    return this.#chunks[(start - at) / chunkBytes]!.toString('latin1', at, at + this.#lengths[id]!);
  }

  #keep(text: string, hash: number): number {
    assert(text.length <= chunkBytes, 'a text fits into a chunk');
    if (this.#chunks.length === 0 || this.#used + text.length > chunkBytes) {
      this.#chunks.push(Buffer.allocUnsafeSlow(chunkBytes));
      this.#used = 0;
    }
    if (this.size === this.#hashes.length) {
      this.#starts = grown(this.#starts, Float64Array);
      this.#lengths = grown(this.#lengths, Int32Array);
      this.#hashes = grown(this.#hashes, Int32Array);
    }
    const id = this.size++;
    this.#chunks.at(-1)!.write(text, this.#used, 'latin1');
    this.#starts[id] = (this.#chunks.length - 1) * chunkBytes + this.#used;
    this.#lengths[id] = text.length;
    this.#hashes[id] = hash;
    this.#used += text.length;
    assert(this.text(id) === text, 'a text has one byte for each letter');
    return id;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 0; id < this.size; id++) {
      let slot = this.#hashes[id]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

function hashOf(text: string): number {
  let hash = 0x2545f491;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  return hash;
}

/** A copy with twice the room. */
export function grown<Row extends Int32Array | Float64Array>(
  old: Row,
  kind: new (length: number) => Row,
): Row {
  const wider = new kind(old.length * 2);
  wider.set(old);
  return wider;
}
