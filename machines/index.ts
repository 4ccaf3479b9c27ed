/**
 * The catalogue of machines by name, for drawings, explorers and the console. The replica itself
 * imports the machine it hosts.
 */

import { connectionMachine } from './connection.ts';
import { peerMachine } from './peer.ts';
import { sessionMachine } from './session.ts';
import { sessionTrackerMachine } from './session-tracker.ts';
import { snapshotterMachine } from './snapshotter.ts';
import { watchMachine } from './watch.ts';

export const machines = {
  connection: connectionMachine,
  peer: peerMachine,
  session: sessionMachine,
  sessionTracker: sessionTrackerMachine,
  snapshotter: snapshotterMachine,
  watch: watchMachine,
} as const;
