/**
 * The numbers of a leader's statuses, as far as they matter: only while a blank learner is not
 * trusted, and only whether a status was sent before or after its greeting. So a term counts
 * greetings of blank learners, not statuses, and forgets the count when all are trusted.
 *
 * A status and the beat that answers it are one atomic action here, so a beat always carries the
 * present number, and one that was sent before a greeting cannot count for it. That is enough. An
 * answer that is on its way while a blank learner greets has the number at that greeting, or a
 * lower one: here it comes before, and everybody counts as having given it. An answer to a later
 * status holds whenever it comes: a leader that hears it later is one that has waited.
 */

import type { LearnerRecord } from '../../machines/standing.ts';

type Learners = { readonly [sid: string]: LearnerRecord };

/** The number of the status that all have answered when nobody is blank. */
export const firstPulse = 1;

export const hasUntrusted = (learners: Learners): boolean =>
  Object.values(learners).some(({ isTrusted }) => !isTrusted);

/** All that were ever answered are one where nobody is asked about. */
export function normalisePulses(learners: Learners): Learners {
  if (hasUntrusted(learners)) return learners;
  const same: { [sid: string]: LearnerRecord } = {};
  for (const sid in learners) {
    same[sid] = { ...learners[sid]!, greetedPulse: firstPulse, pulse: firstPulse };
  }
  return same;
}
