/**
 * The suite of the write-ahead log on LMDB and on its twin in memory.
 */

import { describe } from 'vitest';
import { LmdbLog } from '../../storage/lmdb-log.ts';
import { logHistorySuite } from '../support/log-history-suite.ts';
import { logSuite, smallSegmentBytes } from '../support/log-suite.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { temporaryFolder } from '../support/temp.ts';

const inLmdb = () => {
  let directory = '';
  return {
    isDurable: true,
    open: () => {
      if (directory === '') directory = temporaryFolder();
      return LmdbLog.open({ directory, segmentBytesMax: smallSegmentBytes });
    },
  };
};
const inMemory = () => ({ isDurable: false, open: async () => new MemoryLog(smallSegmentBytes) });

describe('log in LMDB', () => {
  logSuite(inLmdb);
  logHistorySuite(inLmdb);
});

describe('log in memory', () => {
  logSuite(inMemory);
  logHistorySuite(inMemory);
});
