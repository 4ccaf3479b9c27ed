/** All workloads by name. */

import { makeBigValues } from './big-values.ts';
import { makeChurn } from './churn.ts';
import { makeCompareAndSet } from './compare-and-set.ts';
import { makeEphemerals } from './ephemerals.ts';
import { makeLifetimes } from './lifetimes.ts';
import { makeLocks } from './locks.ts';
import { makeMirrors } from './mirrors.ts';
import { makePipelines } from './pipelines.ts';
import { makeQuotas } from './quotas.ts';
import { makeReconfigurations } from './reconfigurations.ts';
import { makeRegister } from './register.ts';
import { makeRights } from './rights.ts';
import { makeSequences } from './sequences.ts';
import { makeSleepers } from './sleepers.ts';
import { makeTransfers } from './transfers.ts';
import { makeWatches } from './watches.ts';
import type { MakeWorkload } from './workload.ts';

export type { Finding, MakeWorkload, Workload, WorkloadParts } from './workload.ts';

/** A seed chooses among these. */
export const usualWorkloads: { readonly [name: string]: MakeWorkload } = {
  register: makeRegister,
  'compare-and-set': makeCompareAndSet,
  sequences: makeSequences,
  transfers: makeTransfers,
  ephemerals: makeEphemerals,
  locks: makeLocks,
  mirrors: makeMirrors,
  watches: makeWatches,
  churn: makeChurn,
  pipelines: makePipelines,
  'big-values': makeBigValues,
  rights: makeRights,
  lifetimes: makeLifetimes,
  quotas: makeQuotas,
  reconfigurations: makeReconfigurations,
};

/** Aimed at moments that the others seldom meet, and taken by name only. */
export const aimedWorkloads: { readonly [name: string]: MakeWorkload } = {
  sleepers: makeSleepers,
};

export const workloads = { ...usualWorkloads, ...aimedWorkloads };
