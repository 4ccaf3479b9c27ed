/**
 * Hash-consing: equal values get the same small number, so that a state is a few integers and an
 * equality is one comparison. Values are plain JSON and are never changed once they have a number.
 */

export class Interner<Value> {
  readonly #ids = new Map<string, number>();
  readonly #values: Value[] = [];

  get size(): number {
    return this.#values.length;
  }

  id(value: Value): number {
    const key = JSON.stringify(value);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.#values.length);
    this.#values.push(value);
    return this.#values.length - 1;
  }

  get(id: number): Value {
    return this.#values[id]!;
  }
}

/** A function of two small numbers, computed once for each pair: open addressing, no objects. */
export class PairMemo {
  readonly #compute: (row: number, column: number) => number;
  #rows = new Int32Array(1024).fill(-1);
  #columns = new Int32Array(1024);
  #results = new Int32Array(1024);
  #size = 0;

  constructor(compute: (row: number, column: number) => number) {
    this.#compute = compute;
  }

  get(row: number, column: number): number {
    const at = this.#place(row, column);
    if (this.#rows[at] === row) return this.#results[at]!;
    const result = this.#compute(row, column);
    this.set(row, column, result);
    return result;
  }

  /** What is known without computing it. */
  set(row: number, column: number, result: number): void {
    if (this.#size * 2 >= this.#rows.length) this.#grow();
    this.#put(row, column, result);
  }

  #put(row: number, column: number, result: number): void {
    const at = this.#place(row, column);
    if (this.#rows[at] === -1) this.#size++;
    this.#rows[at] = row;
    this.#columns[at] = column;
    this.#results[at] = result;
  }

  /** Where the pair is, or would be. */
  #place(row: number, column: number): number {
    const rows = this.#rows;
    const columns = this.#columns;
    const mask = rows.length - 1;
    let hash = Math.imul(row, 0x9e3779b1) ^ Math.imul(column, 0x85ebca77);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let at = (hash ^ (hash >>> 13)) & mask;
    while (rows[at] !== -1 && (rows[at] !== row || columns[at] !== column)) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const [rows, columns, results] = [this.#rows, this.#columns, this.#results];
    this.#rows = new Int32Array(rows.length * 2).fill(-1);
    this.#columns = new Int32Array(rows.length * 2);
    this.#results = new Int32Array(rows.length * 2);
    this.#size = 0;
    for (let at = 0; at < rows.length; at++) {
      if (rows[at] !== -1) this.#put(rows[at]!, columns[at]!, results[at]!);
    }
  }
}
