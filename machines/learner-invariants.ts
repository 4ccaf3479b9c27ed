/**
 * What is true of a learner's link at any moment: whom it may follow, and what it may hold against
 * its leader.
 */

import type { LearnerContext } from './learner.ts';
import type { Invariants } from './moment.ts';

/** In this order, none twice. */
const steps: { readonly [state: string]: number } = {
  'joining.greeting': 0,
  'joining.promising': 1,
  'joining.syncing': 2,
  'joining.adopting': 3,
  'joining.acking': 4,
  following: 5,
  left: 6,
};

const stepOf = (state: string): number => steps[state] ?? Number.NaN;

/** It takes over what the leader has, or has done so. */
const isBound = (state: string): boolean =>
  state === 'following' ||
  state === 'joining.syncing' ||
  state === 'joining.adopting' ||
  state === 'joining.acking';

export const learnerInvariants: Invariants<LearnerContext> = {
  'the epoch of a link never changes': (now, before) =>
    before === null || before.context.epoch === 0 || now.context.epoch === before.context.epoch,

  'acceptedEpoch never goes down': (now, before) =>
    before === null || now.context.acceptedEpoch >= before.context.acceptedEpoch,

  'acceptedEpoch rises by a promise that is stored': (now, before) =>
    before === null ||
    now.context.acceptedEpoch === before.context.acceptedEpoch ||
    (before.state === 'joining.promising' && now.context.acceptedEpoch === before.context.epoch),

  'its part does not change over one link': (now, before) =>
    before === null ||
    (now.context.votes === before.context.votes && now.context.leader === before.context.leader),

  'time never goes back': (now, before) =>
    before === null || now.context.tick >= before.context.tick,

  'nothing was heard or said in the future': ({ context }) =>
    context.heardTick <= context.tick && context.greetedTick <= context.tick,

  'what was heard stays heard': (now, before) =>
    before === null ||
    (now.context.heardTick >= before.context.heardTick &&
      now.context.greetedTick >= before.context.greetedTick),

  'a deadline is only ever put off': (now, before) =>
    before === null || now.context.deadlineTick >= before.context.deadlineTick,

  'hints of the bus come one by one': (now, before) =>
    now.context.absences === 0 ||
    (before !== null &&
      now.context.absences >= before.context.absences &&
      now.context.absences <= before.context.absences + 1),

  'a leader that was heard is not absent': (now, before) =>
    before === null ||
    now.context.heardTick === before.context.heardTick ||
    now.context.absences === 0,
};

/** What is settled by entering a state, and stays so while it lasts. */
export const learnerEntryInvariants: Invariants<LearnerContext> = {
  'the steps of joining come in order, none twice': (now, before) =>
    before === null || now.state === before.state || stepOf(now.state) >= stepOf(before.state),

  'whoever joins does not skip to following': (now, before) =>
    now.state !== 'following' ||
    before?.state === 'following' ||
    before?.state === 'joining.acking',

  'the epoch is unknown until the leader has announced it': ({ state, context }) =>
    state !== 'joining.greeting' || context.epoch === 0,

  'no leader of an epoch before the one that we promised is followed': ({ state, context }) =>
    !isBound(state) || context.epoch >= context.acceptedEpoch,

  'a voter takes over the history of the epoch that it has promised': ({ state, context }) =>
    !isBound(state) || !context.votes || context.epoch === context.acceptedEpoch,

  'only a later epoch has to be promised': ({ state, context }) =>
    state !== 'joining.promising' || (context.votes && context.epoch > context.acceptedEpoch),
};
