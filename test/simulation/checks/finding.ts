/**
 * What a check has to say: findings, which name the invariant that does not hold, and counts of
 * what was looked at, so that a check that saw nothing is noticed.
 */

import type { Operation } from '../tap-journal.ts';

export interface Finding {
  /** C1 to C16 as in the list of invariants; `wire` for bytes that mean nothing. */
  readonly invariant: string;
  readonly text: string;
  readonly operations: readonly Operation[];
}

/** One broken thing tends to be found again at every operation behind it. */
const perInvariantMax = 20;

export class Report {
  readonly findings: Finding[] = [];
  readonly counts: Record<string, number> = {};
  readonly #said = new Map<string, number>();

  add(invariant: string, text: string, ...operations: Operation[]): void {
    const said = (this.#said.get(invariant) ?? 0) + 1;
    this.#said.set(invariant, said);
    if (said <= perInvariantMax) this.findings.push({ invariant, text, operations });
    else this.count(`${invariant} findings left out`);
  }

  count(what: string, more = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + more;
  }
}

/** A finding as lines of text. */
export function describeFinding({ invariant, text, operations }: Finding): string {
  return [`${invariant}: ${text}`, ...operations.map((one) => `    ${one}`)].join('\n');
}

export const hex = (zxid: number): string => `0x${zxid.toString(16)}`;
