/**
 * A large tree on one server: how fast it fills, what it takes in memory and on disk, how fast it
 * is back after SIGKILL.
 */

import type { Bench } from './bench.ts';
import { diskBytesOf } from './disk-usage.ts';
import type { Ensemble, Member, Shape } from './ensemble.ts';
import { znodesOf } from './four-letter-word.ts';
import { residentBytesOf } from './meter.ts';
import { end } from './processes.ts';
import { type Row, rows } from './rows.ts';
import { pause } from './time.ts';

/** Apache keeps such a tree in a heap of this size. */
export const largeTree: Shape = { voters: 1, heapMegabytes: 3072 };
/** Short, so that a small tree is not overshot. */
const firstSeconds = 2;
const stepSeconds = 5;
const settleMs = 1_000;

export function rowOf(key: string): Row {
  return rows.find((row) => row.key === key)!;
}

export async function runZnodes(bench: Bench): Promise<void> {
  const row = rowOf('znodes');
  if (!bench.wants(row)) return;
  await bench.inTurn('large tree', largeTree, async (ensemble) => {
    const createsPerSecond = await fill(bench, ensemble);
    const member = ensemble.members[0]!;
    const znodes = await znodesOf(member.port);
    const loadingBytes = residentBytesOf(ensemble.pids);
    const diskBytes = diskBytesOf(member.folder);
    const startSeconds = await restart(ensemble, member);
    await pause(settleMs);
    bench.note(row.key, ensemble, {
      znodes,
      createsPerSecond,
      bytesPerZnodeLoading: loadingBytes / znodes,
      bytesPerZnodeRestarted: residentBytesOf(ensemble.pids) / znodes,
      startSeconds,
      diskBytes,
    });
  });
}

/** Creates znodes until there are as many as asked for; resolves to the rate over all. */
export async function fill(bench: Bench, ensemble: Ensemble): Promise<number> {
  const { port } = ensemble.members[0]!;
  const { load } = rowOf('znodes');
  let created = 0;
  let spentSeconds = 0;
  for (;;) {
    const left = bench.options.znodes - (await znodesOf(port));
    if (left <= 0) return created / Math.max(spentSeconds, 1);
    const secondsLeft = Math.ceil((left * spentSeconds) / Math.max(created, 1));
    const seconds = created === 0 ? firstSeconds : Math.min(stepSeconds, secondsLeft);
    const { sample } = await bench.loads.run(ensemble, load, { seconds, warm: 0 });
    created += sample['perSecond']! * seconds;
    spentSeconds += seconds;
    if (sample['perSecond'] === 0) throw new Error('no znode is created any more');
  }
}

/** Seconds from the new start of a killed process to its first answer. */
export async function restart(ensemble: Ensemble, member: Member): Promise<number> {
  if (member.child !== null) await end(member.child, 'SIGKILL');
  const startedMs = performance.now();
  ensemble.launch(member);
  await ensemble.serving(member);
  return (performance.now() - startedMs) / 1000;
}
