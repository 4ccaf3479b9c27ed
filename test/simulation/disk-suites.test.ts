/**
 * The suites of log and snapshots on a simulated disk, whose time passes while they wait.
 */

import { afterAll, describe } from 'vitest';
import { logHistorySuite } from '../support/log-history-suite.ts';
import { logSuite, smallSegmentBytes } from '../support/log-suite.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { snapshotSuite } from '../support/snapshot-suite.ts';
import { DiskDevice } from './disk-device.ts';
import { usualProfile } from './disk-faults.ts';
import { DiskLife } from './disk-file.ts';
import { SimLog } from './disk-log.ts';
import { SimSnapshots } from './disk-snapshots.ts';
import { Schedule } from './schedule.ts';

const schedule = new Schedule();
let isOver = false;
const tick = (): unknown => schedule.after(1, tick);
tick();
const running = schedule.run(() => isOver);
afterAll(() => {
  isOver = true;
  return running;
});

const profile = { ...usualProfile, segmentBytesMax: smallSegmentBytes };
const makeDevice = () => new DiskDevice(schedule, new SeededRandom(1), profile);

// Each on its own: a log that is restarted in these suites has no snapshot to wait for.
describe('log on a simulated disk', () => {
  const bench = () => {
    const device = makeDevice();
    return { isDurable: true, open: () => SimLog.open(device, new DiskLife(device)) };
  };
  logSuite(bench);
  logHistorySuite(bench);
});

describe('snapshots on a simulated disk', () => {
  snapshotSuite(() => {
    const device = makeDevice();
    return { isDurable: true, open: async () => new SimSnapshots(device, new DiskLife(device)) };
  });
});
