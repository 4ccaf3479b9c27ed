/**
 * The twin of what openStores opens, in memory: what was durable is there after `reopen`, which is
 * all that a restart needs to be here.
 */

import type { Stores } from '../../storage/stores.ts';
import { MemoryLog } from './memory-log.ts';
import { MemorySnapshots } from './memory-snapshots.ts';

export function memoryStores(
  log: MemoryLog = new MemoryLog(),
  snapshots: MemorySnapshots = new MemorySnapshots(),
): Stores {
  return {
    log,
    snapshots,
    treeDirectory: '',
    logDirectory: '',
    reopen: async () => {
      await snapshots.settleReceived(log);
      return memoryStores(log, snapshots);
    },
    close: async () => {},
  };
}
