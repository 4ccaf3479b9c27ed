/**
 * How a leader's learners stand: who counts as a witness of the past, who has promised, who holds
 * our history, and up to where a quorum holds what was proposed. Plain functions over plain data.
 */

import { epochOf } from '../protocol/zxid.ts';
import { agreedZxid, isQuorum, type QuorumSystem } from './quorum.ts';

/** What is known of a learner. */
export interface LearnerRecord {
  readonly acceptedEpoch: number;
  /** Observers promise nothing and count for nothing. */
  readonly votes: boolean;
  /**
   * It has never held a leader's whole history: a new one, or one that has lost its disk, and with
   * it what it promised and acknowledged.
   */
  readonly isBlank: boolean;
  /** It promised our epoch; it took over our history. Invariant: synced implies promised. */
  readonly promised: boolean;
  readonly synced: boolean;
  /** Everything up to here is in its log; 0 for nothing of this epoch. */
  readonly acked: number;
  readonly heardTick: number;
}

/** The part of a leader's context that is judged here. */
interface Standing {
  readonly sid: number;
  readonly quorum: QuorumSystem;
  readonly lastZxid: number;
  readonly learners: { readonly [sid: string]: LearnerRecord };
  readonly ownPromise: boolean;
  readonly ownHistory: boolean;
  readonly logged: number;
  readonly acceptedEpoch: number;
  readonly epoch: number;
  readonly promisedSids: readonly number[];
}

/**
 * A replica that has lost its disk may have acknowledged what nobody else here holds: it is no
 * witness of the past. Only where the leader holds no txn of any epoch an ensemble is being founded
 * (with what a standalone replica left, perhaps).
 */
function isWitness({ lastZxid }: Standing, learner: LearnerRecord | undefined): boolean {
  if (learner === undefined || !learner.votes) return false;
  return !learner.isBlank || epochOf(lastZxid) === 0;
}

export function hasGreeted(standing: Standing): boolean {
  const { quorum, sid, learners } = standing;
  return isQuorum(quorum, (other) => other === sid || isWitness(standing, learners[other]));
}

export function isPromised(standing: Standing): boolean {
  const { quorum, sid, learners, ownPromise } = standing;
  return isQuorum(quorum, (other) => {
    if (other === sid) return ownPromise;
    return isWitness(standing, learners[other]) && learners[other]?.promised === true;
  });
}

export function isSynced({ quorum, sid, learners, ownHistory }: Standing): boolean {
  return isQuorum(quorum, (other) =>
    other === sid ? ownHistory : learners[other]?.synced === true,
  );
}

/** The last zxid that is in the log of a quorum; our own log is one of them. */
export function agreed({ quorum, sid, learners, logged }: Standing): number {
  return agreedZxid(quorum, (other) => {
    if (other === sid) return logged;
    const learner = learners[other];
    return learner?.synced ? learner.acked : 0;
  });
}

/** The epoch after all that anybody who votes has promised so far. */
export function nextEpoch({ acceptedEpoch, learners }: Standing): number {
  const promised = Object.values(learners).filter(({ votes }) => votes);
  return 1 + Math.max(acceptedEpoch, ...promised.map((learner) => learner.acceptedEpoch));
}

/**
 * A voter promises an epoch once. One that has promised ours may have done so to a rival that chose
 * the same one; as long as no quorum is ours that would make two leaders of one epoch (Z8).
 */
export function isTaken(
  context: Standing,
  learner: { sid: number; acceptedEpoch: number },
): boolean {
  const { epoch, promisedSids } = context;
  if (learner.acceptedEpoch !== epoch) return learner.acceptedEpoch > epoch;
  return !promisedSids.includes(learner.sid) && !isPromised(context);
}

export function firstTaken(context: Standing): number | undefined {
  return Object.entries(context.learners)
    .map(([sid, { votes, acceptedEpoch }]) => ({ sid: Number(sid), votes, acceptedEpoch }))
    .find((learner) => learner.votes && isTaken(context, learner))?.sid;
}

/** The learners after a change of one of them; of one that is unknown nothing is noted. */
export function withLearner(
  { learners }: Standing,
  sid: number,
  change: Partial<LearnerRecord>,
): Pick<Standing, 'learners'> {
  const record = learners[sid];
  if (record === undefined) return { learners };
  return { learners: { ...learners, [sid]: { ...record, ...change } } };
}

export function learnersWho({ learners }: Standing, what: 'promised' | 'synced'): number[] {
  return Object.keys(learners)
    .map(Number)
    .filter((sid) => learners[sid]![what]);
}
