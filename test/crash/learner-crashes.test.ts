/**
 * A power cut at any moment of lives in which a leader's history or snapshot takes the place of
 * ours, and of those that make snapshots of their own.
 */

import { crashSuite } from './crash-suite.ts';

crashSuite(['trunc', 'diff', 'snapReceipt', 'ownSnapshots'], 5000);
