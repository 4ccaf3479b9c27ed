/**
 * What is true of an election at any moment. That a leader is safe to follow depends on none of
 * this (leader.ts); that an election comes to an end does.
 */

import type { ElectionContext } from './election.ts';
import type { Invariants } from './moment.ts';
import { compareVotes, isQuorum, isSameVote, mayLead } from './quorum.ts';

/** Does a quorum, ourselves included, share our vote? */
function isShared({ quorum, sid, vote, votes }: ElectionContext): boolean {
  return isQuorum(quorum, (other) => {
    if (other === sid) return true;
    const theirs = votes[other];
    return theirs !== undefined && isSameVote(theirs, vote);
  });
}

export const electionInvariants: Invariants<ElectionContext> = {
  'round never goes down': (now, before) =>
    before === null || now.context.round >= before.context.round,

  'nobody looks before the first round': ({ state, context }) =>
    state !== 'looking' || context.round > 0,

  'time never goes back': (now, before) =>
    before === null || now.context.tick >= before.context.tick,

  'our vote is for nobody or for one who may lead': ({ context }, before) => {
    const { vote, quorum } = context;
    if (before?.context.vote === vote && before.context.quorum === quorum) return true;
    return vote.leader === 0 || mayLead(quorum, vote.leader);
  },

  'we begin with ourselves or with nobody': ({ context }) =>
    context.initial.leader === 0 || context.initial.leader === context.sid,

  'our vote is never worse than the one that we began with': ({ context }) =>
    compareVotes(context.vote, context.initial) >= 0,

  'within a round our vote only gets better': (now, before) =>
    before === null ||
    now.context.round !== before.context.round ||
    compareVotes(now.context.vote, before.context.vote) >= 0,

  'our own vote is not counted twice': ({ context }) => context.votes[context.sid] === undefined,

  'who is gone has no vote': ({ context }) => {
    const { lost, votes } = context;
    for (const sid of lost) if (votes[sid] !== undefined) return false;
    return true;
  },

  'votes of one round are not forgotten, but of those who are gone': (now, before) => {
    const { votes, round, lost } = now.context;
    if (before === null || before.context.votes === votes) return true;
    if (before.context.round !== round) return true;
    for (const sid in before.context.votes) {
      if (votes[sid] === undefined && !lost.includes(Number(sid))) return false;
    }
    return true;
  },

  'a decision is near only while a quorum shares our vote': ({ context }, before) => {
    if (context.finalizeTick === null) return true;
    if (before !== null && before.context.votes === context.votes) {
      if (before.context.finalizeTick === context.finalizeTick) return true;
    }
    return context.vote.leader !== 0 && isShared(context);
  },

  'nobody goes on looking once it is decided': ({ state, context }) =>
    state !== 'looking' || context.finalizeTick === null || context.finalizeTick > context.tick,

  'a decided vote is not waited upon for longer than it takes': ({ context }) =>
    context.finalizeTick === null || context.finalizeTick <= context.tick + context.finalizeTicks,
};
