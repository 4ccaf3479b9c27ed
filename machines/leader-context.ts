/**
 * What a term of a leader is about: what it begins with, what is known while it lasts, and what may
 * happen to it.
 */

import type { QuorumSystem } from './quorum.ts';
import type { Greeting, LearnerRecord } from './standing.ts';

export interface LeaderInput {
  readonly sid: number;
  readonly quorum: QuorumSystem;
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** End of our log: the history that the term begins with. */
  readonly lastZxid: number;
  readonly tick: number;
  /** Ticks until a quorum must have greeted us, and then until it holds our history. */
  readonly greetTicks: number;
  readonly initTicks: number;
  /** Ticks after which a silent learner counts for nothing. */
  readonly leaseTicks: number;
  /** A gap between two ticks of more than this many is a stall of our own. */
  readonly stallTicks: number;
}

export interface LeaderContext extends LeaderInput {
  /** The end of the phase before broadcast that we are in. */
  deadlineTick: number;
  quorum: QuorumSystem;
  tick: number;
  /** The epoch of this term; 0 until a quorum has greeted us. */
  epoch: number;
  learners: { readonly [sid: string]: LearnerRecord };
  /** Whoever has promised our epoch to us in this term, also if it has left since. */
  promisedSids: readonly number[];
  ownPromise: boolean;
  ownHistory: boolean;
  /** Last txn of this epoch in our own log. */
  logged: number;
  /** Invariant: never goes down, and a quorum holds everything up to it. */
  committed: number;
  /**
   * What is one voter short of a quorum, whichever voter it is: committed for each voter that holds
   * it too (standing.ts). Told before anybody's ack has come. Invariant: never goes down.
   */
  early: number;
  /** A replica that does not vote any more may not have heard of it yet. */
  hasQuorumChanged: boolean;
}

export type LeaderEvent =
  | ({ type: 'learner.greeted' } & Greeting)
  /** Our own acceptedEpoch, and later our own history and currentEpoch, are durable. */
  | { type: 'promise.stored' }
  | { type: 'history.stored' }
  | { type: 'epoch.promised'; sid: number; currentEpoch: number; lastZxid: number }
  | { type: 'leadership.acked'; sid: number }
  | { type: 'batch.logged'; zxid: number }
  | { type: 'ack.received'; sid: number; zxid: number }
  /** It follows us, and has heard our status of that number. */
  | { type: 'learner.heard'; sid: number; pulse: number }
  | { type: 'learner.left'; sid: number }
  /** A reconfig was proposed (old and new must agree), or has been committed (the new one). */
  | { type: 'quorum.changed'; quorum: QuorumSystem }
  | { type: 'rival.heard'; epoch: number; leader: number }
  /** Of our own will: the zxid's counter is used up, or we are no voter any more. */
  | { type: 'leadership.resigned'; reason: string }
  | { type: 'tick'; tick: number };
