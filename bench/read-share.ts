/**
 * Throughput over the share of reads, for ensembles of different sizes: figure 5 of the ZooKeeper
 * paper, and figure 6 with all clients on the leader. One round, for these are lines of a plot.
 */

import type { Bench } from './bench.ts';
import { addressOf, type Ensemble } from './ensemble.ts';

export const ensembleSizes = [1, 3, 5];
export const writeShares = [0, 10, 25, 50, 75, 100];
export type Placement = 'all servers' | 'the leader';

const heapMegabytes = 512;
const secondsMax = 4;
const warmMax = 2;

export function shareKey(voters: number, writes: number, placement: Placement): string {
  return `shares ${voters} servers, ${writes} % writes, clients on ${placement}`;
}

export async function runReadShare(bench: Bench): Promise<void> {
  const seconds = Math.min(secondsMax, bench.options.seconds);
  const warm = Math.min(warmMax, bench.options.warm);
  const isWanted = (voters: number, writes: number, placement: Placement) =>
    bench.wants({ key: shareKey(voters, writes, placement), title: '' });
  for (const voters of ensembleSizes) {
    const wanted = placementsOf(voters).flatMap((placement) =>
      writeShares
        .filter((writes) => isWanted(voters, writes, placement))
        .map((writes) => ({ writes, placement })),
    );
    if (wanted.length === 0) continue;
    const shape = { voters, heapMegabytes };
    const measure = async (ensemble: Ensemble) => {
      const leader = addressOf(await ensemble.leader());
      // The first load meets cold code on either side.
      await bench.loads.run(ensemble, loadOf(50), { seconds: 1, warm: bench.options.warm });
      for (const { writes, placement } of wanted) {
        const addresses = placement === 'the leader' ? leader : ensemble.addresses;
        const options = { seconds, warm, addresses };
        const { sample } = await bench.loads.run(ensemble, loadOf(writes), options);
        bench.note(shareKey(voters, writes, placement), ensemble, sample);
      }
    };
    await bench.inTurn(`share of reads, servers: ${voters}`, shape, measure, 1);
  }
}

function loadOf(writes: number): string[] {
  return ['-c', '30', '-o', '100', '-w', String(writes)];
}

function placementsOf(voters: number): Placement[] {
  return voters === 1 ? ['all servers'] : ['all servers', 'the leader'];
}
