/** Throughput at every mix of reads and writes, the latency of single ones, and the memory. */

import type { Bench } from './bench.ts';
import { addressOf, type Ensemble, type Shape } from './ensemble.ts';
import { type Row, rows } from './rows.ts';

const threeReplicas: Shape = { voters: 3 };

/** Which servers the clients are told. */
type Placement = (ensemble: Ensemble) => Promise<string>;

const allServers: Placement = async ({ addresses }) => addresses;
/** Whoever leads by chance must not decide how far a single client's request has to go. */
const oneFollower: Placement = async (ensemble) => addressOf(await ensemble.follower());

/** Runs the rows of one section, each group of rows against processes of its own. */
async function runLoads(bench: Bench, section: string, placement = allServers): Promise<void> {
  const wanted = rows.filter((row) => row.section === section && bench.wants(row));
  for (const [group, members] of groupsOf(wanted)) {
    await bench.inTurn(`${section}: ${group}`, threeReplicas, async (ensemble) => {
      for (const row of members) {
        const options = { ...bench.times, addresses: await placement(ensemble) };
        const { sample } = await bench.loads.run(ensemble, row.load, options);
        bench.note(row.key, ensemble, sample);
      }
    });
  }
}

export function runMixes(bench: Bench): Promise<void> {
  return runLoads(bench, 'mixes');
}

export function runLatency(bench: Bench): Promise<void> {
  return runLoads(bench, 'latency', oneFollower);
}

export function runMemory(bench: Bench): Promise<void> {
  return runLoads(bench, 'memory');
}

function groupsOf(wanted: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of wanted) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  return groups;
}
