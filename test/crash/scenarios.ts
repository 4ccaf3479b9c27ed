/** All lives that are recorded, by name. */

import { diff, snapReceipt, trunc } from './learner-scenarios.ts';
import {
  acceptedEpochs,
  closedSessions,
  currentEpochs,
  firstStart,
  groupCommit,
  segmentRoll,
} from './log-scenarios.ts';
import { reconfigs } from './reconfig-scenario.ts';
import type { Scenario } from './scenario.ts';
import { damagedStore, ownSnapshots, purges } from './snapshot-scenarios.ts';

export const scenarios: { readonly [name: string]: Scenario } = {
  ...{ firstStart, groupCommit, segmentRoll, acceptedEpochs, currentEpochs, closedSessions },
  ...{ trunc, diff, snapReceipt },
  ...{ ownSnapshots, purges, reconfigs },
  damagedStore,
};
