/**
 * Records a scenario of test/crash and starts from what crashes may leave of it, until one start
 * finds what must not be. Arguments: its name, a scratch folder. Ends with 1 when one does.
 */

import { openSync } from 'node:fs';
import { join } from 'node:path';
import { CrashSearch } from '../crash/crash-search.ts';
import type { DiskRecord } from '../crash/record.ts';
import { recordRun } from '../crash/recording.ts';
import { scenarios } from '../crash/scenarios.ts';
import { Replays } from '../crash/verdict.ts';

const [name, scratch] = process.argv.slice(2) as [string, string];
const { segmentBytes, subsetsMax, tearsMax, locksMayTear } = scenarios[name]!;
const records = recordRun(scratch, 'scenario-process.ts', [name], join(scratch, 'recorded'));
const search = new CrashSearch(
  {
    directory: join(scratch, 'started'),
    progress: openSync(join(scratch, 'progress'), 'w'),
    segmentBytes,
    bounds: { subsetsMax, tearsMax },
    locksMayTear: locksMayTear ?? false,
    goesOnEvery: 8,
  },
  new Replays(),
);

/** The records up to the first failure. */
class Cautious extends Array<DiskRecord> {
  override *entries(): ArrayIterator<[number, DiskRecord]> {
    for (const entry of super.entries()) {
      if (search.failures.length > 0) return;
      yield entry;
    }
  }
}

await search.search(Cautious.from(records));
for (const { moment, faults } of search.failures) console.log(`at ${moment}: ${faults.join('; ')}`);
process.exitCode = search.failures.length > 0 ? 1 : 0;
