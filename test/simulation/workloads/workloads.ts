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
import { makeTransfers } from './transfers.ts';
import { makeWatches } from './watches.ts';
import type { MakeWorkload } from './workload.ts';

export type { Finding, MakeWorkload, Workload, WorkloadParts } from './workload.ts';

export const workloads: { readonly [name: string]: MakeWorkload } = {
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
