/**
 * Leader election (spec 6.3): everybody tells everybody whom it votes for, adopts better votes, and
 * takes a vote as decided when a quorum shares it and no better one can be expected. Votes are told
 * again at every tick, so a lost one costs a tick. Only liveness depends on the outcome: that a
 * leader is safe to follow is proved by discovery (leader.ts), never here.
 *
 * Differs from ZooKeeper's in two ways: the wait for a better vote is skipped when everybody who is
 * not known to be gone has voted alike; and a leader that says it is established is followed at
 * once, as discovery refuses a false one.
 */

import { assign, setup } from 'xstate';
import {
  compareVotes,
  isQuorum,
  isSameVote,
  mayLead,
  type QuorumSystem,
  type Vote,
  votersOf,
} from './quorum.ts';

export interface ElectionInput {
  readonly sid: number;
  /** How long a decided vote waits for a better one, ticks. */
  readonly finalizeTicks: number;
}

export interface ElectionContext {
  readonly sid: number;
  readonly finalizeTicks: number;
  quorum: QuorumSystem;
  /** Logical clock: votes of different rounds are not compared. Invariant: never goes down. */
  round: number;
  /** What we vote for in the first place, and what we vote for now. */
  initial: Vote;
  vote: Vote;
  /** Votes of this round by others that are looking as well. */
  votes: { readonly [sid: string]: Vote };
  /** Replicas known to be gone: nobody waits for their vote. */
  lost: readonly number[];
  tick: number;
  /** Set while a quorum shares our vote. */
  finalizeTick: number | null;
}

export type ElectionEvent =
  | {
      type: 'election.begun';
      quorum: QuorumSystem;
      /** Last zxid in our log, and our currentEpoch. */
      zxid: number;
      epoch: number;
      /** Whom we just left because it is gone, if anybody. */
      lost: readonly number[];
    }
  | { type: 'vote.received'; from: number; round: number; vote: Vote }
  /** An established leader with a quorum behind it says so. */
  | { type: 'leader.heard'; leader: number }
  | { type: 'peer.lost'; from: number }
  | { type: 'tick'; tick: number };

type VoteReceived = Extract<ElectionEvent, { type: 'vote.received' }>;

const nobody: Vote = { leader: 0, zxid: -1, epoch: -1 };

/** After an event: is our vote shared by a quorum, and must anybody else be waited for? */
function judge(context: ElectionContext): Pick<ElectionContext, 'finalizeTick'> {
  const { quorum, sid, vote, votes, lost, tick } = context;
  const sharesVote = (other: number) => {
    const theirs = other === sid ? vote : votes[other];
    return theirs !== undefined && isSameVote(theirs, vote);
  };
  if (vote.leader === 0 || !isQuorum(quorum, sharesVote)) return { finalizeTick: null };
  const nobodyElse = votersOf(quorum).every((other) => sharesVote(other) || lost.includes(other));
  if (nobodyElse) return { finalizeTick: tick };
  return { finalizeTick: context.finalizeTick ?? tick + context.finalizeTicks };
}

function begin(context: ElectionContext): Partial<ElectionContext> {
  const begun = {
    ...context,
    round: context.round + 1,
    vote: context.initial,
    votes: {},
    finalizeTick: null,
  };
  return { ...begun, ...judge(begun) };
}

/** A vote of a later round than ours starts that round for us too. */
function count(context: ElectionContext, { from, round, vote }: VoteReceived): ElectionContext {
  const isLater = round > context.round;
  const mine = isLater ? context.initial : context.vote;
  const counted = {
    ...context,
    round,
    votes: { ...(isLater ? {} : context.votes), [from]: vote },
    lost: context.lost.filter((sid) => sid !== from),
    vote: mayLead(context.quorum, vote.leader) && compareVotes(vote, mine) > 0 ? vote : mine,
    finalizeTick: isLater ? null : context.finalizeTick,
  };
  // A better vote is a new beginning of the wait.
  if (!isSameVote(counted.vote, context.vote)) counted.finalizeTick = null;
  return { ...counted, ...judge(counted) };
}

export const electionMachine = setup({
  types: {
    context: {} as ElectionContext,
    input: {} as ElectionInput,
    events: {} as ElectionEvent,
  },
  guards: {
    isStale: ({ context }, params: { round: number }) => params.round < context.round,
    changesVote: ({ context }, params: VoteReceived) => {
      const after = count(context, params);
      return after.round !== context.round || !isSameVote(after.vote, context.vote);
    },
    isOurCandidate: ({ context }, params: { from: number }) => context.vote.leader === params.from,
    isSettled: ({ context }) =>
      context.finalizeTick !== null && context.finalizeTick <= context.tick,
  },
  actions: {
    prepare: assign(({ context }, params: Extract<ElectionEvent, { type: 'election.begun' }>) => {
      const { quorum, zxid, epoch } = params;
      const isCandidate = mayLead(quorum, context.sid);
      const initial = isCandidate ? { leader: context.sid, zxid, epoch } : nobody;
      return begin({ ...context, quorum, initial, lost: params.lost });
    }),
    restart: assign(({ context }, params: { from: number }) =>
      begin({ ...context, lost: [...context.lost, params.from] }),
    ),
    countVote: assign(({ context }, params: VoteReceived) => count(context, params)),
    forgetVote: assign(({ context }, params: { from: number }) => {
      const { [params.from]: _gone, ...votes } = context.votes;
      const left = { ...context, votes, lost: [...context.lost, params.from] };
      return { ...left, ...judge(left) };
    }),
    noteTick: assign({ tick: (_, params: { tick: number }) => params.tick }),
    /** Our vote is new: tell it now, not at the next tick. */
    sendVote: () => {},
    concludeElection: (_, _params: { leader: number; round: number }) => {},
  },
}).createMachine({
  id: 'election',
  context: ({ input }) => ({
    ...input,
    quorum: [],
    round: 0,
    initial: nobody,
    vote: nobody,
    votes: {},
    lost: [],
    tick: 0,
    finalizeTick: null,
  }),
  initial: 'idle',
  states: {
    idle: {
      on: {
        'election.begun': {
          target: 'looking',
          actions: [{ type: 'prepare', params: ({ event }) => event }, 'sendVote'],
        },
        tick: { actions: { type: 'noteTick', params: ({ event }) => ({ tick: event.tick }) } },
      },
    },
    looking: {
      always: {
        guard: 'isSettled',
        target: 'idle',
        actions: {
          type: 'concludeElection',
          params: ({ context }) => ({ leader: context.vote.leader, round: context.round }),
        },
      },
      on: {
        // Others go by later members than we knew of.
        'election.begun': {
          actions: [{ type: 'prepare', params: ({ event }) => event }, 'sendVote'],
        },
        'vote.received': [
          {
            guard: { type: 'isStale', params: ({ event }) => ({ round: event.round }) },
          },
          {
            guard: { type: 'changesVote', params: ({ event }) => event },
            actions: [{ type: 'countVote', params: ({ event }) => event }, 'sendVote'],
          },
          { actions: { type: 'countVote', params: ({ event }) => event } },
        ],
        'leader.heard': {
          target: 'idle',
          actions: {
            type: 'concludeElection',
            params: ({ context, event }) => ({ leader: event.leader, round: context.round }),
          },
        },
        'peer.lost': [
          {
            guard: { type: 'isOurCandidate', params: ({ event }) => ({ from: event.from }) },
            actions: [
              { type: 'restart', params: ({ event }) => ({ from: event.from }) },
              'sendVote',
            ],
          },
          { actions: { type: 'forgetVote', params: ({ event }) => ({ from: event.from }) } },
        ],
        tick: {
          actions: [
            { type: 'noteTick', params: ({ event }) => ({ tick: event.tick }) },
            'sendVote',
          ],
        },
      },
    },
  },
});
