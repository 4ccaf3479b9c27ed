/**
 * Writes while a snapshot of a large tree is under way. The tree is filled without any snapshot;
 * then the server is started again with snapshots due so often that the whole tree has to be
 * written out under the load: Apache does that anew each time, ours once and then what changed.
 */

import type { Bench } from './bench.ts';
import { diskBytesOf } from './disk-usage.ts';
import { znodesOf } from './four-letter-word.ts';
import { fill, largeTree, restart, rowOf } from './znodes.ts';

const never = 'snapCount=2000000000';
const often = 'snapCount=50000';
const secondsMin = 10;
/** Not longer: where a disk is quick, our one pass over the whole tree would be over by then. */
const warmSeconds = 1;
/** Apache's, and ours. */
const snapshotFiles = /snapshot\.|tree\.mdb$/;

export async function runSnapshot(bench: Bench): Promise<void> {
  const row = rowOf('snapshot');
  if (!bench.wants(row)) return;
  const shape = { ...largeTree, settings: [never] };
  await bench.inTurn('snapshot of a large tree', shape, async (ensemble) => {
    await fill(bench, ensemble);
    const member = ensemble.members[0]!;
    ensemble.configureMore([often]);
    await restart(ensemble, member);
    const before = diskBytesOf(member.folder, snapshotFiles);
    const times = { seconds: Math.max(secondsMin, bench.times.seconds), warm: warmSeconds };
    const { sample } = await bench.loads.run(ensemble, row.load, times);
    const snapshotBytes = diskBytesOf(member.folder, snapshotFiles) - before;
    const znodes = await znodesOf(member.port);
    bench.note(row.key, ensemble, { ...sample, snapshotBytes, znodes });
  });
}
