/**
 * What a leader's machine has noted and is never asked about again: terms that differ by that alone
 * go on alike, so it is put away. Who asks what: machines/leader.ts, machines/standing.ts.
 */

import type { LeaderContext } from '../../machines/leader.ts';
import { epochOf, makeZxid } from '../../protocol/zxid.ts';

export function askedStill(context: LeaderContext, state: string): LeaderContext {
  if (!state.startsWith('ruling.')) return context;
  const { committed, logged, early, lastZxid, currentEpoch } = context;
  const learners: { [sid: string]: LeaderContext['learners'][string] } = {};
  for (const sid in context.learners) {
    const learner = context.learners[sid]!;
    // Epochs that were promised before decide which one is chosen: it is.
    learners[sid] = { ...learner, acceptedEpoch: 0, acked: Math.max(learner.acked, committed) };
  }
  // Only what is beyond what a quorum holds is compared with it.
  const counted = { logged: Math.max(logged, committed), early: Math.max(early, committed) };
  // Whose history is later is asked while promises are gathered; after that, only if there was any.
  const isGathering = state === 'ruling.gathering';
  const own = isGathering ? lastZxid : epochOf(lastZxid) === 0 ? 0 : makeZxid(1, 0);
  const epoch = isGathering ? currentEpoch : 0;
  return { ...context, learners, ...counted, lastZxid: own, currentEpoch: epoch };
}
