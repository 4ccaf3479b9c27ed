/**
 * The machines that a replica of the model is made of: the very objects that production runs. For
 * each, how its context is renamed when replicas change places, and what of it has no order.
 */

import { channelMachine } from '../../machines/channel.ts';
import { electionMachine } from '../../machines/election.ts';
import { type LeaderContext, leaderMachine } from '../../machines/leader.ts';
import { learnerMachine } from '../../machines/learner.ts';
import { learnerHandlerMachine } from '../../machines/learner-handler.ts';
import { peerMachine } from '../../machines/peer.ts';
import { type Renaming, renamed } from './names.ts';
import { normalisePulses } from './pulses.ts';
import { HostedMachine, type Json } from './seat.ts';
import { askedStill } from './term-facts.ts';

export type SidMap = { readonly [sid: string]: unknown };

export const renameKeys = (map: SidMap, sid: Renaming): SidMap =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [sid(Number(key)), value]));

const sorted = (sids: unknown): number[] => [...(sids as number[])].sort((a, b) => a - b);

export class Catalogue {
  readonly #isWhole: boolean;

  /** `isWhole`: contexts keep what is never asked about again. */
  constructor(isWhole: boolean) {
    this.#isWhole = isWhole;
  }

  readonly peer = new HostedMachine(peerMachine, { rename: (context) => context });

  readonly election = new HostedMachine(electionMachine, {
    rename: () => {
      throw new Error('votes are ordered by sid: replicas cannot change places');
    },
    normalise: (context) => ({ ...context, lost: sorted(context['lost']) }),
  });

  readonly leader: HostedMachine = new HostedMachine(leaderMachine, {
    // All replicas vote: the quorum stays the same.
    rename: (context, sid) => ({
      ...context,
      sid: sid(context['sid'] as number),
      learners: renameKeys(context['learners'] as SidMap, sid),
      promisedSids: (context['promisedSids'] as number[]).map(sid),
    }),
    normalise: (context, state) => {
      const term = context as unknown as LeaderContext;
      const asked = this.#isWhole ? term : askedStill(term, state);
      const learners = normalisePulses(asked.learners);
      return { ...asked, learners, promisedSids: sorted(asked.promisedSids) };
    },
  });

  readonly learner = new HostedMachine(learnerMachine, {
    rename: (context, sid) => ({ ...context, leader: sid(context['leader'] as number) }),
  });

  readonly handler = new HostedMachine(learnerHandlerMachine, {
    rename: (context, sid) => ({ ...context, sid: sid(context['sid'] as number) }),
  });

  readonly channel = new HostedMachine(channelMachine, {
    rename: (context: Json, sid) => ({
      ...context,
      incarnation: renamed(context['incarnation'] as number, sid),
      link: renamed(context['link'] as number, sid),
    }),
  });
}
