/**
 * Which invariants belong to which machine, by the machine's id, ready to be asserted. Whoever runs
 * a machine looks here, so that none runs without.
 */

import { channelInvariants } from './channel.ts';
import { connectionInvariants } from './connection.ts';
import { electionInvariants } from './election-invariants.ts';
import { leaderEntryInvariants, leaderInvariants } from './leader-invariants.ts';
import { learnerHandlerInvariants } from './learner-handler.ts';
import { learnerEntryInvariants, learnerInvariants } from './learner-invariants.ts';
import type { Edge, Moment } from './moment.ts';
import { peerInvariants } from './peer.ts';
import { sessionInvariants } from './session.ts';
import { sessionTrackerInvariants } from './session-tracker.ts';
import { snapshotterInvariants } from './snapshotter.ts';
import { watchInvariants } from './watch.ts';

/** Of machines that run one by one: asserted after every transition. */
export const invariants = {
  channel: channelInvariants,
  election: electionInvariants,
  leader: leaderInvariants,
  learner: learnerInvariants,
  learnerHandler: learnerHandlerInvariants,
  sessionTracker: sessionTrackerInvariants,
  snapshotter: snapshotterInvariants,
} as const;

/** The same, but asserted only when the state changes: what need not be asked costs nothing. */
export const entryInvariants = {
  leader: leaderEntryInvariants,
  learner: learnerEntryInvariants,
  peer: peerInvariants,
} as const;

/** Of machines that run as tables: asserted of every entry when the table is compiled. */
export const edgeInvariants = {
  connection: connectionInvariants,
  session: sessionInvariants,
  watch: watchInvariants,
} as const;

export interface Invariant<Judge> {
  readonly message: string;
  readonly holds: Judge;
}

export type MomentInvariant = Invariant<
  (now: Moment<unknown>, before: Moment<unknown> | null) => boolean
>;
export type EdgeInvariant = Invariant<(edge: Edge) => boolean>;

/** Messages are put together once: an assertion must cost nothing but its condition. */
function prepared<Judge>(all: {
  readonly [machine: string]: { readonly [sentence: string]: Judge };
}): ReadonlyMap<string, readonly Invariant<Judge>[]> {
  return new Map(
    Object.entries(all).map(([machine, one]) => [
      machine,
      Object.entries(one).map(([sentence, holds]) => {
        return { message: `machine ${machine}: ${sentence}`, holds };
      }),
    ]),
  );
}

const ofMoments = prepared(invariants as never) as ReadonlyMap<string, readonly MomentInvariant[]>;
const ofEntries = prepared(entryInvariants as never) as typeof ofMoments;
const ofEdges = prepared(edgeInvariants);

export function invariantsOf(machine: string): readonly MomentInvariant[] {
  return ofMoments.get(machine) ?? [];
}

export function entryInvariantsOf(machine: string): readonly MomentInvariant[] {
  return ofEntries.get(machine) ?? [];
}

export function edgeInvariantsOf(machine: string): readonly EdgeInvariant[] {
  return ofEdges.get(machine) ?? [];
}
