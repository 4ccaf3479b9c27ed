/**
 * Seeds that once broke an invariant. What a seed does changes with the code, so each finding has a
 * test of its own as well; these stay because they cost little.
 */

export interface Found {
  readonly seed: number;
  readonly workload?: string;
  /** What it showed, and what was wrong. */
  readonly what: string;
}

export const knownSeeds: readonly Found[] = [
  { seed: 60, what: 'a session expired before its timeout after its connection broke (C8)' },
  { seed: 30, what: 'a session that moved, closed over the connection that it had left (C8, C9)' },
];
