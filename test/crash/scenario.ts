/** A life whose every moment is a possible crash. */

import type { Marks } from './marks.ts';

export interface Scenario {
  /** Row of the table of crash points that it belongs to. */
  readonly group: string;
  readonly segmentBytes: number;
  /** Per moment: subsets of what is not safe. */
  readonly subsetsMax: number;
  /** Per moment: torn pages. */
  readonly tearsMax: number;
  /** Whether the lock files are looked at as well. */
  readonly locksMayTear?: boolean;
  /** Runs in a process of its own, while its writes are recorded. */
  run(top: string, marks: Marks): Promise<void>;
}

/** Small, so that a few batches fill one. */
export const segmentBytes = 64 * 1024;
