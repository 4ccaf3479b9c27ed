/**
 * The suite of the write-ahead log on LMDB and on its twin in memory.
 */

import { describe } from 'vitest';
import { LmdbLog } from '../../storage/lmdb-log.ts';
import { logSuite, smallSegmentBytes } from '../support/log-suite.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { temporaryFolder } from '../support/temp.ts';

describe('log in LMDB', () => {
  logSuite(() => {
    let directory = '';
    return {
      isDurable: true,
      open: () => {
        if (directory === '') directory = temporaryFolder();
        return LmdbLog.open({ directory, segmentBytesMax: smallSegmentBytes });
      },
    };
  });
});

describe('log in memory', () => {
  logSuite(() => ({ isDurable: false, open: async () => new MemoryLog(smallSegmentBytes) }));
});
