/** All mutants. */

import { consensusMutants } from './consensus-mutants.ts';
import type { Mutant } from './mutant.ts';
import { sessionMutants } from './session-mutants.ts';
import { storageMutants } from './storage-mutants.ts';
import { synchronizationMutants } from './synchronization-mutants.ts';
import { watchMutants } from './watch-mutants.ts';

export const mutants: readonly Mutant[] = [
  ...consensusMutants,
  ...synchronizationMutants,
  ...storageMutants,
  ...sessionMutants,
  ...watchMutants,
];
