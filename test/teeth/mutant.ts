/**
 * What a mutant is: a textual change of production source that puts a known bug back. It is applied
 * by test/support/run-ts.mjs alone, to programs that look for what is wrong with it.
 */

export interface Change {
  /** From the top of the repository. */
  readonly file: string;
  /** Occurs exactly once in it. */
  readonly from: string;
  readonly to: string;
}

/**
 * Who looks for it: whole ensembles in simulated time, the model of the machines, or crashes of
 * scenarios on real LMDB files.
 */
export type Finder = 'simulation' | 'model' | 'crash';

export interface Mutant extends Change {
  readonly id: string;
  /** Where the bug was published, or `slip`. */
  readonly source: string;
  readonly what: string;
  /** Further changes, where one place does not make it. */
  readonly also?: readonly Change[];
  readonly finder: Finder;
  /** Workload, bounds of a model, or scenario; without it a random choice of workloads. */
  readonly where?: string;
}

export function changesOf({ file, from, to, also = [] }: Mutant): readonly Change[] {
  return [{ file, from, to }, ...also];
}
