/**
 * Many watches on one server: arming a million, what they take in memory, and how soon ten thousand
 * sessions see one change. Then ten thousand sessions that do nothing, on three servers.
 */

import type { Bench } from './bench.ts';
import type { Ensemble } from './ensemble.ts';
import { type Cost, type Meter, residentBytesOf } from './meter.ts';
import type { WatchFigures, WatchGenerator } from './watch-load.ts';
import { rowOf } from './znodes.ts';

const oneReplica = { voters: 1 };
const holdSeconds = 15;
const idleSeconds = 20;
const idleSessions = 10_000;

export async function runWatches(bench: Bench): Promise<void> {
  const generator = bench.watches;
  if (generator === null) return;
  const armed = rowOf('watches');
  if (bench.wants(armed)) {
    await bench.inTurn('armed watches', oneReplica, async (ensemble) => {
      const before = residentBytesOf(ensemble.pids);
      const load = [...armed.load, '-n', '0', '-h', String(holdSeconds)];
      const { figures, cost } = await hold(generator, ensemble, load);
      const { residentBytes, othersShare } = cost;
      const { armedPerSecond } = figures;
      bench.note(armed.key, ensemble, {
        residentBytes,
        armedPerSecond,
        residentBytesBefore: before,
        othersShare,
      });
    });
  }
  const seen = rowOf('fan-out');
  if (bench.wants(seen)) {
    await bench.inTurn('one change', oneReplica, async (ensemble) => {
      const { armedPerSecond: _, ...figures } = await generator.run(ensemble, seen.load);
      bench.note(seen.key, ensemble, figures);
    });
  }
}

export async function runSessions(bench: Bench): Promise<void> {
  const generator = bench.watches;
  const row = rowOf('sessions');
  if (generator === null || !bench.wants(row)) return;
  await bench.inTurn('idle sessions', { voters: 3 }, async (ensemble) => {
    const before = residentBytesOf(ensemble.pids);
    const load = [...row.load, '-n', '0', '-h', String(idleSeconds)];
    const { cost } = await hold(generator, ensemble, load);
    bench.note(row.key, ensemble, {
      bytesPerSession: (cost.residentBytes - before) / idleSessions,
      processors: cost.processorSeconds / cost.seconds,
      residentBytes: cost.residentBytes,
      othersShare: cost.othersShare,
    });
  });
}

/** What it costs from when all is armed until the sessions are closed. */
async function hold(
  generator: WatchGenerator,
  ensemble: Ensemble,
  load: readonly string[],
): Promise<{ figures: WatchFigures; cost: Cost }> {
  let meter: Meter | null = null;
  const figures = await generator.run(ensemble, load, (child) => {
    meter = generator.processes.meter(ensemble.pids, child);
  });
  const cost = (meter as Meter | null)?.stop();
  if (cost === undefined) throw new Error('zkwatch has not said that it is done arming');
  return { figures, cost };
}
