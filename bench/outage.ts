/**
 * How long nobody can write when the leader is killed: the longest stretch of a load without an
 * answer from then on. Every connection of the load soon waits for a write, so that reads stop
 * with the writes; the stretch is counted in steps of 10 ms.
 */

import type { Bench } from './bench.ts';
import type { Ensemble } from './ensemble.ts';
import type { Timeline } from './results.ts';
import { rows } from './rows.ts';

const stepMs = 10;
const secondsBefore = 2;
const secondsAfter = 5;
/** One of each side for every round would be few. */
const killsPerRound = 2;

export async function runOutage(bench: Bench): Promise<void> {
  const row = rows.find(({ section }) => section === 'outage')!;
  if (!bench.wants(row)) return;
  const rounds = killsPerRound * bench.options.rounds;
  await bench.inTurn(
    row.section,
    { voters: 3 },
    async (ensemble) => {
      const { timeline, killedMs, othersShare } = await killUnder(bench, ensemble, row.load);
      const outage = longestGapMs(timeline, killedMs, stepMs) / 1000;
      bench.note(row.key, ensemble, { outage, othersShare });
    },
    rounds,
  );
}

async function killUnder(
  bench: Bench,
  ensemble: Ensemble,
  load: readonly string[],
): Promise<{ timeline: Timeline; killedMs: number; othersShare: number }> {
  const leader = await ensemble.leader();
  const warm = bench.options.warm;
  const killAtMs = (warm + secondsBefore) * 1000;
  let killedMs = 0;
  const { timeline, sample } = await bench.loads.run(ensemble, load, {
    seconds: secondsBefore + secondsAfter,
    warm,
    intervalMs: stepMs,
    onInterval: (ms) => {
      if (ms < killAtMs || killedMs > 0) return;
      killedMs = ms;
      ensemble.kill(leader);
    },
  });
  return { timeline, killedMs, othersShare: sample['othersShare'] ?? 0 };
}

/** The longest run of intervals without an operation that end after `fromMs`. */
export function longestGapMs(timeline: Timeline, fromMs: number, intervalMs: number): number {
  let gap = 0;
  let longest = 0;
  for (const [ms, perSecond] of timeline) {
    gap = ms > fromMs && perSecond === 0 ? gap + intervalMs : 0;
    longest = Math.max(longest, gap);
  }
  return longest;
}
