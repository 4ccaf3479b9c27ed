/** The sections of the comparison by name, in the order in which they run. */

import type { Bench } from './bench.ts';
import { runFailures } from './failures.ts';
import { runGrowth } from './growth.ts';
import { runLatency, runMemory, runMixes } from './mixes.ts';
import { runOutage } from './outage.ts';
import { runReadShare } from './read-share.ts';
import { runSnapshot } from './snapshot.ts';
import { runViewers } from './viewers.ts';
import { runSessions, runWatches } from './watches.ts';
import { runZnodes } from './znodes.ts';

export interface Section {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<void>;
}

export const sections: readonly Section[] = [
  { name: 'mixes', title: 'Throughput at every mix', run: runMixes },
  { name: 'latency', title: 'Latency of single requests', run: runLatency },
  { name: 'outage', title: 'Outage after the loss of the leader', run: runOutage },
  { name: 'memory', title: 'Resident memory', run: runMemory },
  { name: 'watches', title: 'Many watches', run: runWatches },
  { name: 'sessions', title: 'Idle sessions', run: runSessions },
  { name: 'znodes', title: 'A large tree', run: runZnodes },
  { name: 'snapshot', title: 'Writes during a snapshot', run: runSnapshot },
  { name: 'growth', title: 'The cost of growth', run: runGrowth },
  { name: 'shares', title: 'Throughput over the share of reads', run: runReadShare },
  { name: 'failures', title: 'Failures over time', run: runFailures },
  { name: 'viewers', title: 'What it costs to be looked at', run: runViewers },
];
