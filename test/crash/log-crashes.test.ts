/**
 * A power cut at any moment of lives that are about batches, sessions and members, the first start
 * among them.
 */

import { crashSuite } from './crash-suite.ts';

crashSuite(['firstStart', 'groupCommit', 'closedSessions', 'reconfigs'], 4500);
