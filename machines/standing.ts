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
  /** The last status that we had sent when it greeted, and the last one that it has answered. */
  readonly greetedPulse: number;
  readonly pulse: number;
  /** It may take over our history: a blank one once we know that we are not deposed. */
  readonly isTrusted: boolean;
}

/** Who greets, and how. */
export interface Greeting {
  readonly sid: number;
  readonly acceptedEpoch: number;
  readonly votes: boolean;
  readonly isBlank: boolean;
  readonly pulse: number;
}

/** The part of a leader's context that is judged here. */
interface Standing {
  readonly hasQuorumChanged: boolean;
  readonly sid: number;
  readonly quorum: QuorumSystem;
  readonly lastZxid: number;
  readonly learners: { readonly [sid: string]: LearnerRecord };
  readonly ownPromise: boolean;
  readonly ownHistory: boolean;
  readonly logged: number;
  readonly committed: number;
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

/**
 * No txn of any epoch is known here: whoever comes without data is new. From the first txn on it
 * may be one that has lost its disk, also in the very term that founded the ensemble.
 */
const isFounding = ({ lastZxid, logged, committed }: Standing): boolean =>
  epochOf(lastZxid) === 0 && logged === 0 && committed === 0;

/**
 * Blank learners who may take over our history from now on. What such a one has lost may be its
 * share in a later epoch: then we are deposed, and with its help would rule on, and it would be
 * taken for a witness later. So a quorum without it must have answered, after its greeting, that it
 * follows us still.
 */
export function newlyTrusted(standing: Standing): number[] {
  const { quorum, sid, learners } = standing;
  const sids: number[] = [];
  for (const each in learners) {
    const { promised, isTrusted, greetedPulse } = learners[each]!;
    if (isTrusted || !promised) continue;
    const isConfirmed = isQuorum(quorum, (other) => {
      const witness = learners[other];
      if (other === sid || witness === undefined) return other === sid;
      const { votes, isTrusted: isSure, promised: follows, pulse } = witness;
      return votes && isSure && follows && pulse > greetedPulse;
    });
    if (isConfirmed) sids.push(Number(each));
  }
  return sids;
}

export function withTrust(standing: Standing): Pick<Standing, 'learners'> {
  const learners = { ...standing.learners };
  for (const sid of newlyTrusted(standing)) learners[sid] = { ...learners[sid]!, isTrusted: true };
  return { learners };
}

/** A learner's first word on a link: of the one before it nothing counts. */
export function withGreeting(
  standing: Standing,
  { sid, acceptedEpoch, votes, isBlank, pulse }: Greeting,
  heardTick: number,
): Pick<Standing, 'learners'> {
  const isTrusted = !isBlank || isFounding(standing);
  const record = {
    ...{ acceptedEpoch, votes, isBlank, isTrusted, heardTick, greetedPulse: pulse, pulse: 0 },
    ...{ promised: false, synced: false, acked: 0 },
  };
  return { learners: { ...standing.learners, [sid]: record } };
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

/** Has a quorum been heard of since that tick? */
export function isQuorumHeard({ quorum, sid, learners }: Standing, sinceTick: number): boolean {
  return isQuorum(quorum, (other) => {
    const learner = learners[other];
    return other === sid || (learner !== undefined && learner.heardTick >= sinceTick);
  });
}

/** The last zxid in a replica's log, as far as it counts; our own log is one of them. */
function held({ sid, learners, logged }: Standing, other: number): number {
  if (other === sid) return logged;
  const learner = learners[other];
  return learner?.synced ? learner.acked : 0;
}

/** The last zxid that is in the log of a quorum. */
export function agreed(standing: Standing): number {
  return agreedZxid(standing.quorum, (other) => held(standing, other));
}

/**
 * The last zxid that any further voter makes a quorum of those who hold it: a voter that holds it
 * too need not wait for its own ack to travel to us and back. That a quorum holds it is then as
 * true as after the ack, and known there first. With three voters it is the end of our own log; of
 * five or more, one that has acknowledged it is no further voter, and nothing is told early.
 * After a reconfig nothing is told so: one that votes no more may take itself for that voter.
 */
export function early(standing: Standing): number {
  const { quorum, sid, logged, hasQuorumChanged } = standing;
  if (hasQuorumChanged) return 0;
  let last = logged;
  for (const { groups } of quorum) {
    for (const group of groups) {
      for (const each in group) {
        const voter = Number(each);
        if (voter === sid) continue;
        const withIt = (other: number): number => (other === voter ? last : held(standing, other));
        last = Math.min(last, agreedZxid(quorum, withIt));
      }
    }
  }
  return last;
}

/** Does each learner vote, as far as we know? Observers have nothing of what is told early. */
export const doAllVote = ({ learners }: Pick<Standing, 'learners'>): boolean =>
  Object.values(learners).every(({ votes }) => votes);

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

/** As if each had been heard just now. */
export function allHeard({ learners }: Standing, tick: number): Standing['learners'] {
  const heard: { [sid: string]: LearnerRecord } = {};
  for (const sid in learners) heard[sid] = { ...learners[sid]!, heardTick: tick };
  return heard;
}

export function learnersWho(
  { learners }: Standing,
  ...what: readonly ('promised' | 'synced' | 'isTrusted')[]
): number[] {
  return Object.keys(learners)
    .map(Number)
    .filter((sid) => what.every((one) => learners[sid]![one]));
}
