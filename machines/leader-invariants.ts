/**
 * What is true of a term at any moment, whatever the learners, the disk and the clock do. What a
 * quorum must have done is asserted of the step that needs it: afterwards learners leave, and a
 * reconfig changes who a quorum is.
 */

import type { LeaderContext } from './leader.ts';
import type { Invariants, Moment } from './moment.ts';
import { isQuorum, votersOf } from './quorum.ts';
import { isPromised, isSynced, type LearnerRecord } from './standing.ts';

/** In this order, none twice. */
const phases: { readonly [state: string]: number } = {
  discovering: 0,
  promising: 1,
  'ruling.gathering': 2,
  'ruling.synchronizing': 3,
  'ruling.broadcasting': 4,
  ended: 5,
};

const gathering = 2;
const synchronizing = 3;
const broadcasting = 4;
const ended = 5;

interface Change {
  readonly sid: string;
  readonly record: LearnerRecord;
  readonly earlier: LearnerRecord | undefined;
}

/** What many sentences ask of a step, found out once. */
interface Step {
  readonly now: Moment<LeaderContext>;
  readonly before: Moment<LeaderContext> | null;
  readonly phase: number;
  /** -1 before the first moment. */
  readonly phaseBefore: number;
  /** Learners that are new, or of whom something else is noted now. */
  readonly changed: readonly Change[];
}

let last: Step | null = null;

function stepTo(now: Moment<LeaderContext>, before: Moment<LeaderContext> | null): Step {
  if (last !== null && last.now === now && last.before === before) return last;
  const { learners } = now.context;
  const known = before?.context.learners;
  const changed: Change[] = [];
  if (known !== learners) {
    for (const sid in learners) {
      const record = learners[sid]!;
      const earlier = known?.[sid];
      if (record !== earlier) changed.push({ sid, record, earlier });
    }
  }
  const phase = phases[now.state] ?? Number.NaN;
  last = { now, before, phase, phaseBefore: before === null ? -1 : phases[before.state]!, changed };
  return last;
}

const phaseOf = (now: Moment<LeaderContext>, before: Moment<LeaderContext> | null): number =>
  stepTo(now, before).phase;

/** Does a quorum hold everything up to `committed`? Told another way than it was counted. */
function isHeld({ quorum, sid, learners, logged, committed }: LeaderContext): boolean {
  return isQuorum(quorum, (other) => {
    if (other === sid) return logged >= committed;
    const learner = learners[other];
    return learner?.synced === true && learner.acked >= committed;
  });
}

/** Would any one more voter make a quorum of those who hold everything up to `early`? */
function isNearlyHeld(context: LeaderContext): boolean {
  const { quorum, sid, early: committed } = context;
  if (context.hasQuorumChanged) return false;
  return votersOf(quorum).every((voter) => {
    if (voter === sid) return true;
    const record = { ...context.learners[voter], synced: true, acked: committed } as LearnerRecord;
    return isHeld({ ...context, committed, learners: { ...context.learners, [voter]: record } });
  });
}

export const leaderInvariants: Invariants<LeaderContext> = {
  'there is always somebody who decides': ({ context }) => context.quorum.length > 0,

  'time never goes back': (now, before) =>
    before === null || now.context.tick >= before.context.tick,

  'the deadline of a phase is only ever put off': (now, before) =>
    before === null ||
    now.context.epoch !== before.context.epoch ||
    now.context.deadlineTick >= before.context.deadlineTick,

  'the epoch is chosen once': (now, before) =>
    before === null || before.context.epoch === 0 || now.context.epoch === before.context.epoch,

  'what we accepted and held when the term began does not change': (now, before) =>
    before === null ||
    (now.context.acceptedEpoch === before.context.acceptedEpoch &&
      now.context.currentEpoch === before.context.currentEpoch &&
      now.context.lastZxid === before.context.lastZxid),

  'our own history is of the epoch only when a quorum has promised it': (now, before) =>
    !now.context.ownHistory || phaseOf(now, before) >= synchronizing,

  'who promises is remembered': (now, before) => {
    const { promisedSids } = now.context;
    for (const { sid, record } of stepTo(now, before).changed) {
      if (record.promised && !promisedSids.includes(Number(sid))) return false;
    }
    return true;
  },

  'what was promised is never forgotten': (now, before) =>
    before === null || now.context.promisedSids.length >= before.context.promisedSids.length,

  'nobody promises before the epoch is announced': (now, before) =>
    now.context.promisedSids.length === 0 || phaseOf(now, before) >= gathering,

  'synced implies promised': (now, before) => {
    for (const { record } of stepTo(now, before).changed) {
      if (record.synced && !record.promised) return false;
    }
    return true;
  },

  'nobody holds our history who may have lost a share in a later epoch': (now, before) => {
    for (const { record } of stepTo(now, before).changed) {
      if (record.synced && !record.isTrusted) return false;
    }
    return true;
  },

  'nobody holds our history before it is handed out': (now, before) => {
    const { phase, changed } = stepTo(now, before);
    if (phase >= synchronizing) return true;
    for (const { record } of changed) if (record.synced) return false;
    return true;
  },

  'nothing is acknowledged before broadcasting': (now, before) => {
    const { phase, changed } = stepTo(now, before);
    if (phase >= broadcasting) return true;
    for (const { record } of changed) if (record.acked !== 0) return false;
    return true;
  },

  'what a learner holds grows, but over a new link': (now, before) => {
    for (const { record, earlier } of stepTo(now, before).changed) {
      // A new link begins with a greeting, which promises nothing yet.
      if (earlier !== undefined && record.promised && record.acked < earlier.acked) return false;
    }
    return true;
  },

  'nobody was heard in the future': (now, before) => {
    const { tick } = now.context;
    for (const { record } of stepTo(now, before).changed) if (record.heardTick > tick) return false;
    return true;
  },

  'nothing is logged or committed before broadcasting': (now, before) =>
    phaseOf(now, before) >= broadcasting ||
    (now.context.logged === 0 && now.context.committed === 0),

  'our log never gets shorter': (now, before) =>
    before === null || now.context.logged >= before.context.logged,

  'committed never goes down': (now, before) =>
    before === null || now.context.committed >= before.context.committed,

  'what is told early never goes down': (now, before) =>
    before === null || now.context.early >= before.context.early,

  'what is newly told early is in our log, and one voter short of a quorum': (now, before) =>
    before === null ||
    now.context.early === before.context.early ||
    (now.context.early <= now.context.logged && isNearlyHeld(now.context)),

  'what is newly committed is held by a quorum': (now, before) =>
    before === null || now.context.committed === before.context.committed || isHeld(now.context),
};

/** What is settled by entering a state, and stays so while it lasts. */
export const leaderEntryInvariants: Invariants<LeaderContext> = {
  'the phases of a term come in order, none twice': (now, before) => {
    const { phase, phaseBefore } = stepTo(now, before);
    return phase >= phaseBefore;
  },

  'there is no deadline once the term is established': (now, before) =>
    phaseOf(now, before) !== broadcasting || now.context.deadlineTick >= Number.MAX_SAFE_INTEGER,

  'the epoch is 0 exactly until it is chosen': ({ state, context }) =>
    state === 'ended' || (context.epoch === 0) === (state === 'discovering'),

  'the epoch is above what we have promised ourselves': ({ context }) =>
    context.epoch === 0 || context.epoch > context.acceptedEpoch,

  'the epoch is above all that voters had promised when it was chosen': (now, before) => {
    const { epoch, learners } = now.context;
    if (epoch === 0 || (before !== null && before.context.epoch === epoch)) return true;
    return Object.values(learners).every((one) => !one.votes || one.acceptedEpoch < epoch);
  },

  'our own promise is durable exactly from when the epoch is announced': (now, before) => {
    const { phase } = stepTo(now, before);
    return phase === ended || now.context.ownPromise === phase >= gathering;
  },

  'a quorum has promised when our history is handed out': (now, before) => {
    const { phase, phaseBefore } = stepTo(now, before);
    if (phaseBefore >= synchronizing || phase < synchronizing || phase === ended) return true;
    return isPromised(now.context);
  },

  'a quorum holds our history when the term is established': (now, before) => {
    const { phase, phaseBefore } = stepTo(now, before);
    return phaseBefore === broadcasting || phase !== broadcasting || isSynced(now.context);
  },

  'a term that has ended commits nothing': (now, before) =>
    before === null || now.state !== 'ended' || now.context.committed === before.context.committed,
};
