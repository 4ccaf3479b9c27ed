/**
 * A list of 32-bit integers outside the heap, growing by doubling: slots and numbers of watches, of
 * which there may be millions.
 */

export class IntList {
  #values = new Int32Array(64);
  length = 0;

  get(index: number): number {
    return this.#values[index]!;
  }

  push(value: number): void {
    if (this.length === this.#values.length) this.#grow(this.length + 1);
    this.#values[this.length++] = value;
  }

  /** The last value, taken off; the list must not be empty. */
  pop(): number {
    return this.#values[--this.length]!;
  }

  /** Adds one to the value at `index`, which may lie beyond the end: values there are 0. */
  increment(index: number): void {
    if (index >= this.#values.length) this.#grow(index + 1);
    if (index >= this.length) this.length = index + 1;
    this.#values[index]!++;
  }

  /** A copy of the values. */
  copy(): Int32Array {
    return this.#values.slice(0, this.length);
  }

  #grow(length: number): void {
    const grown = new Int32Array(Math.max(length, this.#values.length * 2));
    grown.set(this.#values);
    this.#values = grown;
  }
}
