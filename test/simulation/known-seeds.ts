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
  { seed: 3066, what: 'an end that was refused left a session that never expired (C8, C9)' },
  { seed: 5075, what: 'a session that stayed where it had been moved from expired (C8)' },
  { seed: 6777, what: 'a session expired though its leader had just prepared a write of it (C8)' },
  { seed: 12731, what: 'a session expired that read on where it had been moved from (C8)' },
  {
    seed: 15690,
    what: 'old damage in its log ended a leader, as somebody with an empty disk came',
  },
  { seed: 30370, what: 'one that lost its disk was no witness for the next that did (L1)' },
  { seed: 31557, what: 'a container whose only child was refused was said to stay (C16), wrongly' },
  { seed: 1001824, what: 'a write was done twice after a new link to the same leader (C2)' },
  { seed: 1004419, what: 'the same, seen by a disk that was slow' },
  { seed: 1019348, what: 'a write over a connection that was left, done in a later term (C2)' },
  { seed: 2000678, workload: 'churn', what: 'the same, and its holder was refused' },
];
