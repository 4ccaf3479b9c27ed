/**
 * Where each part of a state is in its row of integers: the replicas, a queue for each two, the
 * cut, the frame that was kept, the faults that are used up, the history variables.
 */

export type State = Int32Array;

export class Layout {
  readonly n: number;
  readonly sids: readonly number[];
  readonly cut: number;
  readonly late: number;
  readonly used: number;
  readonly ledger: number;
  readonly size: number;

  constructor(n: number) {
    this.n = n;
    this.sids = Array.from({ length: n }, (_, at) => at + 1);
    this.cut = n + n * n;
    this.late = this.cut + 1;
    this.used = this.cut + 2;
    this.ledger = this.cut + 3;
    this.size = this.cut + 4;
  }

  link(from: number, to: number): number {
    return this.n + (from - 1) * this.n + to - 1;
  }

  isCut(state: State, a: number, b: number): boolean {
    const mask = state[this.cut]!;
    return ((mask >> a) & 1) !== ((mask >> b) & 1);
  }

  /** The side without the last replica names the cut. */
  oriented(mask: number): number {
    const all = (1 << (this.n + 1)) - 2;
    return ((mask >> this.n) & 1) === 0 ? mask : mask ^ all;
  }
}
