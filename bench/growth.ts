/**
 * The cost of growth: writes and reads with more voters and with observers, and what a write costs
 * the leader's own process. All clients are on voters.
 */

import type { Bench } from './bench.ts';
import type { Shape } from './ensemble.ts';

/** Many servers on one machine: a small heap each. */
const heapMegabytes = 512;

export const growthShapes: readonly Shape[] = [
  { voters: 1 },
  { voters: 3 },
  { voters: 5 },
  { voters: 7 },
  { voters: 3, observers: 3 },
  { voters: 3, observers: 10 },
];

export const growthLoads = {
  writes: ['-c', '30', '-o', '100', '-w', '100'],
  reads: ['-c', '30', '-o', '100', '-w', '0'],
} as const;

export type GrowthLoad = keyof typeof growthLoads;

export function shapeText({ voters, observers = 0 }: Shape): string {
  const replicas = voters === 1 ? '1 replica' : `${voters} voters`;
  return observers === 0 ? replicas : `${replicas}, ${observers} observers`;
}

export function growthKey(shape: Shape, load: GrowthLoad): string {
  return `growth ${load}, ${shapeText(shape)}`;
}

export async function runGrowth(bench: Bench): Promise<void> {
  for (const shape of growthShapes) {
    const kinds = (['writes', 'reads'] as const).filter((kind) =>
      bench.wants({ key: growthKey(shape, kind), title: '' }),
    );
    if (kinds.length === 0) continue;
    await bench.inTurn(
      `growth: ${shapeText(shape)}`,
      { ...shape, heapMegabytes },
      async (ensemble) => {
        for (const kind of kinds) {
          const { sample } = await bench.loads.run(ensemble, growthLoads[kind], bench.times);
          bench.note(growthKey(shape, kind), ensemble, sample);
        }
      },
    );
  }
}
